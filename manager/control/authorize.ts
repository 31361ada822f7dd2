import { ClusterError } from '#lib';
import { ControlService, NodeRole } from '#proto';
import type { CallContext, Caller } from '#proto';
import type { ControlHandlers, ControlOptions } from './options.ts';

function describe(caller: Caller): string {
  return caller.kind === 'node' ? `node ${caller.nodeId}` : caller.kind;
}

function isAllowed(caller: Caller): boolean {
  return caller.kind === 'local' || (caller.kind === 'node' && caller.role === NodeRole.MANAGER);
}

type AnyHandler = (request: unknown, context: CallContext) => unknown;

async function* delayed(open: () => AsyncIterable<unknown>): AsyncGenerator<unknown> {
  yield* open();
}

/**
 * Only root on a manager's own host and managers may use the control API; others get
 * PERMISSION_DENIED, are logged, and counted in `tessera_control_refused_total`.
 */
export function authorized(
  handlers: ControlHandlers,
  options: Pick<ControlOptions, 'log' | 'metrics'>,
): ControlHandlers {
  const refused = options.metrics.counter(
    'tessera_control_refused_total',
    'Calls of the control API by callers that may not use it.',
    ['method'],
  );
  const check = (method: string, context: CallContext): void => {
    if (isAllowed(context.caller)) return;
    refused.inc({ method });
    const caller = describe(context.caller);
    options.log.warn('control call refused', { method, caller, address: context.address });
    throw new ClusterError(
      'PERMISSION_DENIED',
      `${caller} may not use the control API: run tsctl on a manager, or with its certificate`,
    );
  };
  const guarded = Object.entries(handlers).map(([method, handler]) => {
    const inner = handler as AnyHandler;
    const isStream = ControlService[method as keyof ControlHandlers].responseStream;
    const unary = async (request: unknown, context: CallContext): Promise<unknown> => {
      check(method, context);
      return inner(request, context);
    };
    const stream = (request: unknown, context: CallContext): AsyncIterable<unknown> =>
      delayed(() => {
        check(method, context);
        return inner(request, context) as AsyncIterable<unknown>;
      });
    return [method, isStream ? stream : unary];
  });
  return Object.fromEntries(guarded) as ControlHandlers;
}
