/** Bugs of the write-ahead log and of snapshots: what a power cut or a bad disk must not do. */
import { ava, sim } from './mutant.ts';
import type { Mutant } from './mutant.ts';

const durableLog = ava('test/raft/durable-log.ts');
const segments = ava('test/raft/segments.ts');

export const diskMutants: readonly Mutant[] = [
  {
    name: 'no-fsync',
    breaks: 'what was answered is on the disk (§3.8)',
    edits: [
      {
        file: 'raft/log/wal.ts',
        find: '{ isSynced: true }',
        replace: '{ isSynced: false }',
      },
    ],
    suite: durableLog,
  },
  {
    name: 'found-and-not-synced',
    breaks: 'what a killed process left in memory is on the disk before it counts',
    edits: [
      {
        file: 'raft/log/wal.ts',
        find: '    await this.#file.sync();\n',
        replace: '',
      },
    ],
    suite: segments,
  },
  {
    name: 'segment-name-not-synced',
    breaks: 'a new segment is in its directory before it counts',
    edits: [
      {
        file: 'raft/log/wal.ts',
        find: '    await this.#disk.syncDirectory(DIRECTORY);\n    this.#segments.push',
        replace: '    this.#segments.push',
      },
    ],
    suite: durableLog,
  },
  {
    name: 'slow-disk-waited-for-in-place',
    breaks: 'the event loop waits for no disk that has not been fast (decision 0044)',
    edits: [
      {
        file: 'raft/log/write-pace.ts',
        find: 'this.#fastInARow >= FAST_WRITES && ',
        replace: '',
      },
    ],
    suite: ava('test/raft/write-pace.ts'),
  },
  {
    name: 'torn-tail-not-cut',
    breaks: 'what a torn write left does not come back',
    edits: [
      {
        file: 'raft/log/wal.ts',
        find: '    if (end < size) await this.#file.truncate(end);\n',
        replace: '',
      },
    ],
    suite: durableLog,
  },
  {
    name: 'damage-taken-for-a-torn-tail',
    breaks: 'damage in the middle is refused, never cut',
    edits: [
      {
        file: 'raft/log/frame.ts',
        find: 'if (header !== null && header.sequence > sequence) return true;',
        replace: 'if (header !== null && header.sequence > sequence) return false;',
      },
    ],
    suite: durableLog,
  },
  {
    name: 'checksum-not-verified',
    breaks: 'a flipped byte is found',
    edits: [
      {
        file: 'raft/log/frame.ts',
        find: 'if (crc32c(payload, head) !== header.checksum) return null;',
        replace: 'void head;',
      },
    ],
    suite: durableLog,
  },
  {
    name: 'vote-not-in-the-log',
    breaks: 'the record of the hard state holds the vote (§3.8)',
    edits: [
      {
        file: 'raft/log/records.ts',
        find: 'out.u64(record.hardState.vote);',
        replace: 'out.u64(0);',
      },
    ],
    suite: sim('raft', 100),
  },
  {
    name: 'messages-before-the-write',
    breaks: 'the driver sends answers after the write, not before',
    edits: [
      {
        file: 'raft/node/raft-node.ts',
        find: '    for (const message of write.messages) this.#send(message);\n',
        replace: '',
      },
      {
        file: 'raft/node/raft-node.ts',
        find: '      const bytes = await this.#log.append(write);\n',
        replace:
          '      for (const message of write.messages) this.#send(message);\n' +
          '      const bytes = await this.#log.append(write);\n',
      },
    ],
    suite: sim('raft', 300),
  },
  {
    name: 'one-segment-too-many-removed',
    breaks: 'only what a snapshot covers is removed',
    edits: [
      {
        file: 'raft/log/durable-log.ts',
        find: 'Math.min(keepFrom, snapshot.index + 1)',
        replace: 'snapshot.index + 40',
      },
    ],
    suite: sim('raft', 300),
  },
  {
    name: 'segment-without-hard-state',
    breaks: 'term and vote outlive the segments that a snapshot frees',
    edits: [
      {
        file: 'raft/log/wal.ts',
        find: "[header, { kind: 'hard-state', hardState: this.#hardState }]",
        replace: '[header]',
      },
    ],
    suite: segments,
  },
  {
    name: 'suffix-below-the-oldest-segment',
    breaks: 'a replaced suffix may begin below what removed segments left',
    edits: [
      {
        file: 'raft/log/replay.ts',
        find: 'if (first !== undefined) this.entries.length = Math.max(0, entry.index - first);',
        replace:
          "if (first !== undefined && entry.index < first) throw lost('a suffix below the log');\n" +
          '    if (first !== undefined) this.entries.length = entry.index - first;',
      },
    ],
    suite: durableLog,
  },
  {
    name: 'snapshot-taken-late',
    breaks: 'a snapshot is of the moment at which it was asked for',
    edits: [
      {
        file: 'raft/node/snapshots.ts',
        find: 'primed(machine.snapshot()),',
        replace: 'machine.snapshot(), void primed,',
      },
    ],
    suite: sim('raft', 300),
  },
  {
    name: 'snapshot-not-synced',
    breaks: 'a snapshot is on the disk before it gets its name',
    edits: [
      {
        file: 'raft/log/snapshot-store.ts',
        find: '      await file.sync();\n',
        replace: '',
      },
    ],
    suite: sim('raft', 300),
  },
  {
    name: 'snapshot-name-not-synced',
    breaks: 'the directory is synced after a rename',
    edits: [
      {
        file: 'raft/log/snapshot-store.ts',
        find: '    await this.#disk.syncDirectory(DIRECTORY);\n    this.#keyIds.set',
        replace: '    this.#keyIds.set',
      },
    ],
    suite: sim('raft', 300),
  },
  {
    name: 'snapshot-of-a-wrong-term',
    breaks: 'a snapshot names the term of its last entry (§5.1)',
    edits: [
      {
        file: 'raft/node/snapshots.ts',
        find: '{ index: appliedIndex, term, membership },',
        replace: '{ index: appliedIndex, term: this.#core.term, membership },',
      },
    ],
    suite: sim('raft', 300),
  },
  {
    name: 'snapshot-of-newer-members',
    breaks: 'a snapshot holds the members as of its index (§5.1)',
    edits: [
      {
        file: 'raft/node/snapshots.ts',
        find: 'this.#core.membershipAt(appliedIndex);',
        replace: 'this.#core.membership;',
      },
    ],
    suite: sim('raft', 300),
  },
  {
    name: 'checksum-not-chained',
    breaks: 'frames cannot change places, nor come from another log',
    edits: [
      {
        file: 'raft/log/frame.ts',
        find: 'const checksum = crc32c(payload, crc32c(head, place.seed));',
        replace: 'const checksum = crc32c(payload, crc32c(head, 0));',
      },
      {
        file: 'raft/log/frame.ts',
        find: 'offset + CHECKED_BYTES), place.seed);',
        replace: 'offset + CHECKED_BYTES), 0);',
      },
    ],
    suite: segments,
  },
  {
    name: 'goes-on-after-a-failed-write',
    breaks: 'after a write that failed nothing more is written (fsync fails only once)',
    edits: [{ file: 'raft/log/wal.ts', find: '        this.#isBroken = true;\n', replace: '' }],
    suite: segments,
  },
  {
    name: 'nonce-used-twice',
    breaks: 'no two frames are encrypted with the same key and nonce',
    edits: [
      {
        file: 'raft/log/cipher-node.ts',
        find: 'const salt = new Uint8Array(randomBytes(SALT_BYTES));',
        replace: 'const salt = new Uint8Array(randomBytes(SALT_BYTES)).fill(0);',
      },
    ],
    suite: ava('test/raft/sealed-log.ts'),
  },
  {
    name: 'old-key-kept-in-use',
    breaks: 'after a change of keys nothing stays under the old one',
    edits: [
      {
        file: 'raft/node/snapshots.ts',
        find: '(stale !== null && appliedIndex >= Math.max(stale, 1)) ||',
        replace: '(stale !== null && stale < 0) ||',
      },
    ],
    suite: ava('test/raft/rekey.ts'),
  },
];
