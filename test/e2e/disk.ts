/** Real disks that are full, or read-only after an error: what the member and the daemon do and say. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { Entry } from 'raft-ts';
import { RaftNode } from 'raft-ts';
import { AesLogCipher, nodeDisk, systemClock, systemRandom } from 'raft-ts/node';
import { attempt } from '#test/_support/command';
import { tsctlPath } from '#test/_support/lab';
import { poll } from '#test/_support/poll';
import { SmallDisk } from '#test/_support/small-disk';
import { freePort } from '#test/_support/free-port';

const tesseradPath = join(import.meta.dirname, '../../bin/tesserad');
const cipher = new AesLogCipher(new Uint8Array(32).fill(9));

async function smallDisk(t: ExecutionContext): Promise<SmallDisk> {
  const disk = await SmallDisk.make(24);
  t.teardown(() => disk.remove());
  return disk;
}

interface Failure {
  readonly code: string;
  readonly error: unknown;
}

/** A cluster of one on that disk. */
async function openMember(disk: SmallDisk) {
  const values: string[] = [];
  const failures: Failure[] = [];
  const node = await RaftNode.open({
    id: 1,
    clock: systemClock(),
    random: systemRandom(),
    disk: nodeDisk(join(disk.directory, 'raft')),
    cipher,
    stateMachine: {
      apply: ({ data }: Entry) => void values.push(new TextDecoder().decode(data.subarray(0, 8))),
      // eslint-disable-next-line require-yield -- no snapshot is due here
      async *snapshot() {
        throw new Error('no snapshot is due');
      },
      restore: () => Promise.reject(new Error('there is no snapshot')),
    },
    transport: { send: () => undefined, sendSnapshot: () => Promise.reject(new Error('alone')) },
    observer: { failed: (event) => void failures.push(event) },
    bootstrap: { members: [{ id: 1, role: 'voter', context: '' }] },
  });
  await poll('it leads', () => node.status().role === 'leader');
  return { node, values, failures };
}

/** Writes of 64 KiB until one is not committed, at most `countMax`; those that were. */
async function writeUntilFailure(node: RaftNode, from: number, countMax: number) {
  const acknowledged: string[] = [];
  for (let i = 0; i < countMax; i++) {
    const name = String(from + i).padStart(8, '0');
    const data = new Uint8Array(64 << 10);
    data.set(new TextEncoder().encode(name));
    const outcome = await node.propose(data);
    if (outcome.kind !== 'committed') break;
    acknowledged.push(name);
  }
  return acknowledged;
}

test.serial(
  'a member whose disk is full stops, names file and error, and loses nothing',
  async (t) => {
    const disk = await smallDisk(t);
    const { node, failures } = await openMember(disk);
    const acknowledged = await writeUntilFailure(node, 0, 2000);
    t.true(acknowledged.length > 50 && acknowledged.length < 2000, `${acknowledged.length} writes`);
    await poll('it has failed', () => failures.length > 0);
    t.is(failures[0]?.code, 'DISK_FAILED');
    t.like(failures[0]?.error, { code: 'ENOSPC' });
    t.regex(String(failures[0]?.error), /ENOSPC: no space left on device, write '.*\.wal'/);
    await node.stop();
    // The disk is still full: nothing gets better, nothing gets worse.
    await disk.fill();
    const full = await openMember(disk).catch((error: unknown) => error);
    if (full instanceof Error) t.like(full, { code: 'ENOSPC' });
    else await (full as { node: RaftNode }).node.stop();
    await disk.makeRoom();
    await disk.unmount();
    const larger = await SmallDisk.make(64);
    t.teardown(() => larger.remove());
    await disk.mount();
    await attempt(['cp', '-a', `${disk.directory}/raft`, larger.directory]);
    const again = await openMember(larger);
    t.deepEqual(again.values.slice(0, acknowledged.length), acknowledged);
    const more = await writeUntilFailure(again.node, acknowledged.length, 20);
    t.is(more.length, 20);
    await again.node.stop();
  },
);

test.serial('a disk that turns read-only under a member stops it, and loses nothing', async (t) => {
  const disk = await smallDisk(t);
  const { node, failures } = await openMember(disk);
  const acknowledged = await writeUntilFailure(node, 0, 20);
  await disk.abort();
  t.deepEqual(await writeUntilFailure(node, 20, 5), []);
  await poll('it has failed', () => failures.length > 0);
  t.is(failures[0]?.code, 'DISK_FAILED');
  t.regex(String(failures[0]?.error), /E(ROFS|IO): .* '.*\.wal'/);
  await node.stop();
  await t.throwsAsync(openMember(disk), { code: 'EROFS' });
  await disk.repair();
  const again = await openMember(disk);
  t.deepEqual(again.values.slice(0, acknowledged.length), acknowledged);
  t.is((await writeUntilFailure(again.node, 100, 5)).length, 5);
  await again.node.stop();
});

/** A daemon of its own, with its data on that disk and nothing else of this machine. */
class OwnDaemon {
  readonly #disk: SmallDisk;
  readonly #address: string;
  readonly #runDirectory: string;
  #child: ReturnType<typeof spawn> | undefined;
  /** All that the present process has printed. */
  text = '';
  #ended: Promise<unknown[]> = Promise.resolve([]);

  private constructor(disk: SmallDisk, address: string, runDirectory: string) {
    this.#disk = disk;
    this.#address = address;
    this.#runDirectory = runDirectory;
  }

  static async on(t: ExecutionContext, disk: SmallDisk): Promise<OwnDaemon> {
    const own = new OwnDaemon(disk, `127.0.0.1:${await freePort()}`, `${disk.directory}-run`);
    t.teardown(() => own.kill());
    return own;
  }

  async start(): Promise<void> {
    this.text = '';
    const flags = [
      '--data-dir',
      join(this.#disk.directory, 'data'),
      '--run-dir',
      this.#runDirectory,
    ];
    const child = spawn(tesseradPath, [...flags, '--metrics', 'none', '--runtime', 'simulated']);
    child.stdout.on('data', (chunk) => void (this.text += String(chunk)));
    child.stderr.on('data', (chunk) => void (this.text += String(chunk)));
    this.#ended = once(child, 'exit');
    this.#child = child;
    await poll('it answers', async () => (await this.tsctl('info')).code === 0);
  }

  /** Exit code, once it has ended by itself. */
  async exitCode(): Promise<number> {
    return Number((await this.#ended)[0]);
  }

  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  tsctl(...args: readonly string[]) {
    const host = `unix://${join(this.#runDirectory, 'tessera.sock')}`;
    return attempt([tsctlPath, '--host', host, ...args], { deadlineMs: 30_000 });
  }

  init() {
    return this.tsctl('init', '--advertise-addr', this.#address, '--listen-addr', this.#address);
  }

  create(name: string, more: readonly string[] = []) {
    const flags = ['-d', '--name', name, '--replicas', '0', ...more];
    return this.tsctl('service', 'create', ...flags, 'busybox');
  }

  /** Names of the services, once they are told. */
  listed(): Promise<readonly string[]> {
    const describe = (): string => this.text.slice(-3000);
    return poll('the services are listed', () => this.services(), { describe });
  }

  async services(): Promise<readonly string[]> {
    const { stdout } = await this.tsctl('service', 'ls', '--format', 'json');
    const list = JSON.parse(stdout) as readonly { readonly spec?: { readonly name?: string } }[];
    return list.map(({ spec }) => spec?.name ?? '').sort();
  }
}

async function createUntilRefused(daemon: OwnDaemon, prefix: string): Promise<readonly string[]> {
  const acknowledged: string[] = [];
  // Long labels: the disk has a little room left in the log's last block.
  const label = ['--label', `pad=${'x'.repeat(3000)}`];
  for (let i = 0; i < 40; i++) {
    const { code } = await daemon.create(`${prefix}${i}`, label);
    if (code !== 0) return acknowledged;
    acknowledged.push(`${prefix}${i}`);
  }
  return acknowledged;
}

test.serial(
  'tesserad says what is wrong with a full disk and what to do, and goes on after it',
  async (t) => {
    const disk = await smallDisk(t);
    const daemon = await OwnDaemon.on(t, disk);
    await daemon.start();
    t.is((await daemon.init()).code, 0);
    t.is((await daemon.create('before')).code, 0);
    await disk.fill();
    const acknowledged = await createUntilRefused(daemon, 'full');
    t.true(acknowledged.length < 40);
    t.is(await daemon.exitCode(), 1);
    t.regex(
      daemon.text,
      /the disk of this manager refuses its log: ENOSPC: no space left on device, \w+ '[^']+\/raft\/raft\/[^']+': make room on that file system/,
    );
    await disk.makeRoom();
    await daemon.start();
    const services = await daemon.listed();
    for (const name of ['before', ...acknowledged]) t.true(services.includes(name), name);
    t.is((await daemon.create('after')).code, 0);
    await daemon.kill();
  },
);

test.serial(
  'tesserad on a read-only disk says so in tsctl info, and goes on after it',
  async (t) => {
    const disk = await smallDisk(t);
    const daemon = await OwnDaemon.on(t, disk);
    await daemon.start();
    t.is((await daemon.init()).code, 0);
    t.is((await daemon.create('before')).code, 0);
    await disk.abort();
    t.not((await daemon.create('lost')).code, 0);
    t.is(await daemon.exitCode(), 1);
    t.regex(daemon.text, /refuses its log: E(ROFS|IO): [^:]+ '[^']+': /);
    await daemon.start();
    const info = await poll('the error is told', async () => {
      const { stdout } = await daemon.tsctl('info');
      return /State: +Error/.test(stdout) && stdout;
    });
    t.log(info);
    t.regex(info, /Error: +.*EROFS/);
    t.regex(info, /mount that file system for writing/);
    await daemon.kill();
    await disk.repair();
    await daemon.start();
    t.true((await daemon.listed()).includes('before'));
    t.is((await daemon.create('after')).code, 0);
    await daemon.kill();
  },
);
