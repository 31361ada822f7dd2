/** The root-only unix socket: who can open it is root of this host, and may do everything. */
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { join } from 'node:path';
import { ClusterError, messageOf, sleep } from '#lib';
import type { Clock, Ms } from '#lib';
import { ControlService, LocalService } from '#proto';
import type { Handlers } from '#proto';
import { channelOptions, grpc } from '#proto/rpc';
import { serve } from '#proto/serve-node';
import type { Basics } from './ports.ts';

export const socketName = 'tessera.sock';
const connectionCountMax = 1000;

export interface LocalServerOptions extends Basics {
  readonly runDirectory: string;
  readonly local: Handlers<typeof LocalService>;
  readonly control: Handlers<typeof ControlService>;
}

export class LocalServer {
  readonly #path: string;
  readonly #directory: string;
  readonly #grpc: grpc.Server;
  readonly #injector: grpc.ConnectionInjector;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(options: LocalServerOptions) {
    this.#directory = options.runDirectory;
    this.#path = join(options.runDirectory, socketName);
    this.#grpc = new grpc.Server(channelOptions);
    const identify = () =>
      ({ caller: { kind: 'local' }, address: '', isForwarded: false }) as const;
    serve(this.#grpc, LocalService, options.local, { ...options, identify });
    serve(this.#grpc, ControlService, options.control, { ...options, identify });
    this.#injector = this.#grpc.createConnectionInjector(grpc.ServerCredentials.createInsecure());
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      this.#injector.injectConnection(socket);
    });
    this.#server.maxConnections = connectionCountMax;
  }

  /** FAILED_PRECONDITION when another daemon answers on the socket; one left behind is replaced. */
  async listen(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o755 });
    if (await isAnswering(this.#path))
      throw new ClusterError(
        'FAILED_PRECONDITION',
        `another tesserad answers on ${this.#path}: stop it first, or choose another --run-dir and --data-dir`,
      );
    // Made where only root may look, closed to others, then moved: nobody else can ever open it.
    const hidden = join(this.#directory, `.private-${process.pid}`);
    await rm(hidden, { recursive: true, force: true });
    await mkdir(hidden, { mode: 0o700 });
    const path = join(hidden, socketName);
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) =>
        reject(
          new ClusterError('FAILED_PRECONDITION', `${this.#path}: ${messageOf(error)}`, {
            cause: error,
          }),
        ),
      );
      this.#server.listen(path, () => resolve());
    });
    await chmod(path, 0o600);
    await rename(path, this.#path);
    await rm(hidden, { recursive: true, force: true });
  }

  async close(): Promise<void> {
    this.#injector.destroy();
    this.#grpc.forceShutdown();
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await rm(this.#path, { force: true });
  }
}

function isAnswering(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** A process that was just being started by another daemon has its names until it has become its program. */
const lockTries = 25;
const lockEveryMs: Ms = 40;

/**
 * Holds the data directory for this process: a name in the kernel that goes with the process, however
 * it ends. FAILED_PRECONDITION when another daemon has it, and keeps it for a second.
 */
export async function lockDirectory(directory: string, clock: Clock): Promise<() => void> {
  for (let tries = 1; ; tries++) {
    const unlock = await tryLock(`\0tesserad:${directory}`.slice(0, 107));
    if (unlock !== undefined) return unlock;
    if (tries === lockTries)
      throw new ClusterError(
        'FAILED_PRECONDITION',
        `another tesserad uses ${directory}: stop it first, or choose another --data-dir`,
      );
    await sleep(clock, lockEveryMs);
  }
}

function tryLock(name: string): Promise<(() => void) | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once('error', () => resolve(undefined));
    server.listen(name, () => resolve(() => server.close()));
  });
}
