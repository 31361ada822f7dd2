import type { Clock, Observer, StateMachine, Transport } from '../ports.ts';
import type { Entry, MemberId, MembershipChange, ProposeOutcome } from '../types.ts';
import type { NodeSettings } from './options.ts';
import type { RaftNodeConfig } from './config.ts';
import type { RaftInspection, Seen } from './inspection.ts';
import type { RaftMessage } from '../message.ts';
import type { RaftStatus, RejectReason, SnapshotMeta } from '../types.ts';
import type { Write } from '../core/ready.ts';
import { Applier } from './applier.ts';
import { checkedBootstrap } from './config.ts';
import { coreOptionsOf, settingsOf } from './options.ts';
import { DurableLog } from '../log/durable-log.ts';
import { HandOvers } from './hand-overs.ts';
import { Proposals } from './proposals.ts';
import { RaftAssertionError } from '../assert.ts';
import { RaftCore } from '../core/raft-core.ts';
import { isRaftError, notLeaderError, RaftError, stoppedError } from '../errors.ts';
import { Reads } from './reads.ts';
import { rekey } from './rekey.ts';
import { Snapshots } from './snapshots.ts';
import { laterTurn, Turns } from './turns.ts';

/**
 * One member: the core, its durable log, a transport and a state machine.
 *
 * Leadership says nothing about what is applied: a new leader that needs its predecessor's writes
 * awaits `readIndex()` first. Nothing here throws for a lost leader or a full queue; see
 * `ProposeOutcome`. After a failed write the member stops itself and tells `observer.failed`.
 */
export class RaftNode {
  readonly #clock: Clock;
  readonly #transport: Transport;
  readonly #machine: StateMachine;
  readonly #observer: Observer;
  readonly #settings: NodeSettings;
  readonly #core: RaftCore;
  readonly #log: DurableLog;
  readonly #applier: Applier;
  readonly #snapshots: Snapshots;
  readonly #proposals: Proposals;
  readonly #reads: Reads;
  readonly #handOvers: HandOvers;
  readonly #seen: Seen;
  readonly #turns: Turns;
  #ticker: { cancel(): void };
  #writing: Promise<void> | null = null;
  #receiving: Promise<unknown> | null = null;
  #stopped: Promise<void> | null = null;

  private constructor(
    config: RaftNodeConfig,
    settings: NodeSettings,
    core: RaftCore,
    log: DurableLog,
  ) {
    this.#clock = config.clock;
    this.#transport = config.transport;
    this.#machine = config.stateMachine;
    this.#observer = config.observer ?? {};
    this.#settings = settings;
    this.#core = core;
    this.#log = log;
    this.#turns = new Turns(config.clock, (tellCommit) => this.#runTurn(tellCommit));
    this.#proposals = new Proposals(settings);
    this.#reads = new Reads(settings.readsMax);
    this.#seen = { role: 'follower', term: core.term, leaderId: 0, commit: core.log.commit };
    this.#snapshots = new Snapshots(
      core,
      log,
      settings,
      config.clock,
      { changed: () => this.#changed(), failed: (error) => this.#fail('DISK_FAILED', error) },
      this.#observer,
    );
    const applied = (entry: Entry): void => {
      const leaving = entry.kind === 'membership' ? core.leavingIndex(entry.index) : 0;
      this.#proposals.applied(entry, leaving);
    };
    const done = (index: number, isFull: boolean): void => this.#applied(index, isFull);
    const failed = (error: unknown): void => this.#fail('BROKEN', error);
    const { commit } = core.log;
    this.#applier = new Applier(
      config.stateMachine,
      config.clock,
      { applied, done, failed },
      { membership: core.membershipAt(commit), index: commit, batchMax: settings.applyBatchMax },
    );
    this.#handOvers = new HandOvers(core, config.clock, this.#observer, settings, () =>
      this.#changed(),
    );
    this.#ticker = this.#startTicking();
  }

  /**
   * Recovers the member from its disk and starts it. A single voter leads within milliseconds.
   * Throws `RaftError`: `BAD_INPUT`, `DATA_LOSS` for a damaged log, `WRONG_KEY`, `UNKNOWN_FORMAT`;
   * or what the disk throws.
   */
  static async open(config: RaftNodeConfig): Promise<RaftNode> {
    const settings = settingsOf(config.options ?? {});
    const bootstrap = checkedBootstrap(config);
    const pause = (): Promise<void> => laterTurn(config.clock);
    const options = { ...settings, bootstrap, cipher: config.cipher, pause };
    const { log, recovered } = await DurableLog.open(config.disk, options);
    const core = new RaftCore(coreOptionsOf(config.id, config.random, settings), recovered);
    const { snapshot } = recovered;
    if (snapshot.index > 0) {
      await config.stateMachine.restore(snapshot, log.readSnapshot(snapshot));
    }
    const node = new RaftNode(config, settings, core, log);
    const voters = core.membership.members.filter(({ role }) => role === 'voter');
    if (voters.length === 1) node.campaign();
    else node.#changed();
    return node;
  }

  /**
   * Proposes one entry. The bytes belong to the log from now on: do not change them. Proposals that
   * wait while the disk is busy share the next write.
   */
  propose(data: Uint8Array): Promise<ProposeOutcome> {
    const refusal = this.#refusal() ?? this.#proposals.refusal(data);
    if (refusal !== null) return Promise.resolve(this.#rejected(refusal));
    const outcome = this.#proposals.add(data);
    this.#turns.proposeSoon();
    return outcome;
  }

  /**
   * One change at a time; `committed` means that it is in effect and applied here. Of a joint change
   * (see `MembershipChange`) that is so when the members before it count no more; when leadership is
   * lost in between, it is decided, and the next leader finishes it.
   */
  changeMembership(change: MembershipChange): Promise<ProposeOutcome> {
    const refusal = this.#refusal();
    if (refusal !== null) return Promise.resolve(this.#rejected(refusal));
    const result = this.#core.proposeChange(change);
    if (result.kind === 'rejected') return Promise.resolve(this.#rejected(result.reason));
    const outcome = this.#proposals.track(result.index, this.#core.term);
    this.#changed();
    return outcome;
  }

  /**
   * Resolves once this leader has applied everything that was acknowledged before the call. That it
   * still leads a majority confirms (thesis §6.4), or its lease says (option `reads`, §6.4.1). Leaders only: other members reject with `NOT_LEADER` and
   * `leaderId`, and the caller asks there. Rejects with `QUEUE_FULL`, `STOPPED`, or the signal's
   * reason. Without a majority it rejects when the leader gives up, after one election time-out.
   */
  async readIndex(signal?: AbortSignal): Promise<number> {
    const refusal = this.#refusal();
    if (refusal === 'stopped') throw stoppedError();
    if (refusal !== null) throw notLeaderError(this.#core.leaderId);
    const { token, index } = this.#reads.add(signal);
    this.#core.setClock(this.#clock.monotonic());
    this.#core.read(token);
    this.#changed();
    return index;
  }

  status(): RaftStatus {
    return this.#core.status();
  }

  /** The inside, read-only, for checkers and tests. */
  get inspection(): RaftInspection {
    return this.#core;
  }

  /**
   * Leader: brings `to` up to date and lets it take over. Resolves to true when this member leads
   * no more; to false when it is not the leader, `to` is no voter, or an election time-out has passed.
   * Meanwhile proposals wait in the queue.
   */
  transferLeadership(to: MemberId): Promise<boolean> {
    return this.#refusal() === null ? this.#handOvers.to(to) : Promise.resolve(false);
  }

  /** Changes the option `snapshotEntries` while the member runs. `BAD_INPUT` below 1. */
  setSnapshotEntries(entries: number): void {
    settingsOf({ snapshotEntries: entries });
    this.#snapshots.setEntries(entries);
  }

  /** After a change of the cipher's key: resolves when nothing on the disk needs an older one. */
  rekey(): Promise<void> {
    return rekey({
      log: this.#log,
      clock: this.#clock,
      pollMs: this.#settings.tickMs,
      isStopped: () => this.#stopped !== null,
      takeSnapshot: () => this.#maybeTake(this.#core.appliedIndex),
      failed: (error) => this.#fail('DISK_FAILED', error),
    });
  }

  /** Starts an election now. Nothing happens on leaders and members without a vote. */
  campaign(): void {
    this.#guarded(() => this.#core.campaign());
  }

  /** A message from another member; wrong and late ones are harmless. */
  receive(message: RaftMessage): void {
    this.#guarded(() => this.#core.step(message));
  }

  /**
   * A snapshot from the leader. Resolves when it is durable and takes the place of the log; the
   * state machine follows. Rejects with `BUSY`, `STALE` or `STOPPED`, with what `chunks` throws, or
   * with what the disk throws; nothing has changed then.
   */
  async receiveSnapshot(
    header: RaftMessage,
    meta: SnapshotMeta,
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    if (this.#stopped !== null) throw stoppedError();
    if (header.kind !== 'snapshot' || header.to !== this.#core.id) {
      throw new RaftError('BAD_INPUT', 'not the header of a snapshot for this member');
    }
    if (this.#receiving !== null) throw new RaftError('BUSY', 'another snapshot is on its way');
    this.receive(header);
    if (header.term >= this.#core.term && meta.index > this.#core.log.commit) {
      const saving = this.#log.saveSnapshot(meta, chunks);
      this.#receiving = saving.catch(() => undefined);
      try {
        await saving;
      } finally {
        this.#receiving = null;
      }
    }
    let result = 'stale';
    this.#guarded(() => {
      result = this.#core.installSnapshot(header, meta);
    });
    if (this.#stopped !== null) throw stoppedError();
    if (result === 'stale') throw new RaftError('STALE', 'the sender is not the leader any more');
  }

  /**
   * Stops. What is queued is rejected; what is in the log but not applied is `unknown`. Waits for
   * the write that is out. Idempotent.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#shutDown();
    return this.#stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #shutDown(): Promise<void> {
    this.#ticker.cancel();
    this.#turns.cancel();
    this.#applier.stop();
    this.#proposals.rejectQueued('stopped', 0);
    this.#proposals.forget(0, 'the member was stopped before the entry was applied');
    this.#reads.rejectAll(stoppedError());
    this.#handOvers.stop();
    await this.#snapshots.stop(stoppedError());
    await this.#writing;
    await this.#receiving;
    await this.#log.close();
  }

  #startTicking(): { cancel(): void } {
    return this.#clock.after(this.#settings.tickMs, () => {
      if (this.#stopped !== null) return;
      this.#ticker = this.#startTicking();
      this.#guarded(() => this.#core.tick());
      this.#guarded(() => this.#handOvers.ticked());
    });
  }

  /** Calls the core; a broken invariant stops the member instead of spreading. */
  #guarded(call: () => void): void {
    if (this.#stopped !== null) return;
    try {
      this.#core.setClock(this.#clock.monotonic());
      call();
      this.#changed();
    } catch (error) {
      this.#fail('BROKEN', error);
    }
  }

  #changed(): void {
    if (this.#stopped !== null) return;
    this.#note();
    this.#turns.schedule();
  }

  #runTurn(tellCommit: number): void {
    if (this.#stopped !== null) return;
    try {
      this.#turn(tellCommit);
    } catch (error) {
      this.#fail('BROKEN', error);
    }
  }

  #turn(tellCommit: number): void {
    const core = this.#core;
    this.#proposals.feed(core);
    const ready = core.ready(tellCommit);
    for (const message of ready.messages) this.#send(message);
    const writing = ready.write === null ? undefined : this.#persist(ready.write);
    if (writing !== undefined) this.#writing = writing;
    if (ready.restore !== null) {
      const meta = ready.restore;
      this.#applier.restore(meta, () => this.#log.readSnapshot(meta));
    }
    this.#reads.confirm(ready.reads, core.appliedIndex);
    if (ready.committed.length > 0) this.#applier.apply(ready.committed, core.role, writing);
    this.#note();
  }

  async #persist(write: Write): Promise<void> {
    const startedAt = this.#clock.monotonic();
    this.#handOvers.writeBegan();
    this.#proposals.writeBegan();
    try {
      const bytes = await this.#log.append(write);
      if (this.#stopped !== null) return;
      this.#handOvers.writeEnded();
      const tookMs = this.#clock.monotonic() - startedAt;
      this.#observer.synced?.({ entries: write.entries.length, bytes, tookMs });
    } catch (error) {
      this.#fail('DISK_FAILED', error);
      return;
    }
    for (const message of write.messages) this.#send(message);
    this.#guarded(() => this.#core.advance(write));
  }

  #send(message: RaftMessage): void {
    if (message.kind === 'snapshot') void this.#snapshots.send(message, this.#transport);
    else this.#transport.send(message);
  }

  #applied(index: number, isFull: boolean): void {
    this.#core.applied(index);
    this.#reads.applied(index);
    this.#maybeTake(index);
    // A full batch is followed by others: let the event loop run in between.
    if (isFull) this.#clock.after(0, () => this.#changed());
    else this.#turns.schedule();
  }

  #maybeTake(index: number): void {
    if (this.#applier.isIdle) this.#snapshots.maybeTake(this.#machine, index);
  }

  /** Tells observers and waiting callers what has changed in the core. */
  #note(): void {
    const { role, term, leaderId } = this.#core;
    const { commit } = this.#core.log;
    const seen = this.#seen;
    const wasLeader = seen.role === 'leader';
    const isSame = role === seen.role && term === seen.term && leaderId === seen.leaderId;
    if (isSame && commit === seen.commit) return this.#handOvers.note();
    const isDeposed = wasLeader && (role !== 'leader' || term !== seen.term);
    if (commit !== seen.commit) {
      this.#observer.committed?.({ index: commit, term: this.#core.log.termOf(commit) ?? 0 });
      if (role === 'leader') this.#turns.tellSoon(commit);
    }
    Object.assign(seen, { role, term, leaderId, commit });
    if (isDeposed) this.#deposed();
    if (!isSame) this.#observer.roleChanged?.({ role, term, leaderId });
    this.#handOvers.note();
  }

  #deposed(): void {
    const { leaderId, log } = this.#core;
    this.#proposals.rejectQueued('not-leader', leaderId);
    this.#proposals.forget(log.commit, 'leadership was lost before a majority had the entry');
    this.#reads.rejectAsked(notLeaderError(leaderId));
    this.#snapshots.abortSending(notLeaderError(leaderId));
  }

  #fail(kind: 'DISK_FAILED' | 'BROKEN', error: unknown): void {
    if (this.#stopped !== null) return;
    let code: 'DISK_FAILED' | 'BROKEN' | 'DATA_LOSS' = kind;
    if (error instanceof RaftAssertionError) code = 'BROKEN';
    if (isRaftError(error, 'DATA_LOSS')) code = 'DATA_LOSS';
    this.stop().catch(() => undefined);
    this.#observer.failed?.({ code, error });
  }

  #refusal(): 'stopped' | 'not-leader' | null {
    if (this.#stopped !== null) return 'stopped';
    return this.#core.role === 'leader' ? null : 'not-leader';
  }

  #rejected(reason: RejectReason): ProposeOutcome {
    return { kind: 'rejected', reason, leaderId: this.#core.leaderId };
  }
}
