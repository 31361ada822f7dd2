import { assert, backoffMs, messageOf, sleep } from '#lib';
import type { Clock, Logger, Ms, Random } from '#lib';
import { entryBytesMax } from '../store/replicator.ts';
import type { ReplicateOutcome } from '../store/replicator.ts';
import { retry } from './attempts.ts';
import { EtcdError } from './etcd-port.ts';
import type { Etcd, Transaction, TransactionAnswer } from './etcd-port.ts';
import type { Keys } from './keys.ts';
import type { LogFollower } from './log-follower.ts';
import { decodeEntry, decodeHead, encodeEntry, encodeJson, proposalIdBytes } from './values.ts';

/** Proposals that wait for their turn; a further one is rejected. */
const waitingMax = 1_000;
/** When this manager leads no more, so long it still asks what became of its entry. */
const lastWordMs: Ms = 2_000;

export interface LogWriterOptions {
  readonly etcd: Etcd;
  readonly keys: Keys;
  readonly follower: LogFollower;
  /** The leader key's revision while this manager leads for certain, else undefined. */
  readonly term: () => number | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const notLeader = (reason: string): ReplicateOutcome => ({
  kind: 'rejected',
  reason,
  isLeadershipLost: true,
});

/** An entry on its way. */
interface Proposal {
  readonly version: number;
  readonly id: string;
  readonly entry: Uint8Array;
  readonly term: number;
  readonly request: Transaction;
}

/** What an answer of etcd means for a proposal. */
export type Verdict = 'committed' | 'not-leader' | 'gone';

/**
 * The transaction compares the head's revision and the leader's key, and both only ever move on. So once it
 * was refused, it and every copy of it that is still under way are refused for good, and what stands in the
 * log in its place tells whether an earlier copy got in.
 */
export function verdictOf(
  keys: Keys,
  proposal: Pick<Proposal, 'version' | 'id'>,
  answer: TransactionAnswer,
): Verdict {
  if (answer.isDone) return 'committed';
  const { version, id } = proposal;
  const head = answer.found.get(keys.head);
  const known = head === undefined ? undefined : decodeHead(head.value);
  if (known === undefined || known.version < version) return 'not-leader';
  if (known.version === version) return known.proposal === id ? 'committed' : 'not-leader';
  const logged = answer.found.get(keys.log(version));
  // Others have written so much since that the entry is deleted: nobody can tell any more.
  if (logged === undefined) return 'gone';
  return decodeEntry(version, logged.value).proposal === id ? 'committed' : 'not-leader';
}

/** Appends entries to the log in etcd, one after the other, as long as this manager leads. */
export class LogWriter {
  readonly #options: LogWriterOptions;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(options: LogWriterOptions) {
    this.#options = options;
  }

  propose(entry: Uint8Array): Promise<ReplicateOutcome> {
    assert(entry.length <= entryBytesMax, 'an entry is larger than its bound');
    if (this.#waiting >= waitingMax) {
      const reason = `${waitingMax} entries wait already`;
      return Promise.resolve({ kind: 'rejected', reason, isLeadershipLost: false });
    }
    this.#waiting++;
    const before = this.#turn;
    const own = (async () => {
      await before;
      try {
        return await this.#append(entry);
      } finally {
        this.#waiting--;
      }
    })();
    this.#turn = own.catch(() => undefined);
    return own;
  }

  async #append(entry: Uint8Array): Promise<ReplicateOutcome> {
    const proposal = this.#prepare(entry);
    if (typeof proposal === 'string') return notLeader(proposal);
    const { version, id } = proposal;
    this.#options.follower.expect({ version, proposal: id, entry });
    const outcome = await this.#send(proposal);
    if (outcome.kind !== 'committed') return outcome;
    this.#options.follower.deliver(version, { proposal: id, entry });
    return outcome;
  }

  /** A string says why nothing can be written now. */
  #prepare(entry: Uint8Array): Proposal | string {
    const { keys, follower, random } = this.#options;
    const term = this.#options.term();
    const { head } = follower.view;
    if (term === undefined || head === undefined) return 'it is not the leader';
    if (head.version !== follower.appliedVersion) return 'it has not caught up yet';
    const version = head.version + 1;
    const id = random.bytes(proposalIdBytes).toHex();
    const request: Transaction = {
      when: [
        { key: keys.leader, target: 'created', revision: term },
        { key: keys.head, target: 'modified', revision: head.modRevision },
      ],
      changes: [
        { kind: 'put', key: keys.log(version), value: encodeEntry(version, id, entry) },
        { kind: 'put', key: keys.head, value: encodeJson({ version, proposal: id }) },
      ],
      otherwise: [keys.head, keys.log(version)],
    };
    return { version, id, entry, term, request };
  }

  /**
   * Repeats the same transaction until etcd has answered it. Unknown when this manager leads no more and has
   * not heard for a while either.
   */
  async #send(proposal: Proposal): Promise<ReplicateOutcome> {
    const { etcd, clock, random, log, signal } = this.#options;
    let isUnclear = false;
    let giveUpAt: Ms | undefined;
    for (let attempt = 0; ; attempt++) {
      try {
        return this.#concluded(proposal, await etcd.transact(proposal.request));
      } catch (error) {
        if (!(error instanceof EtcdError)) throw error;
        const reason = error.message;
        // Refused at the first attempt: none is under way.
        if (error.refusal !== undefined && !isUnclear)
          return { kind: 'rejected', reason, isLeadershipLost: false };
        isUnclear = true;
        log.debug('an entry is sent again', { version: proposal.version, reason });
        if (this.#options.term() !== proposal.term) giveUpAt ??= clock.monotonic() + lastWordMs;
        const isOver = giveUpAt !== undefined && clock.monotonic() >= giveUpAt;
        if (signal.aborted || isOver) return { kind: 'unknown', reason };
      }
      await sleep(clock, backoffMs(retry, attempt, random), signal).catch(() => undefined);
    }
  }

  #concluded(proposal: Proposal, answer: TransactionAnswer): ReplicateOutcome {
    const { keys, follower, log } = this.#options;
    let verdict: Verdict;
    try {
      verdict = verdictOf(keys, proposal, answer);
    } catch (error) {
      return { kind: 'unknown', reason: messageOf(error) };
    }
    const { version, id } = proposal;
    const head = answer.found.get(keys.head);
    if (answer.isDone) follower.view.wrote({ version, proposal: id }, answer.revision);
    else if (head !== undefined) follower.view.wrote(decodeHead(head.value), head.modRevision);
    switch (verdict) {
      case 'committed':
        return { kind: 'committed', version };
      case 'not-leader':
        log.debug('an entry was refused by the log', { version });
        return notLeader('another manager has written since');
      default:
        return { kind: 'unknown', reason: 'the log has moved on far' };
    }
  }
}
