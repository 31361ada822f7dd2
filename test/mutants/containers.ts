/** Bugs to plant in what the agent tells its container runtime. */
import { ava } from './mutant.ts';
import type { Mutant } from './mutant.ts';

export const containerMutants: readonly Mutant[] = [
  {
    name: 'a-shim-ends-under-another-container',
    breaks: 'a shim is asked to end when its task has no other container',
    edits: [
      {
        file: 'agent/containerd/shims.ts',
        find: 'task.size !== 1 || ',
        replace: '',
      },
    ],
    suite: ava('test/agent/containerd/shims.ts'),
  },
  {
    name: 'an-echo-is-an-exit',
    breaks: 'the exit that is told of a container is its own',
    edits: [
      {
        file: 'agent/containerd/shims.ts',
        find: 'toldMs !== undefined && toldMs !== exitedAtMs',
        replace: 'false && toldMs !== exitedAtMs',
      },
    ],
    suite: ava('test/agent/containerd/shims.ts'),
  },
];
