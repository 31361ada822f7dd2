import { assert, ClusterError } from '#lib';
import type { Pacer } from '#lib';
import { SnapshotRecord } from '#proto';
import { eventOf } from './apply.ts';
import { State } from './state.ts';
import { tableNames } from './tables.ts';
import type { AnyObject, StoreEvent, TableName } from './types.ts';

/** Every chunk but the last has this many bytes. */
export const snapshotChunkBytes = 256 * 1024;
/**
 * What is encoded, decoded or compared between two turns of the event loop, at most: at the start of
 * a process the same work takes several times as long.
 */
export const snapshotSlice = { itemsMax: 100, bytesMax: 64 * 1024 } as const;
/** No record is larger: an object fits an entry, and entries are smaller than this. */
const recordBytesMax = 4 * 1024 * 1024;
/** Before each record stands its length in bytes, little-endian. */
const prefixBytes = 4;

type RecordTarget = NonNullable<SnapshotRecord['target']>;

function* recordsOf(state: State): Generator<Uint8Array> {
  const header = { version: state.version };
  yield SnapshotRecord.encode(SnapshotRecord.create({ target: { kind: 'header', header } }));
  for (const table of tableNames) {
    for (const object of state.list(table)) {
      const target = { kind: table, [table]: object } as unknown as RecordTarget;
      yield SnapshotRecord.encode(SnapshotRecord.create({ target }));
    }
  }
}

/** Packs byte strings into chunks of one size. */
class Chunker {
  #chunk = new Uint8Array(snapshotChunkBytes);
  #used = 0;
  readonly #full: Uint8Array[] = [];

  add(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      const part = bytes.subarray(at, at + this.#chunk.length - this.#used);
      this.#chunk.set(part, this.#used);
      this.#used += part.length;
      at += part.length;
      if (this.#used < this.#chunk.length) continue;
      this.#full.push(this.#chunk);
      this.#chunk = new Uint8Array(snapshotChunkBytes);
      this.#used = 0;
    }
  }

  takeFull(): Uint8Array[] {
    return this.#full.splice(0);
  }

  rest(): Uint8Array | undefined {
    return this.#used === 0 ? undefined : this.#chunk.slice(0, this.#used);
  }
}

function lengthPrefix(length: number): Uint8Array {
  const prefix = new Uint8Array(prefixBytes);
  new DataView(prefix.buffer).setUint32(0, length, true);
  return prefix;
}

/** The image of `state`, which must not change any more: hand in a clone. */
export async function* encodeSnapshot(state: State, pacer?: Pacer): AsyncGenerator<Uint8Array> {
  const chunker = new Chunker();
  for (const record of recordsOf(state)) {
    chunker.add(lengthPrefix(record.length));
    chunker.add(record);
    yield* chunker.takeFull();
    if (pacer?.isFull(record.length) === true) await pacer.pause();
  }
  const rest = chunker.rest();
  if (rest !== undefined) yield rest;
}

function damaged(what: string): ClusterError {
  return new ClusterError(
    'DATA_LOSS',
    `the snapshot of the store is damaged (${what}): run 'tsctl cluster rejoin' on this host, and the other managers take it in again`,
  );
}

/** Cuts a stream of chunks of any size back into records. */
async function* splitRecords(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pending = new Uint8Array(0);
  for await (const chunk of chunks) {
    const joined = new Uint8Array(pending.length + chunk.length);
    joined.set(pending);
    joined.set(chunk, pending.length);
    const view = new DataView(joined.buffer);
    let at = 0;
    while (at + prefixBytes <= joined.length) {
      const length = view.getUint32(at, true);
      if (length > recordBytesMax) throw damaged(`a record of ${length} bytes`);
      if (at + prefixBytes + length > joined.length) break;
      yield joined.subarray(at + prefixBytes, at + prefixBytes + length);
      at += prefixBytes + length;
    }
    pending = joined.slice(at);
  }
  if (pending.length > 0) throw damaged('it ends in the middle of a record');
}

/** The state behind the chunks of `encodeSnapshot`. DATA_LOSS when they are not whole. */
export async function decodeSnapshot(
  chunks: AsyncIterable<Uint8Array>,
  seal: <T extends AnyObject>(object: T) => T,
  pacer?: Pacer,
): Promise<State> {
  const state = State.empty();
  let hasHeader = false;
  for await (const bytes of splitRecords(chunks)) {
    const target = SnapshotRecord.decode(bytes).target;
    if (target === undefined) throw damaged('a record of an unknown kind');
    if (target.kind === 'header') {
      state.version = target.header.version;
      hasHeader = true;
      continue;
    }
    const object = (target as unknown as Record<string, AnyObject>)[target.kind];
    assert(object !== undefined, 'a decoded record without its object');
    state.put(target.kind, seal(object));
    if (pacer?.isFull(bytes.length) === true) await pacer.pause();
  }
  if (!hasHeader) throw damaged('it has no header');
  return state;
}

/** Every object of either state; with its event when it is not the same in both. */
function* compared(table: TableName, old: State, next: State): Generator<StoreEvent | undefined> {
  for (const object of old.list(table)) {
    const isGone = next.get(table, object.id) === undefined;
    yield isGone ? eventOf(table, object, undefined) : undefined;
  }
  for (const object of next.list(table)) {
    const before = old.get(table, object.id);
    // One version of one object has one content on every member.
    const isSame = before !== undefined && before.meta?.version === object.meta?.version;
    yield isSame ? undefined : eventOf(table, before, object);
  }
}

/**
 * What a watcher of `old` has to be told to know `next`: removals of a table first. Neither may
 * change meanwhile.
 */
export async function difference(old: State, next: State, pacer: Pacer): Promise<StoreEvent[]> {
  const events: StoreEvent[] = [];
  for (const table of tableNames)
    for (const event of compared(table, old, next)) {
      if (event !== undefined) events.push(event);
      if (pacer.isFull()) await pacer.pause();
    }
  return events;
}
