import type { Elements } from './table-contents.ts';
import type { Structure } from './listing.ts';
import type { Listener } from './port-clashes.ts';
import type { UnledPort } from './unled-flows.ts';

export type FlowKind = 'connections' | 'datagrams';

export interface TableListing extends Structure {
  readonly elements: Elements;
}

/** What the mesh needs of its host, as a port. */
export interface MeshHost {
  /** One transaction for nft. Rejects with RUNTIME_ERROR and nft's words; then nothing of it is done. */
  apply(text: string): Promise<void>;
  /** The mesh's table; undefined when there is none. */
  list(): Promise<TableListing | undefined>;
  /**
   * Ends what the kernel remembers of flows that tasks of these addresses answered: connections of TCP, but for
   * those that are over, or all others. `isLeft` is asked of an address right before its flows end: no = they go on.
   */
  forget(
    addresses: readonly string[],
    flows: FlowKind,
    isLeft: (address: string) => boolean,
  ): Promise<void>;
  /** Ends unanswered flows of datagrams that came to these ports when they led nowhere. */
  forgetUnled(ports: readonly UnledPort[]): Promise<void>;
  /** What processes of the host listen on. */
  listeners(): Promise<readonly Listener[]>;
}
