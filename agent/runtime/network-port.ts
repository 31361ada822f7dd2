/** A task's network as a port: its namespace, addresses and published ports on this host. */
import type { NetworkAddress, PortConfig } from '#proto';
import type { TaskLink } from '../overlay/task-links.ts';

export interface NetworkRequest {
  readonly taskId: string;
  readonly hostname: string;
  /**
   * Where it is when it is on no network: the node's own bridge with NAT, the host's own namespace, or
   * nowhere but its own loopback.
   */
  readonly mode: 'bridge' | 'host' | 'none';
  /** Task.networks: one link each, in this order. */
  readonly networks: readonly NetworkAddress[];
  /** mode=host ports only. */
  readonly ports: readonly PortConfig[];
}

export interface NetworkAttachment {
  readonly taskId: string;
  /** Empty = the host's own. */
  readonly namespacePath: string;
  /** IPv4 on its first network, else on the node's own bridge; empty when it is on none. */
  readonly address: string;
  /** On its networks, in their order. */
  readonly links: readonly TaskLink[];
  /** published_port filled in. */
  readonly ports: readonly PortConfig[];
}

/** By port, as in `80/tcp`: the connections that listeners there have not accepted yet. */
export type ListeningSockets = ReadonlyMap<string, number>;

/** Calls made at the same time share one batch of changes to the host. All are idempotent by task. */
export interface TaskNetworks {
  /** Once, before anything else: bridge, NAT, forwarding. Repairs what is missing. */
  start(signal: AbortSignal): Promise<void>;
  /**
   * FAILED_PRECONDITION when a port is taken, naming the port; LIMIT_EXCEEDED when addresses ran out;
   * UNAVAILABLE when a network of the task is not up on this node within ten seconds, saying why.
   */
  attach(request: NetworkRequest, signal: AbortSignal): Promise<NetworkAttachment>;
  /** Unknown tasks are fine. */
  detach(taskId: string, signal: AbortSignal): Promise<void>;
  list(signal: AbortSignal): Promise<readonly NetworkAttachment[]>;
  /** Who listens in the namespace of this process, but for those of the loopback alone. */
  sockets(pid: number): Promise<ListeningSockets>;
}
