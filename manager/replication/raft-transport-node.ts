/** Raft between managers: one link per peer for messages, and one call of gRPC per snapshot. */
import type { Socket } from 'node:net';
import { ClusterError, messageOf } from '#lib';
import type { Clock, Counter, Logger, Metrics, Ms, Random } from '#lib';
import { RaftTransportService, SnapshotChunk } from '#proto';
import { fromStatus, grpc, methodDefinition, writeTo } from '#proto/rpc';
import type { MemberId, RaftMessage, SnapshotMeta, Transport } from 'raft-ts';
import { RaftLink } from './raft-link-node.ts';
import { toSnapshotHeader } from './raft-wire.ts';
import type { MemberAddress } from './raft-wire.ts';

const snapshotDeadlineMs: Ms = 10 * 60_000;

export interface RaftTransportOptions {
  /** host:port -> a client with this node's certificate; asked at each call. */
  readonly channelFor: (address: string) => grpc.Client;
  /** host:port -> a connection for a `RaftLink`. */
  readonly socketFor: (address: string) => Socket;
  readonly addressOf: (id: MemberId) => MemberAddress | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** The `Transport` of raft-ts. Nothing here blocks or throws into Raft. */
export class NodeRaftTransport implements Transport {
  readonly #options: RaftTransportOptions;
  readonly #links = new Map<MemberId, RaftLink>();
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
    let link = this.#links.get(message.to);
    if (link === undefined || link.address !== target.address) {
      link?.close();
      link = new RaftLink(target.address, { ...this.#options, dropped: this.#dropped });
      this.#links.set(message.to, link);
      this.#forgetRemoved();
    }
    link.send(message);
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
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }

  #forgetRemoved(): void {
    for (const [id, link] of this.#links) {
      if (this.#options.addressOf(id) !== undefined) continue;
      link.close();
      this.#links.delete(id);
    }
  }
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
