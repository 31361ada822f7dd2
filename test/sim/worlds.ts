import type { World } from './sim-failure.ts';
import { clusterWorld } from './cluster-world.ts';
import { controlWorld } from './control-world.ts';
import { raftWorld } from './raft-world.ts';

/** Every simulated world; `make sim` runs each of them over its seeds. */
export const worlds: readonly World[] = [raftWorld, clusterWorld, controlWorld];
