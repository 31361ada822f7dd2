/** Bugs of the replicated store and of its write queue. */
import { ava, sim } from './mutant.ts';
import type { Mutant } from './mutant.ts';

const update = ava('test/manager/store/update.ts');
const entries = ava('test/manager/store/entries.ts');
const watches = ava('test/manager/store/watches.ts');
const largeCommits = ava('test/manager/store/large-commits.ts');

export const storeMutants: readonly Mutant[] = [
  {
    name: 'version-not-compared',
    breaks: 'an update of an older version is refused',
    edits: [
      {
        file: 'manager/store/transaction.ts',
        find: 'if (version !== versionOf(present) && !isOwn) {',
        replace: 'if (version > versionOf(present) && !isOwn) {',
      },
    ],
    suite: update,
  },
  {
    name: 'base-version-not-compared',
    breaks: 'an entry made on a state that was overtaken is left out (decision 0030)',
    edits: [
      {
        file: 'manager/store/apply.ts',
        find: 'if (entry.baseVersion !== state.version)',
        replace: 'if (entry.baseVersion > state.version)',
      },
    ],
    suite: update,
  },
  {
    name: 'name-not-unique',
    breaks: 'a name belongs to one service',
    edits: [
      {
        file: 'manager/store/transaction.ts',
        find: 'if (owner === undefined || owner === object.id) return;',
        replace: 'if (owner !== undefined) return;',
      },
    ],
    suite: ava('test/manager/store/model.ts'),
  },
  {
    name: 'twice-changed-not-seen',
    breaks: 'an object that two transactions of one entry changed is stamped as the last left it',
    edits: [
      {
        file: 'manager/store/apply.ts',
        find: 'return made.get(table, object.id) === expected;',
        replace: 'return expected === undefined || made.get(table, object.id) !== undefined;',
      },
    ],
    suite: ava('test/manager/store/model.ts'),
  },
  {
    name: 'patch-of-what-is-set',
    breaks: 'an update that takes a field away takes it away on every member',
    edits: [
      {
        file: 'manager/store/patch.ts',
        find: 'if (Object.is(was[name], is[name])) continue;',
        replace: 'if (Object.is(was[name], is[name]) || is[name] === undefined) continue;',
      },
    ],
    suite: ava('test/manager/store/patches.ts'),
  },
  {
    name: 'held-change-kept',
    breaks: 'what a transaction did that is held for the next entry is not in this one',
    edits: [
      {
        file: 'manager/store/write-queue.ts',
        find: 'made: this.#held === undefined ? pending : undefined',
        replace: 'made: pending',
      },
    ],
    suite: entries,
  },
  {
    name: 'restore-tells-nobody',
    breaks: 'a watcher hears of what a snapshot changed',
    edits: [
      {
        file: 'manager/store/cluster-store.ts',
        find: 'this.#watchers.tell({ version: next.version, events });',
        replace: 'this.#watchers.tell({ version: next.version, events: [] });',
      },
    ],
    suite: ava('test/manager/store/snapshot.ts'),
  },
  {
    name: 'event-lost',
    breaks: 'a watcher hears of every change',
    edits: [
      {
        file: 'manager/store/cluster-store.ts',
        find: 'this.#watchers.tell(commit);',
        replace: 'this.#watchers.tell({ version, events: result.events.slice(0, 100) });',
      },
    ],
    suite: largeCommits,
  },
  {
    name: 'events-out-of-order',
    breaks: 'a watcher hears of commits in order',
    edits: [
      {
        file: 'manager/store/cluster-store.ts',
        find: 'this.#watchers.tell(commit);',
        replace:
          'if (version % 2 === 0) this.#watchers.tell(commit);\n' +
          '    else queueMicrotask(() => this.#watchers.tell(commit));',
      },
    ],
    suite: sim('control', 20),
  },
  {
    name: 'update-torn-in-two',
    breaks: 'what one transaction writes is in one entry',
    edits: [
      {
        file: 'manager/store/write-queue.ts',
        find: '        this.#held = one;\n        break;',
        replace:
          '        const room = Math.max(0, entryActionsMax - actions.length);\n' +
          '        actions.push(...one.actions.slice(0, room));\n' +
          '        parts.push(...one.parts.slice(0, room));\n' +
          '        this.#held = { ...one, actions: one.actions.slice(room), parts: one.parts.slice(room) };\n' +
          '        break;',
      },
    ],
    suite: largeCommits,
  },
  {
    name: 'answered-before-the-commit',
    breaks: 'a write is answered once it is committed',
    edits: [
      {
        file: 'manager/store/write-queue.ts',
        find: 'else this.#conclude(batch, await this.#replicate(batch, base.version));',
        replace:
          'else {\n        this.#settle(batch, { version: base.version + 1, events: [] });\n' +
          '        await this.#replicate(batch, base.version);\n      }',
      },
    ],
    suite: sim('control', 20),
  },
  {
    name: 'held-transaction-lost',
    breaks: 'a transaction that did not fit goes into the next entry',
    edits: [
      {
        file: 'manager/store/write-queue.ts',
        find: '        this.#held = one;\n        break;',
        replace: '        break;',
      },
    ],
    suite: entries,
  },
  {
    name: 'refused-on-an-old-state',
    breaks: 'a refusal is as fresh as a read',
    edits: [
      {
        file: 'manager/store/write-queue.ts',
        find: '      await this.#options.replicator.readBarrier();\n',
        replace: '',
      },
    ],
    suite: ava('test/bugs/stale-refusals.ts'),
  },
  {
    name: 'resumed-watch-has-a-gap',
    breaks: 'a watch goes on exactly where it was',
    edits: [
      {
        file: 'manager/store/commit-ring.ts',
        find: 'if (kept.commit.version <= version) low',
        replace: 'if (kept.commit.version <= version + 1) low',
      },
    ],
    suite: watches,
  },
  {
    name: 'compacted-watch-not-refused',
    breaks: 'a watch from a version that is gone is refused, not continued with a gap',
    edits: [
      {
        file: 'manager/store/commit-ring.ts',
        find: '    this.#oldestVersion = oldest.commit.version;\n',
        replace: '',
      },
    ],
    suite: watches,
  },
  {
    name: 'ring-survives-a-restore',
    breaks: 'nobody goes on from a version before a restored snapshot',
    edits: [
      {
        file: 'manager/store/cluster-store.ts',
        find: '    this.#ring.restart(next.version);\n',
        replace: '',
      },
    ],
    suite: sim('control', 60),
  },
  {
    name: 'restore-in-one-slice',
    breaks: 'a large snapshot does not hold the event loop up',
    edits: [
      {
        file: 'manager/store/snapshot.ts',
        find: '    if (pacer?.isFull(bytes.length) === true) await pacer.pause();\n',
        replace: '',
      },
    ],
    suite: ava('test/manager/store/slices.ts'),
  },
  {
    name: 'watch-filter-leaks',
    breaks: 'a watch of one service hears of that service only',
    edits: [
      {
        file: 'manager/store/watchers.ts',
        find: 'const events = commit.events.filter((event) => concerns(event, interest));',
        replace:
          'const events = commit.events.filter((event) => concerns(event, interest) || event.table.length > 0);',
      },
    ],
    suite: watches,
  },
  {
    name: 'page-forgets-one',
    breaks: 'the pages of a list together are the list',
    edits: [
      {
        file: 'manager/control/pages.ts',
        find: 'if (isFull) return { items, nextAfterId: lastId };',
        replace: 'if (isFull) return { items, nextAfterId: stored.id };',
      },
    ],
    suite: ava('test/manager/control/pages.ts'),
  },
  {
    name: 'half-a-commit-gone-on-from',
    breaks: 'a commit that was cut off is heard again as a whole',
    edits: [
      {
        file: 'cli/service/whole-commits.ts',
        find: '    if (message.hasMore) continue;\n',
        replace: '',
      },
    ],
    suite: ava('test/cli/convergence.ts'),
  },
  {
    name: 'resumed-over-a-snapshot',
    breaks: 'nobody goes on over a gap that a snapshot made',
    edits: [
      {
        file: 'manager/store/cluster-store.ts',
        find: '    this.#ring.restart(next.version);\n',
        replace: '',
      },
    ],
    suite: watches,
  },
];
