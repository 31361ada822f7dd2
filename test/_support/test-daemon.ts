/** Whole daemons in this process: real TLS on loopback, real disks, simulated containers. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { silentLogger } from '#lib';
import type { Clock, Logger, Ms } from '#lib';
import { systemClock } from '#lib/clock-node';
import { prometheusMetrics } from '#lib/metrics-node';
import { systemRandom } from '#lib/random-node';
import type { PrometheusMetrics } from '#lib/metrics-node';
import { agentMaker } from '#daemon/agent-part-node';
import { DiskNodeFiles } from '#daemon/node-files-node';
import type { TlsMaterial } from '#daemon/peer-identity';
import { resolveOptions } from '#daemon/options';
import type { MakeManager } from '#daemon/ports';
import { run } from '#daemon/run-node';
import type { Running } from '#daemon/run-node';
import { simulatedHost } from '#daemon/simulated-host';
import type { Method } from '#proto';
import { callServerStream, callUnary, grpc } from '#proto/rpc';
import { freePort } from './free-port.ts';

export class TestDaemon {
  readonly name: string;
  readonly directory: string;
  readonly address: string;
  metrics: PrometheusMetrics = prometheusMetrics();
  /** Collects what is logged, one line each. */
  readonly lines: string[] = [];
  /** Added to the wall clock of the next start. */
  clockShiftMs = 0;
  readonly #makeManager: MakeManager;
  /** More options, for the next start. */
  flags: Readonly<Record<string, string>> = {};
  readonly #makeAgent = agentMaker(simulatedHost());
  #running: Running | undefined;
  #client: grpc.Client | undefined;

  private constructor(name: string, directory: string, address: string, make: MakeManager) {
    this.name = name;
    this.directory = directory;
    this.address = address;
    this.#makeManager = make;
  }

  /** Ends and cleans up with the test. */
  static async start(
    t: ExecutionContext,
    name: string,
    makeManager: MakeManager,
    moreFlags: Readonly<Record<string, string>> = {},
    clockShiftMs = 0,
  ): Promise<TestDaemon> {
    const directory = await mkdtemp(join(tmpdir(), 'tessera-daemon-'));
    const address = `127.0.0.1:${await freePort()}`;
    const daemon = new TestDaemon(name, directory, address, makeManager);
    daemon.flags = moreFlags;
    daemon.clockShiftMs = clockShiftMs;
    t.teardown(async () => {
      await daemon.stop();
      await rm(directory, { recursive: true, force: true });
    });
    await daemon.start();
    return daemon;
  }

  get httpPort(): number {
    return this.#running?.httpPort ?? 0;
  }
  get dataDirectory(): string {
    return join(this.directory, 'data');
  }
  get socket(): string {
    return join(this.directory, 'run', 'tessera.sock');
  }

  async start(): Promise<void> {
    const flags = {
      'data-dir': this.dataDirectory,
      'run-dir': join(this.directory, 'run'),
      metrics: '127.0.0.1:0',
      hostname: this.name,
      runtime: 'simulated',
      ...this.flags,
    };
    this.metrics = prometheusMetrics();
    this.#running = await run({
      options: resolveOptions(flags, {}),
      clock: shifted(this.clockShiftMs),
      random: systemRandom(),
      log: collecting(this.lines),
      metrics: this.metrics,
      makeAgent: this.#makeAgent,
      makeManager: this.#makeManager,
    });
    this.#client = new grpc.Client(`unix://${this.socket}`, grpc.credentials.createInsecure());
  }

  async stop(): Promise<void> {
    this.#client?.close();
    await this.#running?.stop();
    this.#running = undefined;
  }

  /** The certificate and key of this node, as they are on its disk. */
  async material(): Promise<TlsMaterial> {
    const files = await DiskNodeFiles.open(this.dataDirectory, systemRandom());
    await files.openKeys();
    const material = await files.loadMaterial();
    if (material === undefined) throw new Error(`${this.name} has no certificate`);
    return material;
  }

  /** A new disk: stops, and everything of the host is gone. */
  async wipe(): Promise<void> {
    await this.stop();
    await rm(this.dataDirectory, { recursive: true, force: true });
  }

  /** A call on the local socket. */
  call<Request, Response>(method: Method<Request, Response>, request: Request): Promise<Response> {
    if (this.#client === undefined) throw new Error(`${this.name} does not run`);
    return callUnary(this.#client, method, request, { deadlineMs: 60_000 });
  }

  /** A call on the local socket that is answered by a stream. */
  stream<Request, Response>(
    method: Method<Request, Response, false, true>,
    request: Request,
  ): AsyncIterable<Response> {
    if (this.#client === undefined) throw new Error(`${this.name} does not run`);
    return callServerStream(this.#client, method, request, { deadlineMs: 60_000 });
  }

  /** The value of a metric (sum over its labels). */
  async metric(name: string, labels = ''): Promise<number> {
    const text = await this.metrics.render();
    const lines = text.split('\n').filter((line) => line.startsWith(name) && line.includes(labels));
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }
}

function shifted(byMs: Ms): Clock {
  const clock = systemClock();
  return { ...clock, now: () => clock.now() + byMs };
}

function collecting(lines: string[]): Logger {
  const add =
    (level: string) =>
    (message: string, fields?: object): void => {
      lines.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`);
      if (process.env['TESSERA_TEST_LOG'] !== undefined)
        console.error(level, message, JSON.stringify(fields ?? {}));
    };
  const logger: Logger = {
    ...silentLogger,
    info: add('info'),
    warn: add('warn'),
    error: add('error'),
    child: () => logger,
  };
  return logger;
}
