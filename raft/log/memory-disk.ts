import type { Disk, DiskFile, OpenOptions, Random } from '../ports.ts';

export type DiskOperation = 'list' | 'read' | 'open' | 'write' | 'sync' | 'rename' | 'remove';

export interface MemoryDiskOptions {
  /** Waits as long as the operation takes, or rejects to make it fail; at once by default. */
  readonly before?: (operation: DiskOperation, path: string) => Promise<void>;
  /**
   * Which unsynced changes of names a power cut keeps: those up to some moment (as a journal does),
   * or any of them. Default 'earlier'.
   */
  readonly keptNames?: 'earlier' | 'any';
}

/** A disk in memory that forgets, as a real one does, what was not synced when power is cut. */
export interface MemoryDisk extends Disk {
  /**
   * A power cut: unsynced names and bytes are lost or kept as `random` says, the last writes may be
   * torn. Calls in flight, and calls on files opened before, never come back.
   */
  crash(random: Random): void;
  /** The bytes of all files now, path -> a copy. */
  files(): ReadonlyMap<string, Uint8Array>;
  /** Replaces a file's bytes, durably: for tests that damage it. */
  overwrite(path: string, bytes: Uint8Array): void;
}

type Change =
  | { readonly kind: 'write'; readonly bytes: Uint8Array; readonly offset: number }
  | { readonly kind: 'truncate'; readonly lengthBytes: number };

const SECTOR_BYTES = 512;
const never = new Promise<never>(() => {});

class Content {
  bytes: Uint8Array = new Uint8Array(0);
  #lengthBytes = 0;

  apply(change: Change): void {
    if (change.kind === 'truncate') {
      this.#ensure(change.lengthBytes);
      this.bytes.fill(0, change.lengthBytes);
      this.#lengthBytes = change.lengthBytes;
      return;
    }
    const end = change.offset + change.bytes.length;
    this.#ensure(end);
    this.bytes.set(change.bytes, change.offset);
    this.#lengthBytes = Math.max(this.#lengthBytes, end);
  }

  get lengthBytes(): number {
    return this.#lengthBytes;
  }

  copy(): Uint8Array {
    return this.bytes.slice(0, this.#lengthBytes);
  }

  #ensure(lengthBytes: number): void {
    if (lengthBytes <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(lengthBytes, this.bytes.length * 2, 4096));
    grown.set(this.bytes);
    this.bytes = grown;
  }
}

class MemoryFile {
  now = new Content();
  durable = new Content();
  pending: Change[] = [];

  change(change: Change): void {
    this.now.apply(change);
    this.pending.push(change);
  }

  sync(): void {
    for (const change of this.pending) this.durable.apply(change);
    this.pending = [];
  }

  /** Some of the unsynced changes reached the disk, in order; the last of them maybe in part. */
  crash(random: Random): void {
    const whole = random.below(this.pending.length + 1);
    for (const change of this.pending.slice(0, whole)) this.durable.apply(change);
    const torn = this.pending[whole];
    if (torn?.kind === 'write' && random.below(2) === 0) tear(this.durable, torn, random);
    this.pending = [];
    this.now = new Content();
    this.now.apply({ kind: 'write', bytes: this.durable.copy(), offset: 0 });
  }
}

/** Either a prefix of the write is there, or an arbitrary set of its sectors. */
function tear(content: Content, write: Change & { kind: 'write' }, random: Random): void {
  const { bytes, offset } = write;
  if (random.below(2) === 0) {
    content.apply({ kind: 'write', bytes: bytes.slice(0, random.below(bytes.length + 1)), offset });
    return;
  }
  for (let at = 0; at < bytes.length; at += SECTOR_BYTES) {
    if (random.below(2) === 0) continue;
    const sector = bytes.slice(at, at + SECTOR_BYTES);
    content.apply({ kind: 'write', bytes: sector, offset: offset + at });
  }
}

type Names = Map<string, MemoryFile>;
interface NameChange {
  readonly directory: string;
  readonly apply: (names: Names) => void;
}

function directoryOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** An empty disk; see `MemoryDisk`. */
export function memoryDisk(options: MemoryDiskOptions = {}): MemoryDisk {
  return new SimulatedDisk(options);
}

class SimulatedDisk implements MemoryDisk {
  readonly #before: (operation: DiskOperation, path: string) => Promise<void>;
  #names: Names = new Map();
  #durableNames: Names = new Map();
  #pendingNames: NameChange[] = [];
  #crashes = 0;

  readonly #keptNames: 'earlier' | 'any';

  constructor(options: MemoryDiskOptions) {
    this.#before = options.before ?? (() => Promise.resolve());
    this.#keptNames = options.keptNames ?? 'earlier';
  }

  async list(directory: string): Promise<readonly string[]> {
    await this.#wait('list', directory);
    const inside = [...this.#names.keys()].filter((path) => directoryOf(path) === directory);
    const start = directory === '' ? 0 : directory.length + 1;
    return inside.map((path) => path.slice(start)).sort();
  }

  async read(path: string): Promise<Uint8Array> {
    await this.#wait('read', path);
    return this.#file(path).now.copy();
  }

  async *readChunks(path: string, chunkBytes: number): AsyncGenerator<Uint8Array> {
    const bytes = await this.read(path);
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      yield bytes.subarray(at, at + chunkBytes);
    }
  }

  async open(path: string, { isSynced = false }: OpenOptions = {}): Promise<DiskFile> {
    await this.#wait('open', path);
    const known = this.#names.get(path);
    const file = known ?? new MemoryFile();
    if (known === undefined) this.#rename(directoryOf(path), (names) => names.set(path, file));
    const wait = this.#handleWait(path);
    const sync = async (): Promise<void> => {
      await wait('sync');
      file.sync();
    };
    return {
      write: async (bytes, offset) => {
        const copy = bytes.slice();
        await wait('write');
        file.change({ kind: 'write', bytes: copy, offset });
        // Until then a crash loses it or tears it.
        if (isSynced) await sync();
      },
      truncate: async (lengthBytes) => {
        await wait('write');
        file.change({ kind: 'truncate', lengthBytes });
      },
      sync,
      size: () => Promise.resolve(file.now.lengthBytes),
      close: () => Promise.resolve(),
    };
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#wait('rename', from);
    // Between two directories it would take two syncs, and each half can be lost alone.
    if (directoryOf(from) !== directoryOf(to)) throw new Error('a rename stays in its directory');
    const file = this.#file(from);
    this.#rename(directoryOf(to), (names) => {
      names.delete(from);
      names.set(to, file);
    });
  }

  async remove(path: string): Promise<void> {
    await this.#wait('remove', path);
    this.#rename(directoryOf(path), (names) => names.delete(path));
  }

  async syncDirectory(directory: string): Promise<void> {
    await this.#wait('sync', directory);
    this.#flushNames((change) => change.directory === directory);
  }

  crash(random: Random): void {
    this.#crashes++;
    const pending = this.#pendingNames;
    const survivors = new Set(
      this.#keptNames === 'any'
        ? pending.filter(() => random.below(2) === 1)
        : pending.slice(0, random.below(pending.length + 1)),
    );
    this.#flushNames((change) => survivors.has(change));
    this.#pendingNames = [];
    this.#names = new Map(this.#durableNames);
    for (const file of this.#names.values()) file.crash(random);
  }

  files(): ReadonlyMap<string, Uint8Array> {
    return new Map([...this.#names].map(([path, file]) => [path, file.now.copy()]));
  }

  overwrite(path: string, bytes: Uint8Array): void {
    const file = new MemoryFile();
    file.change({ kind: 'write', bytes: bytes.slice(), offset: 0 });
    file.sync();
    this.#names.set(path, file);
    this.#durableNames.set(path, file);
  }

  #file(path: string): MemoryFile {
    const file = this.#names.get(path);
    if (file === undefined) throw new Error(`no such file: ${path}`);
    return file;
  }

  #rename(directory: string, apply: (names: Names) => void): void {
    apply(this.#names);
    this.#pendingNames.push({ directory, apply });
  }

  #flushNames(isChosen: (change: NameChange) => boolean): void {
    for (const change of this.#pendingNames) {
      if (isChosen(change)) change.apply(this.#durableNames);
    }
    this.#pendingNames = this.#pendingNames.filter((change) => !isChosen(change));
  }

  /** An operation in flight when power is cut never comes back. */
  async #wait(operation: DiskOperation, path: string): Promise<void> {
    const crashes = this.#crashes;
    await this.#before(operation, path);
    if (crashes !== this.#crashes) await never;
  }

  #handleWait(path: string): (operation: DiskOperation) => Promise<void> {
    const crashes = this.#crashes;
    return async (operation) => {
      await this.#wait(operation, path);
      if (crashes !== this.#crashes) await never;
    };
  }
}
