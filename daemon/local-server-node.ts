/** The root-only unix socket: who can open it is root of this host, and may do everything. */
import { chmod, mkdir, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { ClusterError, messageOf } from '#lib';
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
  readonly #server: Server;

  constructor(options: LocalServerOptions) {
    this.#directory = options.runDirectory;
    this.#path = join(options.runDirectory, socketName);
    this.#grpc = new grpc.Server(channelOptions);
    const identify = () =>
      ({ caller: { kind: 'local' }, address: '', isForwarded: false }) as const;
    serve(this.#grpc, LocalService, options.local, { ...options, identify });
    serve(this.#grpc, ControlService, options.control, { ...options, identify });
    const injector = this.#grpc.createConnectionInjector(grpc.ServerCredentials.createInsecure());
    this.#server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      injector.injectConnection(socket);
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
    await rm(this.#path, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) =>
        reject(
          new ClusterError('FAILED_PRECONDITION', `${this.#path}: ${messageOf(error)}`, {
            cause: error,
          }),
        ),
      );
      // The socket is made within this call: nobody else can ever open it.
      const before = process.umask(0o177);
      this.#server.listen(this.#path, () => resolve());
      process.umask(before);
    });
    await chmod(this.#path, 0o600);
  }

  close(): Promise<void> {
    this.#grpc.forceShutdown();
    return new Promise((resolve) => this.#server.close(() => resolve()));
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

/**
 * Holds the data directory for this process: a name in the kernel that goes with the process, however
 * it ends. FAILED_PRECONDITION when another daemon has it.
 */
export function lockDirectory(directory: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once('error', () =>
      reject(
        new ClusterError(
          'FAILED_PRECONDITION',
          `another tesserad uses ${directory}: stop it first, or choose another --data-dir`,
        ),
      ),
    );
    server.listen(`\0tesserad:${directory}`.slice(0, 107), () => resolve(() => server.close()));
  });
}
