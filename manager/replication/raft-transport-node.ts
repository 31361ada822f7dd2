/** Raft's messages over gRPC: one long-lived stream per peer, and one call per snapshot. */
import { ClusterError, messageOf } from '#lib';
import type { Clock, Counter, Logger, Metrics, Ms, Random, Timer } from '#lib';
import { RaftBatch, RaftTransportService, SnapshotChunk } from '#proto';
import type { RaftExchangeEnd, RaftWireMessage } from '#proto';
import { fromStatus, grpc, methodDefinition, writeTo } from '#proto/rpc';
import type { MemberId, RaftMessage, SnapshotMeta, Transport } from 'raft-ts';
import { toSnapshotHeader, toWire } from './raft-wire.ts';
import type { MemberAddress } from './raft-wire.ts';

/** Messages and bytes that wait for one peer; what comes above is dropped: Raft repeats it. */
const queueMessagesMax = 1_024;
const queueBytesMax = 32 << 20;
/** Batches are cut here; a larger message travels alone. */
const batchBytes = 1 << 20;
/** After a broken stream, drop for so long (and up to twice that) before a new one. */
const retryMs: Ms = 100;
/** A stream that broke sooner than this after it was opened is not worth a line in the log. */
const quietMs: Ms = 5_000;
const snapshotDeadlineMs: Ms = 10 * 60_000;

export interface RaftTransportOptions {
  /** host:port -> a client with this node's certificate; asked at each stream and call. */
  readonly channelFor: (address: string) => grpc.Client;
  readonly addressOf: (id: MemberId) => MemberAddress | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** The `Transport` of raft-ts. Nothing here blocks or throws into Raft. */
export class GrpcRaftTransport implements Transport {
  readonly #options: RaftTransportOptions;
  readonly #peers = new Map<MemberId, Peer>();
  readonly #dropped: Counter;
  #isClosed = false;

  constructor(options: RaftTransportOptions) {
    this.#options = options;
    this.#dropped = options.metrics.counter(
      'tessera_raft_messages_dropped_total',
      'Messages to other managers that were not sent, by reason.',
      ['reason'],
    );
  }

  send(message: RaftMessage): void {
    if (this.#isClosed) return;
    const target = this.#options.addressOf(message.to);
    if (target === undefined) {
      this.#dropped.inc({ reason: 'unknown-peer' });
      return;
    }
    let peer = this.#peers.get(message.to);
    if (peer === undefined || peer.address !== target.address) {
      peer?.close();
      peer = new Peer(target.address, this.#options, this.#dropped);
      this.#peers.set(message.to, peer);
      this.#forgetRemoved();
    }
    peer.send(message);
  }

  async sendSnapshot(
    header: RaftMessage,
    meta: SnapshotMeta,
    chunks: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void> {
    const target = this.#options.addressOf(header.to);
    if (target === undefined || this.#isClosed) {
      throw new ClusterError('UNAVAILABLE', `member ${header.to} has no known address`);
    }
    const client = this.#options.channelFor(target.address);
    const upload = openUpload(client, signal);
    try {
      const first = toSnapshotHeader(header, meta);
      await writeTo(upload.call, SnapshotChunk.create({ part: { kind: 'header', header: first } }));
      for await (const chunk of chunks) {
        await writeTo(upload.call, SnapshotChunk.create({ part: { kind: 'chunk', chunk } }));
      }
      upload.call.end();
      await upload.done;
    } catch (error) {
      upload.call.cancel();
      // What the peer answered says more than the write that failed because of it.
      throw await upload.done.then(() => error).catch((answer: unknown) => answer);
    }
  }

  /**
   * Whether something at `address` answers with this cluster's certificate. Rejects when not in
   * time.
   */
  async probe(address: string, deadlineMs: Ms): Promise<void> {
    const client = this.#options.channelFor(address);
    await new Promise<void>((resolve, reject) => {
      client.waitForReady(this.#options.clock.now() + deadlineMs, (error) => {
        if (error === undefined || error === null) resolve();
        else reject(new ClusterError('UNAVAILABLE', messageOf(error), { cause: error }));
      });
    });
  }

  close(): void {
    this.#isClosed = true;
    for (const peer of this.#peers.values()) peer.close();
    this.#peers.clear();
  }

  #forgetRemoved(): void {
    for (const [id, peer] of this.#peers) {
      if (this.#options.addressOf(id) !== undefined) continue;
      peer.close();
      this.#peers.delete(id);
    }
  }
}

type Stream = grpc.ClientWritableStream<RaftBatch>;

/** The way to one peer: a queue in front of a stream that is opened again when it breaks. */
class Peer {
  readonly address: string;
  readonly #options: RaftTransportOptions;
  readonly #dropped: Counter;
  #queue: { readonly wire: RaftWireMessage; readonly bytes: number }[] = [];
  #queueBytes = 0;
  #stream: Stream | undefined;
  #isFlushDue = false;
  #isClogged = false;
  #pause: Timer | undefined;
  #isClosed = false;
  #openedAt: Ms = Number.NEGATIVE_INFINITY;

  constructor(address: string, options: RaftTransportOptions, dropped: Counter) {
    this.address = address;
    this.#options = options;
    this.#dropped = dropped;
  }

  send(message: RaftMessage): void {
    if (this.#pause !== undefined || this.#isClosed) {
      this.#dropped.inc({ reason: 'not-connected' });
      return;
    }
    const bytes = sizeOf(message);
    const isFull =
      this.#queue.length >= queueMessagesMax || this.#queueBytes + bytes > queueBytesMax;
    if (isFull) {
      this.#dropped.inc({ reason: 'queue-full' });
      return;
    }
    this.#queue.push({ wire: toWire(message), bytes });
    this.#queueBytes += bytes;
    if (this.#isFlushDue || this.#isClogged) return;
    this.#isFlushDue = true;
    // What one turn of the event loop sends shares a batch.
    queueMicrotask(() => this.#flush());
  }

  close(): void {
    this.#isClosed = true;
    this.#pause?.cancel();
    this.#stream?.cancel();
    this.#stream = undefined;
    this.#queue = [];
    this.#queueBytes = 0;
  }

  #flush(): void {
    this.#isFlushDue = false;
    if (this.#isClosed || this.#isClogged) return;
    while (this.#queue.length > 0) {
      const stream = (this.#stream ??= this.#open());
      if (stream === undefined) return;
      if (stream.write(RaftBatch.create({ messages: this.#nextBatch() }))) continue;
      this.#isClogged = true;
      stream.once('drain', () => {
        if (this.#stream !== stream) return;
        this.#isClogged = false;
        this.#flush();
      });
      return;
    }
  }

  #nextBatch(): RaftWireMessage[] {
    let bytes = 0;
    let count = 0;
    for (const waiting of this.#queue) {
      bytes += waiting.bytes;
      if (count > 0 && bytes > batchBytes) break;
      this.#queueBytes -= waiting.bytes;
      count++;
    }
    return this.#queue.splice(0, count).map(({ wire }) => wire);
  }

  #open(): Stream | undefined {
    this.#openedAt = this.#options.clock.monotonic();
    const definition = methodDefinition(RaftTransportService.exchange);
    try {
      const client = this.#options.channelFor(this.address);
      const stream: Stream = client.makeClientStreamRequest<RaftBatch, RaftExchangeEnd>(
        definition.path,
        definition.requestSerialize,
        definition.responseDeserialize,
        new grpc.Metadata(),
        {},
        (error) => {
          if (this.#stream === stream) this.#broke(error);
        },
      );
      // The callback tells the same.
      stream.on('error', () => undefined);
      return stream;
    } catch (error) {
      // The channel was closed, as when this manager stops.
      this.#broke(error);
      return undefined;
    }
  }

  #broke(error: unknown): void {
    if (this.#isClosed) return;
    const { clock, random, log } = this.#options;
    // A peer that stays away is told of once.
    if (clock.monotonic() - this.#openedAt > quietMs) {
      const reason = error === null ? 'ended by the peer' : fromStatus(error).message;
      log.warn('stream to another manager broke', { address: this.address, reason });
    }
    this.#stream = undefined;
    this.#isClogged = false;
    // What waited is old by the time there is a new stream.
    this.#dropped.inc({ reason: 'not-connected' }, this.#queue.length);
    this.#queue = [];
    this.#queueBytes = 0;
    this.#pause = clock.after(retryMs * (1 + random.next()), () => {
      this.#pause = undefined;
    });
  }
}

function sizeOf(message: RaftMessage): number {
  let bytes = 64;
  if (message.kind === 'append') {
    for (const entry of message.entries) bytes += entry.data.length + 32;
  }
  return bytes;
}

interface Upload {
  readonly call: grpc.ClientWritableStream<SnapshotChunk>;
  readonly done: Promise<void>;
}

function openUpload(client: grpc.Client, signal: AbortSignal): Upload {
  const definition = methodDefinition(RaftTransportService.installSnapshot);
  const settled = Promise.withResolvers<void>();
  const call = client.makeClientStreamRequest(
    definition.path,
    definition.requestSerialize,
    definition.responseDeserialize,
    new grpc.Metadata(),
    { deadline: Date.now() + snapshotDeadlineMs },
    (error) => {
      signal.removeEventListener('abort', onAbort);
      if (error === null) settled.resolve();
      else settled.reject(fromStatus(error));
    },
  );
  const onAbort = (): void => call.cancel();
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  call.on('error', () => undefined);
  settled.promise.catch(() => undefined);
  return { call, done: settled.promise };
}
