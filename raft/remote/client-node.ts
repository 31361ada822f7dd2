import type { Socket } from 'node:net';
import type { Clock } from '../ports.ts';
import type { ProposeOutcome, RejectReason } from '../types.ts';
import { remoteDefaults } from './limits.ts';
import type { RemoteOptions } from './limits.ts';
import { writeTogether } from './socket-node.ts';
import { decodeOutcome, frame, FrameCutter, OUTCOME_BYTES_MAX } from './wire.ts';

interface Waiting {
  readonly bytes: number;
  readonly dueMs: number;
  readonly resolve: (outcome: ProposeOutcome) => void;
}

/**
 * Proposes from outside the members' processes: over one `socket` to one member that serves it with
 * `serveProposals`. Finding the leader and dialling again are the caller's: an outcome
 * `not-leader` names it. Many proposals may be on their way; each gets its own outcome.
 */
export class ProposalClient {
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #limits: Required<RemoteOptions>;
  /** By number, oldest first. */
  readonly #waiting = new Map<number, Waiting>();
  #waitingBytes = 0;
  #number = 0;
  #alarm: { cancel(): void } | undefined;
  #isEnded = false;

  /** The socket may still be connecting. It is destroyed over an answer that is none. */
  constructor(socket: Socket, clock: Clock, options: RemoteOptions = {}) {
    this.#socket = socket;
    this.#clock = clock;
    this.#limits = { ...remoteDefaults, ...options };
    const cutter = new FrameCutter(OUTCOME_BYTES_MAX);
    socket.on('data', (piece: Uint8Array) => {
      try {
        for (const { number, body } of cutter.cut(piece)) this.#settle(number, decodeOutcome(body));
      } catch (error) {
        socket.destroy(error as Error);
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#end());
  }

  /**
   * As `RaftNode.propose`: never rejects. Also `rejected` without being sent: `too-large`,
   * `queue-full` (too many wait here), `stopped` (the connection has ended). Also `unknown`: no answer
   * within `timeoutMs`, or the connection ended before it.
   */
  propose(data: Uint8Array): Promise<ProposeOutcome> {
    const reason = this.#refusal(data.length);
    if (reason !== null) return Promise.resolve({ kind: 'rejected', reason, leaderId: 0 });
    const number = (this.#number = (this.#number + 1) >>> 0);
    writeTogether(this.#socket, frame(number, data));
    this.#waitingBytes += data.length;
    const dueMs = this.#clock.monotonic() + this.#limits.timeoutMs;
    return new Promise((resolve) => {
      this.#waiting.set(number, { bytes: data.length, dueMs, resolve });
      this.#alarm ??= this.#clock.after(this.#limits.timeoutMs, () => this.#sweep());
    });
  }

  /** Ends the connection; what waits is `unknown`. */
  close(): void {
    this.#socket.destroy();
    this.#end();
  }

  #refusal(bytes: number): RejectReason | null {
    const { entryBytesMax, unansweredMax, unansweredBytesMax } = this.#limits;
    if (this.#isEnded || this.#socket.destroyed) return 'stopped';
    if (bytes > entryBytesMax) return 'too-large';
    const isFull =
      this.#waiting.size >= unansweredMax || this.#waitingBytes + bytes > unansweredBytesMax;
    return isFull ? 'queue-full' : null;
  }

  /** Nothing when it was given up before. */
  #settle(number: number, outcome: ProposeOutcome): void {
    const one = this.#waiting.get(number);
    if (one === undefined) return;
    this.#waiting.delete(number);
    this.#waitingBytes -= one.bytes;
    one.resolve(outcome);
  }

  /** All wait equally long, so the oldest is due first. */
  #sweep(): void {
    this.#alarm = undefined;
    const now = this.#clock.monotonic();
    for (const [number, { dueMs }] of this.#waiting) {
      if (dueMs > now) {
        this.#alarm = this.#clock.after(dueMs - now, () => this.#sweep());
        return;
      }
      this.#settle(number, { kind: 'unknown', reason: 'no answer in time' });
    }
  }

  #end(): void {
    this.#isEnded = true;
    this.#alarm?.cancel();
    this.#alarm = undefined;
    for (const number of [...this.#waiting.keys()])
      this.#settle(number, { kind: 'unknown', reason: 'the connection ended before the answer' });
  }
}
