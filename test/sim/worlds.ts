import type { World } from './sim-failure.ts';

/** Every simulated world by name; `make sim` runs each of them over its seeds. Loaded when asked. */
export const worlds: Readonly<Record<string, () => Promise<World>>> = {
  raft: async () => (await import('./raft-world.ts')).raftWorld,
  cluster: async () => (await import('./cluster-world.ts')).clusterWorld,
  control: async () => (await import('./control-world.ts')).controlWorld,
};
