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
        find: 'if (record === undefined || (record.waiters.isEmpty && record.nodesWanted.size === 0)) return;',
        replace: 'if (record === undefined || record.nodesWanted.size === 0) return;',
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
  {
    name: 'a-lost-node-keeps-its-addresses',
    breaks: 'who takes the place of a task on a lost node gets its address',
    edits: [
      {
        file: 'manager/allocator/given-up.ts',
        find: 'if (this.#down.has(nodeId)) this.#found.add(id);',
        replace: 'if (this.#down.has(id)) this.#found.add(id);',
      },
    ],
    suite: walk,
  },
  {
    name: 'addresses-of-a-node-that-is-back-are-given-on',
    breaks: 'a task that may run and can be told to stop keeps its address until it has',
    edits: [
      {
        file: 'manager/allocator/given-up.ts',
        find: 'isLeaving(task) && node?.status?.state === NodeState.DOWN',
        replace: 'isLeaving(task) && node !== undefined',
      },
    ],
    suite: ava('test/manager/allocator/given-up.ts'),
  },
  {
    name: 'virtual-address-takes-the-room-of-a-node',
    breaks: 'a task that is placed does not find that its node cannot have an address',
    edits: [
      {
        file: 'manager/allocator/network-book.ts',
        find: 'if (!this.#held.has(owner) && this.#v4.freeCount <= kept) return this.#exhausted(kept);',
        replace: '',
      },
    ],
    suite: walk,
  },
  {
    name: 'room-that-nodes-need-no-more-is-nobodys',
    breaks: 'nothing that can be given waits',
    edits: [
      {
        file: 'manager/allocator/task-table.ts',
        find: "if (book?.notePlace(task.id, task.nodeId !== '') === true) this.#networks.ease(networkId);",
        replace: "book?.notePlace(task.id, task.nodeId !== '');",
      },
    ],
    suite: walk,
  },
];
