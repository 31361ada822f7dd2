/** Bugs of the allocator, by which something could be given twice, or never again. */
import { ava } from './mutant.ts';
import type { Mutant } from './mutant.ts';

const properties = ava('test/manager/allocator/properties.ts');
const walk = ava('test/manager/allocator/walk.ts');

export const allocatorMutants: readonly Mutant[] = [
  {
    name: 'an-address-is-looked-up-nowhere',
    breaks: 'no address is given twice, whatever is lost between a decision and its writing',
    edits: [
      {
        file: 'manager/allocator/address-book.ts',
        find: 'return this.#owners.has(offset) || this.#reserved.has(offset);',
        replace: 'return this.#owners.has(-offset) || this.#reserved.has(offset);',
      },
      {
        file: 'manager/allocator/write-decision.ts',
        find: "if (address === '') return true;",
        replace: "if (address !== 'never') return true;",
      },
    ],
    suite: properties,
  },
  {
    name: 'what-is-let-go-wakes-nobody',
    breaks: 'a task that waits for an address gets one that is let go',
    edits: [
      {
        file: 'manager/allocator/network-table.ts',
        find: 'if (record.waiters.isEmpty && record.nodesWanted.size === 0) return [];',
        replace: 'if (record.nodesWanted.size === 0) return [];',
      },
    ],
    suite: walk,
  },
  {
    name: 'an-address-is-free-while-its-task-stops',
    breaks: "an address is its task's until the agent has said that the task has ended",
    edits: [
      {
        file: 'manager/allocator/task-table.ts',
        find: 'if (isStopped(task)) {',
        replace: 'if (isStopped(task) || !isWanted(task)) {',
      },
      {
        file: 'manager/allocator/write-decision.ts',
        find: "if (address === '') return true;",
        replace: "if (address !== 'never') return true;",
      },
    ],
    suite: walk,
  },
];
