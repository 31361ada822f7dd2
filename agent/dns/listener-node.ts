/** The sockets on one gateway address. */
import { createSocket } from 'node:dgram';
import type { Socket as UdpSocket } from 'node:dgram';
import { createServer, isIPv6 } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { Ms } from '#lib';
import { MessageReader, framed } from './frames.ts';

/** A message and the way back. */
export type OnMessage = (
  bytes: Uint8Array,
  source: string,
  isUdp: boolean,
  answer: (message: Uint8Array) => void,
) => void;

/** Connections at once, on one address; and of one asker, so that it cannot keep the others out. */
const connectionsMax = 200;
export const connectionsPerAskerMax = 20;
/** A connection on which nothing is asked for so long is closed. */
const idleMs: Ms = 10_000;
/** Questions of one connection that are not answered yet; more are read later. */
const pendingMax = 100;

/** Listens by UDP and TCP on one address. Both, or neither. */
export class Listener {
  readonly #udp: UdpSocket;
  readonly #tcp: Server;
  readonly #connections = new Set<Socket>();

  private constructor(udp: UdpSocket, tcp: Server) {
    this.#udp = udp;
    this.#tcp = tcp;
  }

  /** Rejects with the system's error: EADDRNOTAVAIL while the address is not there. */
  static async open(
    address: string,
    port: number,
    onMessage: OnMessage,
    onError: (error: Error) => void,
  ): Promise<Listener> {
    const udp = isIPv6(address)
      ? createSocket({ type: 'udp6', ipv6Only: true })
      : createSocket('udp4');
    const tcp = createServer({ noDelay: true });
    const listener = new Listener(udp, tcp);
    try {
      await new Promise<void>((resolve, reject) => {
        udp.once('error', reject);
        udp.bind(port, address, resolve);
      });
      const bound = udp.address().port;
      await new Promise<void>((resolve, reject) => {
        tcp.once('error', reject);
        tcp.listen({ host: address, port: bound, ipv6Only: true }, resolve);
      });
    } catch (error) {
      listener.close();
      throw error;
    }
    for (const socket of [udp, tcp]) socket.removeAllListeners('error').on('error', onError);
    tcp.maxConnections = connectionsMax;
    udp.on('message', (bytes, { address: source, port: sourcePort }) => {
      onMessage(bytes, source, true, (message) => udp.send(message, sourcePort, source, ignore));
    });
    tcp.on('connection', (socket) => listener.#serve(socket, onMessage));
    return listener;
  }

  get port(): number {
    return this.#udp.address().port;
  }

  close(): void {
    this.#udp.close(ignore);
    this.#tcp.close(ignore);
    for (const socket of this.#connections) socket.destroy();
  }

  #serve(socket: Socket, onMessage: OnMessage): void {
    const source = socket.remoteAddress ?? '';
    const own = [...this.#connections].filter(({ remoteAddress }) => remoteAddress === source);
    if (own.length >= connectionsPerAskerMax) {
      socket.destroy();
      return;
    }
    const reader = new MessageReader();
    let pending = 0;
    this.#connections.add(socket);
    socket.setTimeout(idleMs, () => socket.destroy());
    socket.once('close', () => this.#connections.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes: Buffer) => {
      for (const message of reader.read(bytes)) {
        pending++;
        onMessage(message, source, false, (answer) => {
          pending--;
          if (socket.destroyed) return;
          socket.write(framed(answer));
          if (pending < pendingMax) socket.resume();
        });
      }
      if (pending >= pendingMax || socket.writableNeedDrain) socket.pause();
    });
    socket.on('drain', () => socket.resume());
  }
}

const ignore = (): void => undefined;
