/** Bugs of the log in etcd (decision 0095). */
import { ava } from './mutant.ts';
import type { Mutant } from './mutant.ts';

const lostAnswers = ava('test/manager/etcd/lost-answers.ts');
const values = ava('test/manager/etcd/values.ts');
const lease = ava('test/manager/etcd/lease.ts');
const damage = ava('test/manager/etcd/damage.ts');
const writer = 'manager/etcd/log-writer.ts';

export const etcdMutants: readonly Mutant[] = [
  {
    name: 'etcd-leader-not-compared',
    breaks: 'whoever was replaced writes nothing',
    edits: [
      {
        file: writer,
        find: "{ key: keys.leader, target: 'created', revision: term },\n",
        replace: '',
      },
    ],
    suite: lostAnswers,
  },
  {
    name: 'etcd-head-not-compared',
    breaks: 'an entry that is sent twice is in the log once',
    edits: [
      {
        file: writer,
        find: "{ key: keys.head, target: 'modified', revision: head.modRevision },\n",
        replace: '',
      },
    ],
    suite: lostAnswers,
  },
  {
    name: 'etcd-lost-answer-is-a-refusal',
    breaks: 'an entry that got in is told committed',
    edits: [
      {
        file: writer,
        find: "known.proposal === id ? 'committed' : 'not-leader'",
        replace: "'not-leader'",
      },
    ],
    suite: values,
  },
  {
    name: 'etcd-lease-counted-from-the-answer',
    breaks: 'a leader stops leading before its lease can have ended',
    edits: [
      {
        file: 'manager/etcd/lease-keeper.ts',
        find: 'this.#extend(askedAt + ttlMs);',
        replace: 'this.#extend(clock.monotonic() + ttlMs);',
      },
    ],
    suite: lease,
  },
  {
    name: 'etcd-checksum-not-looked-at',
    breaks: 'damaged bytes are refused',
    edits: [
      {
        file: 'manager/etcd/values.ts',
        find: 'if (view.getUint32(1) !== checksumOf(version, bytes.subarray(5)))',
        replace: 'if (view.getUint32(1) === -1)',
      },
    ],
    suite: values,
  },
  {
    name: 'etcd-old-read-taken',
    breaks: 'what is known never goes back to an older read',
    edits: [
      {
        file: 'manager/etcd/live-view.ts',
        find: 'if (revision < this.#seenRevision) return;',
        replace: '',
      },
    ],
    suite: values,
  },
  {
    name: 'etcd-hole-not-noticed',
    breaks: 'a log that lacks its end is refused',
    edits: [
      {
        file: 'manager/etcd/log-follower.ts',
        find: 'if (this.#appliedVersion < head.version) throw holeInLog(this.#appliedVersion + 1);',
        replace: '',
      },
    ],
    suite: damage,
  },
];
