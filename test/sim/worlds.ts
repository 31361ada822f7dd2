import type { World } from './sim-failure.ts';
import { raftWorld } from './raft-world.ts';

/** Every simulated world; `make sim` runs each of them over its seeds. */
export const worlds: readonly World[] = [raftWorld];
