/** Asks other name servers what is not ours: a socket of its own, with a port drawn by the kernel, for every try. */
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { setTimeout as after } from 'node:timers';
import { ClusterError } from '#lib';
import type { Ms } from '#lib';
import { MessageReader, framed } from './frames.ts';

export interface ForwarderOptions {
  /** Port of the servers; 53 but in tests. */
  readonly port?: number;
  readonly tryMs?: Ms;
}

/** How long a server may take, ms; the next is asked then. */
const tryDefaultMs: Ms = 2_000;
/** Rounds over all servers. */
const rounds = 2;
/** Questions under way at once, of all tasks; and of one, so that it cannot keep the others out. */
export const underWayMax = 1_000;
export const underWayPerAskerMax = 100;

export class Forwarder {
  readonly #port: number;
  readonly #tryMs: Ms;
  readonly #underWay = new Map<string, number>();
  #count = 0;

  constructor(options: ForwarderOptions = {}) {
    this.#port = options.port ?? 53;
    this.#tryMs = options.tryMs ?? tryDefaultMs;
  }

  get underWay(): number {
    return this.#count;
  }

  /**
   * The first answer to `message`, with its id. LIMIT_EXCEEDED when too many questions are under
   * way; UNAVAILABLE when no server answers, or there is none.
   */
  async ask(
    message: Uint8Array,
    servers: readonly string[],
    isUdp: boolean,
    asker: string,
  ): Promise<Uint8Array> {
    const own = this.#underWay.get(asker) ?? 0;
    if (this.#count >= underWayMax || own >= underWayPerAskerMax)
      throw new ClusterError('LIMIT_EXCEEDED', 'too many names are being looked up');
    this.#count++;
    this.#underWay.set(asker, own + 1);
    try {
      return await this.#ask(message, servers, isUdp);
    } finally {
      this.#count--;
      const left = (this.#underWay.get(asker) ?? 1) - 1;
      if (left === 0) this.#underWay.delete(asker);
      else this.#underWay.set(asker, left);
    }
  }

  async #ask(message: Uint8Array, servers: readonly string[], isUdp: boolean): Promise<Uint8Array> {
    let cause: unknown;
    for (let round = 0; round < rounds; round++)
      for (const server of servers) {
        try {
          return await this.#tryOne(message, server, isUdp);
        } catch (error) {
          cause = error;
        }
      }
    const text =
      servers.length === 0 ? 'this host has no name servers' : 'no name server has answered';
    throw new ClusterError('UNAVAILABLE', text, { cause });
  }

  /** Under an id of our own: what was drawn by the asker is no secret to its neighbours. */
  async #tryOne(message: Uint8Array, server: string, isUdp: boolean): Promise<Uint8Array> {
    const asked = Buffer.from(message);
    asked.writeUInt16BE(randomInt(0x10000), 0);
    const answer = isUdp ? await this.#byUdp(asked, server) : await this.#byTcp(asked, server);
    const own = Buffer.from(answer);
    own.set(message.subarray(0, 2), 0);
    return own;
  }

  #byUdp(asked: Buffer, server: string): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const socket = createSocket(isIPv6(server) ? 'udp6' : 'udp4');
      const end = (): void => {
        clearTimeout(timer);
        socket.close();
      };
      const fail = (error: Error): void => {
        end();
        reject(error);
      };
      const timer = after(() => fail(new Error(`${server} does not answer`)), this.#tryMs);
      socket.once('error', fail);
      // Connected: the kernel lets nobody else answer.
      socket.connect(this.#port, server, () => socket.send(asked));
      socket.on('message', (answer) => {
        if (!isAnswerTo(asked, answer)) return;
        end();
        resolve(answer);
      });
    });
  }

  #byTcp(asked: Buffer, server: string): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.#port, server);
      const reader = new MessageReader();
      const fail = (error: Error): void => {
        clearTimeout(timer);
        socket.destroy();
        reject(error);
      };
      const timer = after(() => fail(new Error(`${server} does not answer`)), this.#tryMs);
      socket.once('error', fail);
      socket.once('close', () => fail(new Error(`${server} has hung up`)));
      socket.write(framed(asked));
      socket.on('data', (bytes: Buffer) => {
        for (const answer of reader.read(bytes)) {
          if (!isAnswerTo(asked, answer)) continue;
          clearTimeout(timer);
          resolve(answer);
          socket.destroy();
          return;
        }
      });
    });
  }
}

/** The same id and question, whose letters may differ in case, and marked as an answer. */
function isAnswerTo(asked: Buffer, answer: Uint8Array): boolean {
  if (answer.length < 12 || answer[0] !== asked[0] || answer[1] !== asked[1]) return false;
  if (((answer[2] ?? 0) & 0x80) === 0) return false;
  const questions = ((answer[4] ?? 0) << 8) | (answer[5] ?? 0);
  // A server that refuses may leave the question out.
  if (questions === 0) return true;
  let at = 12;
  for (let length = asked[at] ?? 0; length !== 0 && at < asked.length; length = asked[at] ?? 0) {
    for (let i = at; i <= at + length; i++)
      if (lower(asked[i] ?? 0) !== lower(answer[i] ?? 0)) return false;
    at += length + 1;
  }
  return Buffer.compare(asked.subarray(at, at + 5), answer.subarray(at, at + 5)) === 0;
}

const lower = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte);
