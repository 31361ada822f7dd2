/** The manager's end of an agent's session on a connection of its own; see decision 0210. */
import type { Socket } from 'node:net';
import { ClusterError, messageOf } from '#lib';
import type { Logger, Ms } from '#lib';
import {
  AgentMessage,
  FrameReader,
  ManagerMessage,
  SessionEnd,
  frameOf,
  ownEncoding,
} from '#proto';
import type { SessionInput, SessionLink, SessionPeer } from './agent-session.ts';

/** Messages that wait for an agent that does not read; more and the session ends, and the agent starts over. */
const waitingMax = 256;
/** The agent closes the connection within this once it was told the end. */
const endDeadlineMs: Ms = 5_000;

export interface SessionLinkOptions {
  /** NOT_LEADER and the like end the session. */
  readonly open: (peer: SessionPeer, link: SessionLink) => SessionInput;
  readonly log: Logger;
}

const encode = (message: ManagerMessage): Uint8Array =>
  frameOf(ownEncoding(message) ?? ManagerMessage.encode(message));

/** Writes messages as fast as the agent reads, then a last one. */
class SocketLink implements SessionLink {
  readonly #socket: Socket;
  #waiting: ManagerMessage[] | undefined;
  #isEnded = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  send(message: ManagerMessage): void {
    if (this.#isEnded) return;
    if (this.#waiting === undefined) this.#write(message);
    else if (this.#waiting.length < waitingMax) this.#waiting.push(message);
    else {
      this.#waiting = [];
      const text = `the agent fell behind by ${waitingMax} messages: open a new session`;
      this.close(new ClusterError('LIMIT_EXCEEDED', text));
    }
  }

  close({ code, message, details }: ClusterError): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const last = SessionEnd.create({ code, message, details: { ...details } });
    for (const waiting of this.#waiting ?? []) this.#socket.write(encode(waiting));
    this.#waiting = undefined;
    this.#socket.end(encode(ManagerMessage.create({ body: { kind: 'end', end: last } })));
    this.#socket.setTimeout(endDeadlineMs, () => this.#socket.destroy());
  }

  #write(message: ManagerMessage): void {
    if (this.#socket.write(encode(message))) return;
    this.#waiting = [];
    this.#socket.once('drain', () => this.#resume());
  }

  #resume(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const message of waiting) this.send(message);
  }
}

/** Serves the session of node `nodeId` until either side ends it. */
export function serveSessionLink(
  socket: Socket,
  nodeId: string,
  { open, log }: SessionLinkOptions,
): void {
  const { remoteAddress = '', remotePort = 0 } = socket;
  const link = new SocketLink(socket);
  const reader = new FrameReader();
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  let input: SessionInput;
  try {
    input = open({ nodeId, address: `${remoteAddress}:${remotePort}` }, link);
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    link.close(error);
    // Nothing of what the agent said already is of use; unread, its end would not be seen.
    socket.resume();
    return;
  }
  socket.on('close', () => input.closed());
  socket.on('data', (piece: Uint8Array) => {
    try {
      for (const frame of reader.read(piece)) input.receive(AgentMessage.decode(frame));
    } catch (error) {
      log.warn('session ended', { nodeId, reason: messageOf(error) });
      socket.destroy();
    }
  });
}
