/** What the allocator has decided and is to be written. */
import type {
  HostAddresses,
  Network,
  NetworkAddress,
  NetworkAllocation,
  ServiceEndpoint,
} from '#proto';

/** A task that gets its addresses and becomes PENDING. */
export interface Grant {
  readonly taskId: string;
  readonly networks: readonly NetworkAddress[];
}

export type Decision =
  /** The ingress network is to be made, with its allocation. */
  | { readonly kind: 'ingress'; readonly network: Network }
  | {
      readonly kind: 'network';
      readonly networkId: string;
      readonly allocation: NetworkAllocation;
    }
  /** Why a network cannot give what it is asked for; '' = it can. */
  | { readonly kind: 'error'; readonly networkId: string; readonly error: string }
  /** Nodes that get an address on a network, and nodes that are gone. */
  | {
      readonly kind: 'hosts';
      readonly networkId: string;
      readonly given: ReadonlyMap<string, HostAddresses>;
      readonly gone: readonly string[];
    }
  | {
      readonly kind: 'service';
      readonly serviceId: string;
      readonly endpoint: ServiceEndpoint | undefined;
    }
  | { readonly kind: 'tasks'; readonly grants: readonly Grant[] }
  /** Tasks on nodes that are DOWN, in whose place others are: their addresses are free. */
  | { readonly kind: 'give-up'; readonly taskIds: readonly string[] }
  /** Why a task has no addresses yet. */
  | { readonly kind: 'explain'; readonly taskId: string; readonly error: string };
