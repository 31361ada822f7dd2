/** What a module that serves RPCs gives to the composition root: functions, no transport. */
import type { NodeRole } from './gen/tessera.ts';
import type { Method } from './codec.ts';

/** Who calls, as proven by the transport. */
export type Caller =
  /** Over the root-only unix socket of this host. */
  | { readonly kind: 'local' }
  /** By a valid certificate of this cluster. */
  | { readonly kind: 'node'; readonly nodeId: string; readonly role: NodeRole }
  /** No certificate: may ask only for the root certificate, or for a certificate by token. */
  | { readonly kind: 'anonymous' };

export interface CallContext {
  readonly caller: Caller;
  /** host:port of the other side; empty on the unix socket. */
  readonly address: string;
  /** Aborted when the caller hangs up or the deadline passes. */
  readonly signal: AbortSignal;
  /** True when another manager passed the call on: it must be answered here, never passed on again. */
  readonly isForwarded?: boolean;
}

/** Errors are thrown as `ClusterError`s; a response stream ends by returning. */
export type Handler<Request, Response, Up extends boolean, Down extends boolean> = (
  request: Up extends true ? AsyncIterable<Request> : Request,
  context: CallContext,
) => Down extends true ? AsyncIterable<Response> : Promise<Response>;

/** One function per method of a service: `Handlers<typeof ControlService>`. */
export type Handlers<Service> = {
  readonly [K in keyof Service]: Service[K] extends Method<
    infer Request,
    infer Response,
    infer Up,
    infer Down
  >
    ? Handler<Request, Response, Up, Down>
    : never;
};
