/**
 * A script of everything a member does to its log, for tests that stop it at any call of the disk:
 * appends, suffixes that are replaced, turns of segments, snapshots taken and received, compactions,
 * a restart, and a change of the key of an encrypted log.
 */
import type { Disk, DurableLogOptions, Entry, MemoryDisk, SnapshotMeta, Write } from 'raft-ts';
import { DurableLog, memoryDisk } from 'raft-ts';
import { AesLogCipher } from 'raft-ts/node';

const members = [1, 2, 3].map((id) => ({ id, role: 'voter', context: `m${id}` }) as const);
const membership = { members };
const oldKey = new Uint8Array(32).fill(7);
const newKey = new Uint8Array(32).fill(8);

export interface Step {
  readonly name: string;
  run(log: DurableLog): Promise<unknown>;
}

function entryAt(index: number, term: number, bytes = 20): Entry {
  const data = new TextEncoder().encode(`${index}/${term} `.padEnd(bytes, 'x'));
  return { index, term, kind: 'data', data };
}

async function* imageOf(meta: SnapshotMeta): AsyncGenerator<Uint8Array> {
  for (let part = 0; part < 3; part++) {
    yield new TextEncoder().encode(`state ${meta.index}/${meta.term} part ${part} `.repeat(30));
  }
}

function append(term: number, from: number, to: number, commit: number, bytes?: number): Step {
  const entries: Entry[] = [];
  for (let index = from; index <= to; index++) entries.push(entryAt(index, term, bytes));
  const write: Write = {
    hardState: { term, vote: 2, commit },
    entries,
    snapshot: null,
    messages: [],
  };
  return { name: `append ${from}-${to} of term ${term}`, run: (log) => log.append(write) };
}

function take(index: number, term: number): Step {
  const meta = { index, term, membership };
  return { name: `snapshot ${index}`, run: (log) => log.saveSnapshot(meta, imageOf(meta)) };
}

function compact(index: number, term: number, keepFrom: number): Step {
  const meta = { index, term, membership };
  return { name: `compact to ${index}`, run: (log) => log.compact(meta, keepFrom) };
}

function install(index: number, term: number): Step {
  const snapshot = { index, term, membership };
  const hardState = { term, vote: 0, commit: index };
  const write: Write = { hardState, entries: [], snapshot, messages: [] };
  return { name: `restart at ${index}`, run: (log) => log.append(write) };
}

/** One play of the script: its options, and its steps in order. */
export function script(isSealed: boolean): {
  readonly options: DurableLogOptions;
  readonly steps: readonly Step[];
} {
  const cipher = new AesLogCipher(oldKey);
  const steps: Step[] = [
    append(1, 1, 2, 0),
    append(1, 3, 6, 2, 120),
    append(2, 5, 7, 3, 120),
    append(3, 6, 6, 4),
    append(3, 7, 9, 6, 150),
    take(6, 3),
    compact(6, 3, 4),
    append(3, 10, 12, 9, 90),
    take(11, 3),
    compact(11, 3, 12),
    append(4, 13, 14, 12),
    take(40, 5),
    install(40, 5),
    compact(40, 5, 41),
    append(5, 41, 44, 42, 100),
  ];
  if (isSealed) {
    const use: Step = {
      name: 'use the new key',
      run: (log) => {
        cipher.use(newKey);
        return log.turn();
      },
    };
    steps.push(use, append(5, 45, 46, 44), take(45, 5), compact(45, 5, 46));
  }
  steps.push(append(6, 47 - (isSealed ? 0 : 2), 48, 44, 60));
  const options = { segmentBytesMax: 500, bootstrap: membership };
  return { options: isSealed ? { ...options, cipher } : options, steps };
}

/** As after a restart: both keys are known. */
export function optionsAfter(isSealed: boolean): DurableLogOptions {
  const options = { segmentBytesMax: 500, bootstrap: membership };
  return isSealed ? { ...options, cipher: new AesLogCipher(newKey, [oldKey]) } : options;
}

/** What a member would find on the disk; reads the snapshot, too. Throws what opening throws. */
export async function foundOn(disk: Disk, options: DurableLogOptions): Promise<string> {
  const { log, recovered } = await DurableLog.open(disk, options);
  try {
    const { hardState, snapshot, entries } = recovered;
    const rest = entries.filter(({ index }) => index > snapshot.index);
    const texts = rest.map(({ data }) => new TextDecoder().decode(data));
    let state = '';
    if (snapshot.index > 0) {
      for await (const part of log.readSnapshot(snapshot)) state += new TextDecoder().decode(part);
    }
    const stateHead = `${state.slice(0, 20)}${state.length}`;
    return JSON.stringify({ hardState, snapshot: snapshot.index, stateHead, texts });
  } finally {
    await log.close();
  }
}

/** A disk of its own with these bytes, all durable. */
export function copyOf(files: ReadonlyMap<string, Uint8Array>): MemoryDisk {
  const disk = memoryDisk();
  for (const [path, bytes] of files) disk.overwrite(path, bytes);
  return disk;
}

/** What is found after the opening and after each step, when nothing goes wrong. */
export async function statesOf(isSealed: boolean): Promise<readonly string[]> {
  const { options, steps } = script(isSealed);
  const disk = memoryDisk();
  const { log } = await DurableLog.open(disk, options);
  const states = [await foundOn(copyOf(disk.files()), optionsAfter(isSealed))];
  for (const step of steps) {
    await step.run(log);
    states.push(await foundOn(copyOf(disk.files()), optionsAfter(isSealed)));
  }
  await log.close();
  return states;
}

/** Plays the script until it ends or the disk stops it; `progress.done` counts whole steps. */
export async function play(
  disk: Disk,
  isSealed: boolean,
  progress: { done: number; step: string },
): Promise<void> {
  const { options, steps } = script(isSealed);
  const { log } = await DurableLog.open(disk, options);
  progress.done = 0;
  for (const step of steps) {
    progress.step = step.name;
    await step.run(log);
    progress.done++;
  }
  progress.step = 'end';
  await log.close();
}
