/** A real etcd of one or three members on loopback, in temporary directories, on free ports. */
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { silentMetrics } from '#lib';
import { systemClock } from '#lib/clock-node';
import { EtcdClient } from '#manager/etcd/etcd-client-node';
import type { EtcdClientOptions } from '#manager/etcd/etcd-client-node';
import { poll } from './poll.ts';
import { freePort } from './free-port.ts';

/** More arguments for every member. */
export interface EtcdClusterOptions {
  readonly size: 1 | 3;
  readonly args?: readonly string[];
  readonly scheme?: 'http' | 'https';
}

interface Member {
  readonly name: string;
  readonly directory: string;
  readonly clientPort: number;
  readonly peerPort: number;
  child: ChildProcess | undefined;
}

export class EtcdCluster {
  readonly #options: EtcdClusterOptions;
  readonly #members: readonly Member[];

  readonly #directory: string;

  private constructor(options: EtcdClusterOptions, directory: string, members: readonly Member[]) {
    this.#options = options;
    this.#directory = directory;
    this.#members = members;
  }

  /** Ends and cleans up with the test. */
  static async start(t: ExecutionContext, options: EtcdClusterOptions): Promise<EtcdCluster> {
    const cluster = await EtcdCluster.make(options);
    t.teardown(async () => {
      if (!t.passed) t.log(await cluster.#lastLines());
      await cluster.close();
    });
    return cluster;
  }

  /** Whoever makes it closes it. */
  static async make(options: EtcdClusterOptions): Promise<EtcdCluster> {
    const directory = await mkdtemp(join(tmpdir(), 'tessera-etcd-'));
    const members: Member[] = [];
    for (let i = 1; i <= options.size; i++) {
      const [clientPort, peerPort] = [await freePort(), await freePort()];
      const own = join(directory, `e${i}`);
      members.push({ name: `e${i}`, directory: own, clientPort, peerPort, child: undefined });
    }
    const cluster = new EtcdCluster(options, directory, members);
    for (const at of members.keys()) cluster.boot(at);
    return cluster;
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map((_, at) => this.kill(at)));
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #lastLines(): Promise<string> {
    const logs = this.#members.map(({ directory }) =>
      readFile(`${directory}.log`, 'utf8').catch(() => ''),
    );
    return (await Promise.all(logs)).map((text) => text.slice(-500)).join('\n---\n');
  }

  /** host:port of each member. */
  get endpoints(): readonly string[] {
    return this.#members.map(({ clientPort }) => `127.0.0.1:${clientPort}`);
  }

  /** Starts a member that does not run, on the disk it has. */
  boot(at: number): void {
    const member = this.#at(at);
    const { scheme = 'http', args = [] } = this.#options;
    const peer = (one: Member): string => `http://127.0.0.1:${one.peerPort}`;
    const client = `${scheme}://127.0.0.1:${member.clientPort}`;
    const flags = {
      name: member.name,
      'data-dir': member.directory,
      'listen-client-urls': client,
      'advertise-client-urls': client,
      'listen-peer-urls': peer(member),
      'initial-advertise-peer-urls': peer(member),
      'initial-cluster': this.#members.map((one) => `${one.name}=${peer(one)}`).join(','),
      'initial-cluster-token': this.#directory,
    };
    const own = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
    // It dies with the tests, also when these are killed.
    const argv = ['--pdeathsig', 'KILL', 'etcd', ...own, ...args];
    member.child = spawn('setpriv', argv, { stdio: ['ignore', 'ignore', 'pipe'] });
    member.child.stderr?.pipe(createWriteStream(`${member.directory}.log`, { flags: 'a' }));
  }

  /** Puts the state of a file of `etcdctl snapshot save` in the place of a killed member's. */
  async restore(at: number, snapshot: string): Promise<void> {
    const { name, directory, peerPort } = this.#at(at);
    const peer = `http://127.0.0.1:${peerPort}`;
    await rm(directory, { recursive: true, force: true });
    await runCommand('etcdctl', [
      ...['snapshot', 'restore', snapshot, '--name', name, '--data-dir', directory],
      ...['--initial-cluster', `${name}=${peer}`, '--initial-advertise-peer-urls', peer],
    ]);
  }

  async kill(at: number): Promise<void> {
    const member = this.#at(at);
    const { child } = member;
    member.child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  signal(at: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#at(at).child?.kill(signal);
  }

  client(options: Partial<EtcdClientOptions> = {}): EtcdClient {
    return new EtcdClient({
      endpoints: this.endpoints,
      tls: undefined,
      login: undefined,
      clock: systemClock(),
      metrics: silentMetrics,
      ...options,
    });
  }

  /** Until a majority answers. */
  async ready(options: Partial<EtcdClientOptions> = {}): Promise<void> {
    const client = this.client(options);
    try {
      await poll('etcd answers', () => client.range('ready'));
    } finally {
      client.close();
    }
  }

  /** The member that leads etcd itself. */
  async leader(): Promise<number> {
    return poll('etcd has a leader', async () => {
      for (const [at, member] of this.#members.entries()) {
        if (member.child === undefined) continue;
        const answer = await fetch(`http://127.0.0.1:${member.clientPort}/metrics`);
        if (/^etcd_server_is_leader 1$/m.test(await answer.text())) return { at };
      }
      return undefined;
    }).then(({ at }) => at);
  }

  #at(at: number): Member {
    const member = this.#members[at];
    if (member === undefined) throw new Error(`no etcd member ${at}`);
    return member;
  }
}

/** Runs a program to its end; what it printed. */
export async function runCommand(program: string, args: readonly string[]): Promise<string> {
  const env = { ...process.env, ETCDCTL_API: '3' };
  return (await promisify(execFile)(program, args, { env, timeout: 60_000 })).stdout;
}
