import type { Clock, Disk, DiskFile, MemberId, Membership, RaftNodeOptions } from 'raft-ts';
import type { Entry, MemoryDisk, Observer, StateMachine, Transport } from 'raft-ts';
import type { Promised, RaftChecker } from './raft-checker.ts';
import type { Random } from '#lib';
import type { VirtualClock } from '#test/_support/virtual-clock';
import { hash32 } from '#lib';
import { memoryDisk, RaftNode } from 'raft-ts';

const never = new Promise<never>(() => {});

/** A write is its name and then dots, to give it some length. */
export function nameOf(data: string): string {
  const end = data.indexOf('.');
  return end === -1 ? data : data.slice(0, end);
}

/** The replicated state: the names of all writes by index, and a hash over their whole sequence. */
export class ChainMachine implements StateMachine {
  readonly #applied: (index: number, chain: string) => void;
  values = new Map<number, string>();
  chain = '';
  index = 0;

  constructor(applied: (index: number, chain: string) => void) {
    this.#applied = applied;
  }

  apply(entry: Entry): void {
    const data = new TextDecoder().decode(entry.data);
    this.values.set(entry.index, nameOf(data));
    this.chain = hash32(`${this.chain}|${entry.index}|${entry.term}|${data}`).toString(16);
    this.index = entry.index;
    this.#applied(entry.index, this.chain);
  }

  async *snapshot(): AsyncGenerator<Uint8Array> {
    const { index, chain } = this;
    const image = new TextEncoder().encode(
      JSON.stringify({ index, chain, values: [...this.values] }),
    );
    for (let at = 0; at < image.length; at += 500) yield image.slice(at, at + 500);
  }

  async restore(_: unknown, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    const image = JSON.parse(new TextDecoder().decode(Buffer.concat(parts))) as {
      readonly index: number;
      readonly chain: string;
      readonly values: [number, string][];
    };
    this.index = image.index;
    this.chain = image.chain;
    this.values = new Map(image.values);
    if (this.index > 0) this.#applied(this.index, this.chain);
  }
}

export interface MemberWorld {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly checker: RaftChecker;
  optionsOf(): RaftNodeOptions;
  /** How fast the member's clock is; 1 is right. */
  clockRate(id: MemberId): number;
  readonly counts: { wedged: number };
  trace(text: string): void;
  transport(from: MemberId, isAlive: () => boolean): Transport;
  /** How long a disk operation takes now, milliseconds. */
  diskMs(id: MemberId): number;
  /** The member stopped itself. */
  failed(id: MemberId, code: string, error: unknown): void;
}

/** One process after another on one disk. A process can be killed at any event, or paused. */
export class SimMember {
  readonly id: MemberId;
  readonly disk: MemoryDisk;
  readonly #world: MemberWorld;
  readonly #bootstrap: Membership | undefined;
  node: RaftNode | null = null;
  machine: ChainMachine;
  isPaused = false;
  #promised: Promised | null = null;
  #boot = 0;
  #isStarting = false;
  #backlog: (() => void)[] = [];
  /** The next write or sync fails. */
  isDiskFailing = false;
  /** No write succeeds. */
  isDiskFull = false;

  constructor(id: MemberId, world: MemberWorld, bootstrap: Membership | undefined) {
    this.id = id;
    this.#world = world;
    this.#bootstrap = bootstrap;
    this.disk = memoryDisk({ before: (operation) => this.#diskDelay(operation) });
    this.machine = new ChainMachine(() => {});
  }

  /** Runs `fn` now, or when the pause ends; never after the process has been killed. */
  deliver(fn: () => void): void {
    if (this.isPaused) this.#backlog.push(fn);
    else fn();
  }

  get canStart(): boolean {
    return this.node === null && !this.#isStarting;
  }

  async start(): Promise<void> {
    const boot = ++this.#boot;
    this.#isStarting = true;
    const isAlive = (): boolean => boot === this.#boot;
    const { id } = this;
    const { checker, random } = this.#world;
    this.machine = new ChainMachine((index, chain) => checker.applied(id, index, chain));
    const node = await RaftNode.open({
      id,
      clock: this.#processClock(isAlive),
      random: random.fork(`member/${id}/${boot}`),
      transport: this.#world.transport(id, isAlive),
      disk: guardedDisk(this.disk, isAlive),
      stateMachine: this.machine,
      observer: this.#observer(isAlive),
      options: this.#world.optionsOf(),
      ...(this.#bootstrap === undefined ? {} : { bootstrap: this.#bootstrap }),
    });
    if (!isAlive()) return;
    if (this.#promised !== null) checker.restarted(id, node.inspection, this.#promised);
    this.node = node;
    this.#isStarting = false;
    this.#world.trace(`start ${id} term=${node.status().term} last=${node.status().lastIndex}`);
  }

  /** Power cut: nothing of the process runs on, and unsynced bytes are at the mercy of the disk. */
  kill(): void {
    this.#boot++;
    this.#isStarting = false;
    this.#backlog = [];
    this.isPaused = false;
    if (this.node !== null) this.#promised = promisedBy(this.node);
    this.node = null;
    this.#world.checker.gone(this.id);
    this.disk.crash(this.#world.random);
    this.#world.trace(`kill ${this.id}`);
  }

  /** An orderly end. The disk forgets nothing; what was promised must be there all the same. */
  async stop(): Promise<void> {
    const { node } = this;
    if (node === null) return;
    this.node = null;
    this.#isStarting = true;
    const boot = this.#boot;
    this.#promised = promisedBy(node);
    this.#world.checker.gone(this.id);
    this.#world.trace(`stop ${this.id}`);
    await node.stop();
    if (boot !== this.#boot) return;
    this.#boot++;
    this.#isStarting = false;
  }

  pause(): void {
    this.isPaused = true;
  }

  /** What came meanwhile is handled now, in order or, as from several sockets, in no order. */
  resume(random: Random): void {
    this.isPaused = false;
    const backlog = this.#backlog;
    this.#backlog = [];
    const boot = this.#boot;
    const spreadMs = random.below(3);
    for (const fn of backlog) {
      this.#world.clock.after(random.below(spreadMs * 100 + 1) / 100, () => {
        if (boot === this.#boot) this.deliver(fn);
      });
    }
  }

  #processClock(isAlive: () => boolean): Clock {
    const { clock } = this.#world;
    const rate = this.#world.clockRate(this.id);
    return {
      monotonic: () => clock.monotonic() * rate,
      after: (delayMs, fn) => {
        const state = { isCancelled: false };
        const run = (): void => {
          if (isAlive() && !state.isCancelled) fn();
        };
        clock.after(delayMs / rate, () => {
          if (isAlive() && !state.isCancelled) this.deliver(run);
        });
        return {
          cancel: () => {
            state.isCancelled = true;
          },
        };
      },
    };
  }

  #observer(isAlive: () => boolean): Observer {
    const { id } = this;
    const world = this.#world;
    return {
      roleChanged: ({ role, term, leaderId }) => {
        if (isAlive()) world.trace(`role ${id} ${role} term=${term} leader=${leaderId}`);
      },
      committed: ({ index, term }) => {
        if (isAlive()) world.trace(`commit ${id} ${index}/${term}`);
      },
      snapshotTaken: ({ index }) => {
        if (!isAlive()) return;
        world.trace(`snapshot ${id} ${index}`);
        const meta = this.node?.inspection.log.snapshot;
        try {
          if (meta !== undefined) world.checker.snapshotTaken(id, meta);
        } catch (error) {
          world.failed(id, 'CHECKER', error);
        }
      },
      handedOver: ({ reason, to, isDone }) => {
        if (!isAlive()) return;
        world.counts.wedged++;
        world.trace(`wedged ${id} ${reason} to=${to} ${isDone}`);
      },
      failed: ({ code, error }) => {
        if (isAlive()) world.failed(id, code, error);
      },
    };
  }

  async #diskDelay(operation: string): Promise<void> {
    const boot = this.#boot;
    await new Promise<void>((resolve) => {
      this.#world.clock.after(this.#world.diskMs(this.id), () => {
        if (boot === this.#boot) this.deliver(resolve);
      });
    });
    if (this.isDiskFull && operation === 'write') throw new Error('ENOSPC: simulated');
    if (this.isDiskFailing && (operation === 'write' || operation === 'sync')) {
      this.isDiskFailing = false;
      throw new Error('EIO: simulated');
    }
  }
}

function promisedBy(node: RaftNode): Promised {
  const { log, persisted } = node.inspection;
  const stableTerm = log.termOf(log.stable) ?? 0;
  return { ...persisted, stable: log.stable, stableTerm };
}

/** A killed process does nothing more to its disk, whatever its promises still do. */
function guardedDisk(disk: Disk, isAlive: () => boolean): Disk {
  const alive = async <T>(call: () => Promise<T>): Promise<T> => {
    if (!isAlive()) return never;
    const result = await call();
    return isAlive() ? result : never;
  };
  const guardFile = (file: DiskFile): DiskFile => ({
    write: (bytes, offset) => alive(() => file.write(bytes, offset)),
    truncate: (lengthBytes) => alive(() => file.truncate(lengthBytes)),
    sync: () => alive(() => file.sync()),
    size: () => alive(() => file.size()),
    close: () => alive(() => file.close()),
  });
  return {
    list: (directory) => alive(() => disk.list(directory)),
    read: (path) => alive(() => disk.read(path)),
    async *readChunks(path, chunkBytes) {
      for await (const chunk of disk.readChunks(path, chunkBytes)) {
        if (!isAlive()) await never;
        yield chunk;
      }
    },
    open: (path, options) => alive(async () => guardFile(await disk.open(path, options))),
    rename: (from, to) => alive(() => disk.rename(from, to)),
    remove: (path) => alive(() => disk.remove(path)),
    syncDirectory: (directory) => alive(() => disk.syncDirectory(directory)),
  };
}
