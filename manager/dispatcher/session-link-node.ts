/** The manager's end of an agent's session on a connection of its own; see decision 0210. */
import type { Socket } from 'node:net';
import { ClusterError, TurnQueue, messageOf } from '#lib';
import type { Clock, Logger, Ms } from '#lib';
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
/** Nothing more is read of an agent with so many bytes that wait to be handled, until none do. */
const unreadBytesMax = 64 << 10;

export interface SessionLinkOptions {
  /** NOT_LEADER and the like end the session. */
  readonly open: (peer: SessionPeer, link: SessionLink) => SessionInput;
  readonly log: Logger;
  /** In which agents' messages are handled; one for all agents. */
  readonly inboxes: Inboxes;
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

/**
 * What an agent has said and is yet to be handled. One turn of the event loop reads what all agents have said
 * meanwhile, so it must not handle all of it, too.
 */
class Inbox {
  readonly #socket: Socket;
  readonly #inboxes: Inboxes;
  readonly #input: SessionInput;
  readonly #failed: (error: unknown) => void;
  /** Undefined once the agent has sent what is no message. */
  #reader: FrameReader | undefined = new FrameReader();
  #isPaused = false;
  #isClosed = false;

  constructor(
    socket: Socket,
    inboxes: Inboxes,
    input: SessionInput,
    failed: (error: unknown) => void,
  ) {
    this.#socket = socket;
    this.#inboxes = inboxes;
    this.#input = input;
    this.#failed = failed;
    socket.on('data', (piece: Uint8Array) => this.#take(piece));
    // What it said before is handled first.
    socket.on('close', () => {
      this.#isClosed = true;
      inboxes.add(this);
    });
  }

  /** Handles the next message; one of each agent in turn. */
  handleNext(): void {
    try {
      const frame = this.#reader?.next();
      if (frame !== undefined) {
        this.#input.receive(AgentMessage.decode(frame));
        this.#inboxes.add(this);
        return;
      }
    } catch (error) {
      this.#reader = undefined;
      this.#failed(error);
    }
    if (this.#isClosed) this.#input.closed();
    else if (this.#isPaused) {
      this.#isPaused = false;
      this.#socket.resume();
    }
  }

  #take(piece: Uint8Array): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    reader.push(piece);
    this.#inboxes.add(this);
    if (reader.bytes < unreadBytesMax) return;
    this.#isPaused = true;
    this.#socket.pause();
  }
}

/** Agents that have said something that is not handled yet. */
export class Inboxes {
  readonly #queue: TurnQueue<Inbox, undefined>;

  constructor(clock: Clock) {
    this.#queue = new TurnQueue(clock, Infinity, (inbox) => inbox.handleNext());
  }

  add(inbox: Inbox): void {
    this.#queue.add(inbox, undefined);
  }
}

/** Serves the session of node `nodeId` until either side ends it. */
export function serveSessionLink(
  socket: Socket,
  nodeId: string,
  { open, log, inboxes }: SessionLinkOptions,
): void {
  const { remoteAddress = '', remotePort = 0 } = socket;
  const link = new SocketLink(socket);
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
  new Inbox(socket, inboxes, input, (error) => {
    log.warn('session ended', { nodeId, reason: messageOf(error) });
    socket.destroy();
  });
}
