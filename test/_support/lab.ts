/** A lab for tests: real hosts, real containerd, driven by `tsctl` as a user would. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestFn } from 'ava';
import { enterCommand } from '#cli/lab/host-node';
import { hostNumber } from '#cli/lab/names';
import { attempt, run, succeeded } from './command.ts';
import type { CommandOptions, CommandResult } from './command.ts';
import { poll } from './poll.ts';

const project = join(import.meta.dirname, '../..');
export const tsctlPath = join(project, 'bin/tsctl');
/** Where labs keep their files. */
export const labsRoot = '/var/lib/tessera-lab';
export const busyboxArchive = join(project, 'build/busybox.tar');
/** Inside a host `tsctl` means its own daemon. */
const insideEnv = {
  PATH: `${project}/bin:${process.env['PATH']}`,
  TESSERA_HOST: 'unix:///run/tessera/tessera.sock',
};

/** One line of `ctr tasks ls`. */
export interface RuntimeTask {
  readonly host: string;
  readonly id: string;
  readonly pid: number;
}

export interface TaskView {
  readonly id: string;
  readonly slot: number;
  readonly nodeId?: string;
  readonly desiredState: string;
  readonly status: { readonly state: string; readonly error?: string; readonly address?: string };
}

const ctr = ['ctr', '-n', 'tessera'];

/** Those that run, of the lines of `ctr tasks ls`. */
const runningIn = (host: string, text: string): RuntimeTask[] =>
  text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , state]) => state === 'RUNNING')
    .map(([id = '', pid = '0']) => ({ host, id, pid: Number(pid) }));

export class Lab {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly #config: string;

  constructor(name: string, hosts: readonly string[], config: string) {
    this.name = name;
    this.hosts = hosts;
    this.#config = config;
  }

  /** `daemonArgs`: for every tesserad. */
  static async up(
    name: string,
    hosts: number,
    managers: number,
    daemonArgs: readonly string[] = [],
  ): Promise<Lab> {
    const config = await mkdtemp(join(tmpdir(), 'tessera-test-'));
    const names = Array.from({ length: hosts }, (_, i) => `host${i + 1}`);
    const lab = new Lab(name, names, config);
    await lab.down();
    const more = daemonArgs.map((arg) => `--tesserad-arg=${arg}`);
    const shape = ['--hosts', String(hosts), '--managers', String(managers), ...more];
    await lab.tsctl(['lab', 'up', '--name', name, ...shape], { deadlineMs: 180_000 });
    await lab.tsctl(['image', 'load', busyboxArchive]);
    return lab;
  }

  #options(options: CommandOptions): CommandOptions {
    const env = { XDG_CONFIG_HOME: this.#config, NO_COLOR: '1', ...options.env };
    return { ...options, env };
  }

  /** What a user types; an exit code other than 0 is an error. */
  tsctl(args: readonly string[], options: CommandOptions = {}): Promise<string> {
    return run([tsctlPath, ...args], this.#options(options));
  }

  tryTsctl(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return attempt([tsctlPath, ...args], this.#options(options));
  }

  /** Runs a program inside a host. */
  async exec(host: string, argv: readonly string[]): Promise<string> {
    return succeeded([host, ...argv], await this.tryExec(host, argv));
  }

  /**
   * As `exec`, whatever the exit code; rejects when the host is off. Does what `tsctl lab exec` does, without
   * the start of a program of its own: waiting for a condition in a host must leave the processors to it.
   */
  async tryExec(host: string, argv: readonly string[]): Promise<CommandResult> {
    const line = enterCommand(this.name, hostNumber(host, this.hosts.length), argv);
    return await attempt(line, this.#options({ env: insideEnv }));
  }

  fault(kind: 'kill' | 'stop' | 'cont' | 'cut' | 'heal', host: string): Promise<string> {
    return this.tsctl(['lab', 'fault', '--name', this.name, kind, host]);
  }

  /** The daemon's own socket, as seen from outside. */
  socketOf(host: string): string {
    return join(this.stateOf(host), 'run/tessera/tessera.sock');
  }

  /** Boots a host after `fault kill`. */
  start(host: string): Promise<string> {
    return this.tsctl(['lab', 'start', '--name', this.name, host]);
  }

  /** What containerd itself says is running, on the given hosts. */
  async running(hosts: readonly string[] = this.hosts): Promise<RuntimeTask[]> {
    const lists = await Promise.all(
      hosts.map(async (host) => runningIn(host, await this.exec(host, [...ctr, 'tasks', 'ls']))),
    );
    return lists.flat();
  }

  /** The running containers of one service, by containerd's own labels. */
  async runningOf(service: string, hosts: readonly string[] = this.hosts): Promise<RuntimeTask[]> {
    const filter = `labels."tessera.service.name"==${service}`;
    const script = `${ctr.join(' ')} containers ls -q "$0" && echo == && ${ctr.join(' ')} tasks ls`;
    const lists = await Promise.all(
      hosts.map(async (host) => {
        const text = await this.exec(host, ['sh', '-c', script, filter]);
        const [ids = '', tasks = ''] = text.split('==\n');
        const own = new Set(ids.split('\n'));
        return runningIn(host, tasks).filter(({ id }) => own.has(id));
      }),
    );
    return lists.flat();
  }

  async tasks(service: string): Promise<TaskView[]> {
    return JSON.parse(
      await this.tsctl(['service', 'ps', service, '--format', 'json']),
    ) as TaskView[];
  }

  /** Until exactly `count` containers of the service run, on the given hosts, says containerd. */
  awaitRunning(
    service: string,
    count: number,
    options: { readonly hosts?: readonly string[]; readonly deadlineMs?: number } = {},
  ): Promise<RuntimeTask[]> {
    let seen: RuntimeTask[] = [];
    return poll(
      `${count} containers of ${service} run`,
      async () => {
        seen = await this.runningOf(service, options.hosts ?? this.hosts);
        return seen.length === count ? seen : undefined;
      },
      // Each look starts programs in every host: they need the processors more.
      {
        deadlineMs: options.deadlineMs ?? 60_000,
        everyMs: 100,
        describe: () => JSON.stringify(seen),
      },
    );
  }

  /** The host's own files, as seen from outside. */
  stateOf(host: string): string {
    return join(labsRoot, this.name, host);
  }

  /** What is worth seeing when a test fails. */
  async evidence(): Promise<string> {
    const parts = await Promise.all([
      this.tryTsctl(['node', 'ls']).then((result) => result.stdout + result.stderr),
      this.tryTsctl(['service', 'ls']).then((result) => result.stdout + result.stderr),
      ...this.hosts.map(async (host) => {
        const log = await this.tryTsctl(['lab', 'logs', '--name', this.name, host]);
        return `== ${host}\n${log.stdout.split('\n').slice(-40).join('\n')}`;
      }),
    ]);
    return parts.join('\n');
  }

  async down(): Promise<void> {
    await this.tryTsctl(['lab', 'down', '--name', this.name]);
  }

  async close(): Promise<void> {
    await this.down();
    await rm(this.#config, { recursive: true, force: true });
  }
}

/** Registers the end of a file's lab: what is worth seeing when a test has failed, or none has run. */
export function endsLab<Context>(
  test: TestFn<Context>,
  lab: () => Lab | undefined,
  afterwards?: () => Promise<void>,
): void {
  let hasPassed: boolean | undefined;
  test.afterEach.always((t) => {
    hasPassed = t.passed && hasPassed !== false;
  });
  test.after.always('the lab goes', async (t) => {
    const own = lab();
    if (hasPassed !== true) t.log(await own?.evidence());
    await own?.close();
    await afterwards?.();
  });
}
