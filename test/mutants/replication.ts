/** Bugs of the log, of commits and of reads. */
import { ava, sim } from './mutant.ts';
import type { Mutant } from './mutant.ts';

const transcripts = ava('test/raft/transcripts.ts');
const messages = ava('test/raft/messages.ts');

export const replicationMutants: readonly Mutant[] = [
  {
    name: 'old-term-committed-by-counting',
    breaks: 'only entries of the own term are counted (§3.6.2, figure 3.7)',
    edits: [
      {
        file: 'raft/core/replication.ts',
        find: ' || log.termOf(index) !== state.term) return;',
        replace: ') return;',
      },
    ],
    suite: transcripts,
  },
  {
    name: 'conflict-not-truncated',
    breaks: 'a suffix of another term gives way (§3.5)',
    edits: [
      {
        file: 'raft/core/memory-log.ts',
        find: 'entries.findIndex((entry) => !this.matches(entry.index, entry.term));',
        replace: 'entries.findIndex((entry) => entry.index > this.last);',
      },
    ],
    suite: transcripts,
  },
  {
    name: 'previous-entry-not-compared',
    breaks: 'an append joins only where the logs agree (§3.5)',
    edits: [
      {
        file: 'raft/core/replication.ts',
        find: 'if (!log.matches(previousIndex, previousTerm)) {',
        replace: 'if (previousIndex > log.last) {',
      },
    ],
    suite: sim('raft', 300),
  },
  {
    name: 'commit-beyond-what-matches',
    breaks: 'a follower commits only what is known to match (§3.5)',
    edits: [
      {
        file: 'raft/core/replication.ts',
        find: 'log.commitTo(Math.min(message.commit, lastNew));',
        replace: 'log.commitTo(Math.min(message.commit, log.last));',
      },
    ],
    suite: messages,
  },
  {
    name: 'heartbeat-commits-too-much',
    breaks: 'a heartbeat commits only what the follower has (§3.5)',
    edits: [
      {
        file: 'raft/core/reads.ts',
        find: 'Math.min(progress.match, state.log.commit)',
        replace: 'state.log.commit',
      },
    ],
    suite: sim('raft', 300),
  },
  {
    name: 'next-never-falls-back',
    breaks: 'a leader steps back until the logs agree (§3.5)',
    edits: [
      {
        file: 'raft/core/progress.ts',
        find: 'Math.max(Math.min(index, retryAfter + 1), this.match + 1);',
        replace: 'Math.max(index, retryAfter, this.match + 1);',
      },
    ],
    suite: transcripts,
  },
  {
    name: 'acknowledges-its-whole-log',
    breaks: 'an answer speaks of what the leader sent, not of a suffix it never saw',
    edits: [
      {
        file: 'raft/core/replication.ts',
        find: 'respond(state, from, lastNew);',
        replace: 'respond(state, from, log.last);',
      },
    ],
    suite: messages,
  },
  {
    name: 'acknowledged-before-durable',
    breaks: 'an answer leaves only after the write that it promises (§3.8)',
    edits: [
      {
        file: 'raft/core/state.ts',
        find: 'this.deferred.push({ ...message, from: this.id, term } as RaftMessage);',
        replace: 'this.outbox.push({ ...message, from: this.id, term } as RaftMessage);',
      },
    ],
    suite: transcripts,
  },
  {
    name: 'leader-counts-its-unsynced-entries',
    breaks: 'the leader counts itself only with what its disk has (§10.2.1)',
    edits: [
      {
        file: 'raft/core/state.ts',
        find: 'return id === this.id ? this.log.stable :',
        replace: 'return id === this.id ? this.log.last :',
      },
    ],
    suite: sim('raft', 300),
  },
  {
    name: 'read-without-a-round',
    breaks: 'a read is answered only when a majority still follows (§6.4)',
    edits: [
      {
        file: 'raft/core/reads.ts',
        find: 'if (!isConfirmed) return;',
        replace: 'void isConfirmed;',
      },
    ],
    suite: sim('raft', 300),
  },
  {
    name: 'read-before-a-commit-in-term',
    breaks: 'a new leader reads only after an entry of its own term (§6.4)',
    edits: [
      {
        file: 'raft/core/reads.ts',
        find: '!reads.hasWaiting || !state.hasCommittedInTerm',
        replace: '!reads.hasWaiting',
      },
    ],
    suite: transcripts,
  },
  {
    name: 'read-answered-before-applied',
    breaks: 'a read waits until its index is applied (§6.4)',
    edits: [
      {
        file: 'raft/node/reads.ts',
        find: 'this.#confirmed.filter((read) => read.index <= index);',
        replace: 'this.#confirmed.filter((read) => read.index <= index + 1);',
      },
    ],
    suite: ava('test/raft/reads.ts'),
  },
  {
    name: 'overtaken-write-acknowledged',
    breaks: 'an entry of another leader in the place of ours is not ours',
    edits: [
      {
        file: 'raft/node/proposals.ts',
        find: 'const isOurs = entry.term === this.#term;',
        replace: 'const isOurs = entry.term >= this.#term;',
      },
      {
        file: 'raft/node/raft-node.ts',
        find: "    this.#proposals.forget(log.commit, 'leadership was lost before a majority had the entry');\n",
        replace: '    void log;\n',
      },
    ],
    suite: sim('raft', 300),
  },
  {
    name: 'unknown-told-as-rejected',
    breaks: 'what is in a log may yet be committed: its outcome is unknown',
    edits: [
      {
        file: 'raft/node/proposals.ts',
        find: "resolve({ kind: 'unknown', reason });",
        replace: "resolve({ kind: 'rejected', reason: 'not-leader', leaderId: 0 }); void reason;",
      },
    ],
    suite: sim('raft', 300),
  },
  {
    name: 'apply-twice-after-restart',
    breaks: 'what the snapshot holds is not applied again',
    edits: [
      {
        file: 'raft/core/raft-core.ts',
        find: 'this.#applied = snapshot.index;\n',
        replace:
          'this.#applied = this.#handedOut = Math.max(recovered.base.index, snapshot.index - 1);\n',
      },
    ],
    suite: sim('raft', 300),
  },
  {
    name: 'lease-outlives-a-transfer',
    breaks: 'who hands leadership over reads by lease no more (§6.4.1)',
    edits: [
      {
        file: 'raft/core/lease.ts',
        find: ' || state.transferTo !== 0 || state.hasSentTimeoutNow) return false;',
        replace: ') return false;',
      },
    ],
    suite: transcripts,
  },
  {
    name: 'lease-from-the-answer',
    breaks: 'a lease counts from when a heartbeat was sent, not from its answer (§6.4.1)',
    edits: [
      {
        file: 'raft/core/reads.ts',
        find: 'Math.max(progress.leaseFromMs, sentMs);',
        replace: 'Math.max(progress.leaseFromMs, sentMs, state.clockMs);',
      },
    ],
    suite: transcripts,
  },
];
