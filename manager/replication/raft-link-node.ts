/**
 * The way of Raft's messages to one other manager: a socket of its own, opened again when it breaks.
 * A stream of gRPC would do the same at twice the cost of a message; see decision 0042.
 */
import type { Socket } from 'node:net';
import { messageOf } from '#lib';
import type { Clock, Counter, Logger, Ms, Random, Timer } from '#lib';
import type { RaftWireMessage } from '#proto';
import type { RaftMessage } from 'raft-ts';
import { encodeFrame } from './raft-frames.ts';
import { toWire } from './raft-wire.ts';

/** Messages and bytes that wait for one peer; what comes above is dropped: Raft repeats it. */
const queueMessagesMax = 1_024;
const queueBytesMax = 32 << 20;
/** Frames are cut here; a larger message travels alone. */
const frameBytesWanted = 1 << 20;
/** After a broken connection, drop for so long (and up to twice that) before a new one. */
const retryMs: Ms = 100;
/** A connection that broke sooner than this after it was opened is not worth a line in the log. */
const quietMs: Ms = 5_000;
/** A peer that has said nothing for so long, while it was written to, is not there any more. */
const silenceMs: Ms = 3_000;

export interface RaftLinkOptions {
  /**
   * host:port -> a connection on its way to that manager; with this node's certificate, asked for
   * each time. The receiver says a byte now and then, as long as it reads: see `receiveRaftLink`.
   */
  readonly socketFor: (address: string) => Socket;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Messages that were not sent, by reason. */
  readonly dropped: Counter;
}

export class RaftLink {
  readonly address: string;
  readonly #options: RaftLinkOptions;
  #queue: { readonly wire: RaftWireMessage; readonly bytes: number }[] = [];
  #queueBytes = 0;
  #socket: Socket | undefined;
  #isFlushDue = false;
  #isClogged = false;
  #pause: Timer | undefined;
  #isClosed = false;
  #openedAt: Ms = Number.NEGATIVE_INFINITY;
  /** When the first message left that no byte of the peer has followed; undefined = none. */
  #unheardSince: Ms | undefined;

  constructor(address: string, options: RaftLinkOptions) {
    this.address = address;
    this.#options = options;
  }

  send(message: RaftMessage): void {
    if (this.#pause !== undefined || this.#isClosed) {
      this.#options.dropped.inc({ reason: 'not-connected' });
      return;
    }
    this.#checkSilence();
    const bytes = sizeOf(message);
    const isFull =
      this.#queue.length >= queueMessagesMax || this.#queueBytes + bytes > queueBytesMax;
    if (isFull) {
      this.#options.dropped.inc({ reason: 'queue-full' });
      return;
    }
    this.#queue.push({ wire: toWire(message), bytes });
    this.#queueBytes += bytes;
    if (this.#isFlushDue || this.#isClogged) return;
    this.#isFlushDue = true;
    // What one turn of the event loop sends shares a frame.
    queueMicrotask(() => this.#flush());
  }

  close(): void {
    this.#isClosed = true;
    this.#pause?.cancel();
    this.#socket?.destroy();
    this.#socket = undefined;
    this.#queue = [];
    this.#queueBytes = 0;
  }

  #flush(): void {
    this.#isFlushDue = false;
    if (this.#isClosed || this.#isClogged || this.#queue.length === 0) return;
    const socket = (this.#socket ??= this.#open());
    this.#unheardSince ??= this.#options.clock.monotonic();
    while (this.#queue.length > 0) {
      if (socket.write(encodeFrame(this.#nextFrame()))) continue;
      this.#isClogged = true;
      socket.once('drain', () => {
        if (this.#socket !== socket) return;
        this.#isClogged = false;
        this.#flush();
      });
      return;
    }
  }

  #nextFrame(): RaftWireMessage[] {
    let bytes = 0;
    let count = 0;
    for (const waiting of this.#queue) {
      bytes += waiting.bytes;
      if (count > 0 && bytes > frameBytesWanted) break;
      this.#queueBytes -= waiting.bytes;
      count++;
    }
    return this.#queue.splice(0, count).map(({ wire }) => wire);
  }

  #open(): Socket {
    this.#openedAt = this.#options.clock.monotonic();
    const socket = this.#options.socketFor(this.address);
    socket.setNoDelay(true);
    socket.on('data', () => {
      this.#unheardSince = undefined;
    });
    socket.on('error', (error) => this.#broke(socket, messageOf(error)));
    socket.on('close', () => this.#broke(socket, 'ended by the peer'));
    return socket;
  }

  /** Behind a link that was cut, TCP would go on trying for minutes. */
  #checkSilence(): void {
    const since = this.#unheardSince;
    if (since === undefined || this.#options.clock.monotonic() - since < silenceMs) return;
    const socket = this.#socket;
    if (socket !== undefined) this.#broke(socket, `silent for ${silenceMs} ms`);
  }

  #broke(socket: Socket, reason: string): void {
    if (this.#isClosed || socket !== this.#socket) return;
    const { clock, random, log, dropped } = this.#options;
    // A peer that stays away is told of once.
    if (clock.monotonic() - this.#openedAt > quietMs)
      log.warn('link to another manager broke', { address: this.address, reason });
    socket.destroy();
    this.#socket = undefined;
    this.#unheardSince = undefined;
    this.#isClogged = false;
    // What waited is old by the time there is a new connection.
    dropped.inc({ reason: 'not-connected' }, this.#queue.length);
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
