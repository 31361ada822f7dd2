/** A task's network as a port: its namespace, addresses and published ports on this host. */
import type { PortConfig } from '#proto';

export interface NetworkRequest {
  readonly taskId: string;
  readonly hostname: string;
  /** mode=host ports only. */
  readonly ports: readonly PortConfig[];
}

export interface NetworkAttachment {
  readonly taskId: string;
  readonly namespacePath: string;
  /** IPv4 on the default bridge. */
  readonly address: string;
  /** published_port filled in. */
  readonly ports: readonly PortConfig[];
}

/** Calls made at the same time share one batch of changes to the host. All are idempotent by task. */
export interface TaskNetworks {
  /** Once, before anything else: bridge, NAT, forwarding. Repairs what is missing. */
  start(signal: AbortSignal): Promise<void>;
  /** FAILED_PRECONDITION when a port is taken, naming the port; LIMIT_EXCEEDED when addresses ran out. */
  attach(request: NetworkRequest, signal: AbortSignal): Promise<NetworkAttachment>;
  /** Unknown tasks are fine. */
  detach(taskId: string, signal: AbortSignal): Promise<void>;
  list(signal: AbortSignal): Promise<readonly NetworkAttachment[]>;
}
