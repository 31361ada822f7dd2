/** The real program as a process of its own, to be killed and stopped at any moment. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { InfoRequest, LocalService } from '#proto';
import type { Method } from '#proto';
import { callUnary, grpc } from '#proto/rpc';
import { poll } from './poll.ts';
import { freePort } from './free-port.ts';

const program = new URL('../../bin/tesserad', import.meta.url).pathname;

export class DaemonProcess {
  readonly name: string;
  readonly address: string;
  readonly #directory: string;
  readonly #flags: readonly string[];
  #child: ChildProcess | undefined;
  #client: grpc.Client | undefined;

  private constructor(name: string, directory: string, address: string, flags: readonly string[]) {
    this.name = name;
    this.address = address;
    this.#directory = directory;
    this.#flags = flags;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Runs with simulated containers until it is killed, at the latest with the test. */
  static async start(
    t: Pick<ExecutionContext, 'teardown'>,
    name: string,
    flags: readonly string[] = [],
  ): Promise<DaemonProcess> {
    const directory = await mkdtemp(join(tmpdir(), 'tessera-process-'));
    const address = `127.0.0.1:${await freePort()}`;
    const daemon = new DaemonProcess(name, directory, address, flags);
    t.teardown(async () => {
      await daemon.kill();
      await rm(directory, { recursive: true, force: true });
    });
    await daemon.start();
    return daemon;
  }

  async start(): Promise<void> {
    const run = join(this.#directory, 'run');
    const own = ['--runtime', 'simulated', '--metrics', 'none', '--run-dir', run];
    const data = ['--data-dir', join(this.#directory, 'data'), '--hostname', this.name];
    const child = spawn(program, [...own, ...data, ...this.#flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream.pipe(createWriteStream(join(this.#directory, 'log'), { flags: 'a' }));
    this.#child = child;
    this.#client = new grpc.Client(
      `unix://${join(run, 'tessera.sock')}`,
      grpc.credentials.createInsecure(),
    );
    await poll('the socket answers', () => this.call(LocalService.info, InfoRequest.create()));
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    this.#client?.close();
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal);
  }

  /** A call on the local socket. */
  call<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    deadlineMs = 20_000,
  ): Promise<Response> {
    if (this.#client === undefined) throw new Error(`${this.name} does not run`);
    return callUnary(this.#client, method, request, { deadlineMs });
  }
}
