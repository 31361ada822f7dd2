import type { Clock, Observer, StateMachine, Transport } from '../ports.ts';
import type { DurableLog } from '../log/durable-log.ts';
import type { NodeSettings } from './options.ts';
import type { RaftCore } from '../core/raft-core.ts';
import type { RaftMessage } from '../message.ts';
import type { SnapshotMeta } from '../types.ts';

type SnapshotMessage = Extract<RaftMessage, { kind: 'snapshot' }>;

export interface SnapshotEvents {
  /** The core changed: look for work. */
  changed(): void;
  failed(error: unknown): void;
}

/** After a snapshot found no room: the log may still be written, and room may be made. */
const RETRY_MS = 30_000;

/** Takes snapshots of the state machine, and streams them to peers that need one. */
export class Snapshots {
  readonly #core: RaftCore;
  readonly #log: DurableLog;
  readonly #settings: NodeSettings;
  readonly #clock: Clock;
  readonly #events: SnapshotEvents;
  readonly #observer: Observer;
  readonly #sending = new Set<AbortController>();
  #taking: Promise<void> | null = null;
  #isStopped = false;
  /** How many applied entries make one due. */
  #entries: number;
  /** None is taken before; a monotonic time. */
  #notBefore = 0;

  constructor(
    core: RaftCore,
    log: DurableLog,
    settings: NodeSettings,
    clock: Clock,
    events: SnapshotEvents,
    observer: Observer,
  ) {
    this.#core = core;
    this.#log = log;
    this.#settings = settings;
    this.#entries = settings.snapshotEntries;
    this.#clock = clock;
    this.#events = events;
    this.#observer = observer;
  }

  /** Another number of entries, from now on. */
  setEntries(entries: number): void {
    this.#entries = entries;
  }

  /** Takes one when enough was applied since the last; at most one is being written. */
  maybeTake(machine: StateMachine, appliedIndex: number): void {
    if (this.#taking !== null || this.#isStopped) return;
    const { log } = this.#core;
    const count = appliedIndex - log.snapshot.index;
    const stale = this.#log.staleUntil;
    const isDue =
      (stale !== null && appliedIndex >= Math.max(stale, 1)) ||
      count >= this.#entries ||
      (count > 0 && log.bytes > this.#settings.snapshotBytes + this.#settings.keepBytes);
    const term = log.termOf(appliedIndex);
    const membership = this.#core.membershipAt(appliedIndex);
    // A new member knows no members before it has applied a membership entry.
    if (
      !isDue ||
      this.#clock.monotonic() < this.#notBefore ||
      term === undefined ||
      membership.members.length === 0
    )
      return;
    this.#taking = this.#take(
      { index: appliedIndex, term, membership },
      primed(machine.snapshot()),
    );
  }

  async #take(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const startedAt = this.#clock.monotonic();
    try {
      const bytes = await this.#log.saveSnapshot(meta, this.#untilStopped(chunks));
      if (this.#isStopped) return;
      const tookMs = this.#clock.monotonic() - startedAt;
      const { keepEntries, keepBytes } = this.#settings;
      this.#core.compact(meta, this.#core.log.suffixStart(meta.index, keepEntries, keepBytes));
      this.#observer.snapshotTaken?.({ index: meta.index, bytes, tookMs });
      await this.#free(meta);
    } catch (error) {
      if (!this.#isStopped) this.#failed(error);
    } finally {
      this.#taking = null;
    }
  }

  /** Removes the files that the snapshot makes needless. */
  async #free(meta: SnapshotMeta): Promise<void> {
    const { log } = this.#core;
    const stale = this.#log.staleUntil;
    // Segments under an old key go at once; what laggards may need of them stays in memory.
    const isForKey = stale !== null && stale <= meta.index;
    await this.#log.compact(log.snapshot, isForKey ? log.snapshot.index + 1 : log.first);
  }

  /** A snapshot saves room and work; the member can go on without it as long as the log can grow. */
  #failed(error: unknown): void {
    if (!isOutOfSpace(error)) {
      this.#events.failed(error);
      return;
    }
    this.#notBefore = this.#clock.monotonic() + RETRY_MS;
    this.#observer.snapshotFailed?.({ error, retryMs: RETRY_MS });
  }

  async *#untilStopped(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      if (this.#isStopped) throw new Error('stopped while the snapshot was written');
      yield chunk;
    }
  }

  /** Streams the newest snapshot to the peer that `message` names. */
  async send(message: SnapshotMessage, transport: Transport): Promise<void> {
    const abort = new AbortController();
    const giveUp = new Error(`not sent within ${this.#settings.snapshotSendMs} ms`);
    const timer = this.#clock.after(this.#settings.snapshotSendMs, () => abort.abort(giveUp));
    this.#sending.add(abort);
    const meta = this.#core.log.snapshot;
    const header = { ...message, snapshotIndex: meta.index, snapshotTerm: meta.term };
    let isStored = false;
    try {
      await transport.sendSnapshot(header, meta, this.#log.readSnapshot(meta), abort.signal);
      isStored = true;
    } catch {
      // The peer is gone or busy, or the stream was cut: the core tries again when it answers.
    }
    timer.cancel();
    this.#sending.delete(abort);
    if (this.#isStopped || this.#core.term !== message.term) return;
    this.#core.reportSnapshot(message.to, isStored);
    this.#events.changed();
  }

  /** Leadership is lost: nobody needs what is being sent. */
  abortSending(reason: Error): void {
    for (const abort of this.#sending) abort.abort(reason);
  }

  async stop(reason: Error): Promise<void> {
    this.#isStopped = true;
    this.abortSending(reason);
    await this.#taking;
  }
}

function isOutOfSpace(error: unknown): boolean {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** An async generator runs nothing before it is asked: ask now, while the state is the right one. */
function primed(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = iterator.next();
  // The error is met again by whoever reads; until then it must not count as unhandled.
  first.catch(() => undefined);
  let isFirst = true;
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        if (!isFirst) return iterator.next();
        isFirst = false;
        return first;
      },
      return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
    }),
  };
}
