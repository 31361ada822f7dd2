import type { KeyPair, OwnKeys } from './keys.ts';
import type { Slot } from './tunnel-address.ts';

/** Where a node's private keys are kept, as a port. */
export interface KeyStore {
  /** Undefined when there are none, or what is there cannot be read. */
  load(): Promise<OwnKeys | undefined>;
  /** Replaces them as a whole. RUNTIME_ERROR when the disk refuses. */
  save(keys: OwnKeys): Promise<void>;
  /** A new pair, drawn from the system's randomness. */
  make(slot: Slot, nowMs: number): KeyPair;
}
