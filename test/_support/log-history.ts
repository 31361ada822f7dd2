/** A log over several segments in a disk in memory, in clear and encrypted, and what a member finds in it. */
import type { Disk, DurableLogOptions, Entry, MemoryDisk, Write } from 'raft-ts';
import { AesLogCipher } from 'raft-ts/node';
import { DurableLog, isRaftError, memoryDisk } from 'raft-ts';

const members = [1, 2, 3].map((id) => ({ id, role: 'voter', context: `m${id}` }) as const);
export const membership = { members };
export const small = { segmentBytesMax: 400 };
export const sealed = {
  segmentBytesMax: 600,
  cipher: new AesLogCipher(new Uint8Array(32).fill(7)),
};
export const variants: readonly [string, DurableLogOptions][] = [
  ['a log', small],
  ['an encrypted log', sealed],
];

export function entryAt(index: number, term: number, text = `entry ${index}/${term}`): Entry {
  return { index, term, kind: 'data', data: new TextEncoder().encode(text) };
}

export function writeOf(term: number, entries: readonly Entry[], commit = 0): Write {
  return { hardState: { term, vote: 2, commit }, entries, snapshot: null, messages: [] };
}

/** What a member would find, as plain data. */
export async function contentOf(disk: Disk, options: DurableLogOptions = small): Promise<string> {
  const { log, recovered } = await DurableLog.open(disk, options);
  await log.close();
  const { hardState, snapshot, base, entries } = recovered;
  const texts = entries.map(
    ({ index, term, data }) => `${index}/${term} ${new TextDecoder().decode(data)}`,
  );
  return JSON.stringify({ hardState, snapshot, base, texts });
}

export function copyOf(files: ReadonlyMap<string, Uint8Array>): MemoryDisk {
  const disk = memoryDisk();
  for (const [path, bytes] of files) disk.overwrite(path, bytes);
  return disk;
}

export interface History {
  readonly disk: MemoryDisk;
  readonly contents: string[];
}

/** A log over several segments with replaced suffixes, and its content after each write. */
export async function history(options: DurableLogOptions = small): Promise<History> {
  const disk = memoryDisk();
  const contents = [await contentOf(disk, options)];
  const { log } = await DurableLog.open(disk, { ...options, bootstrap: membership });
  contents.push(await contentOf(copyOf(disk.files()), options));
  const writes = [
    writeOf(1, [entryAt(1, 1), entryAt(2, 1)]),
    writeOf(1, [entryAt(3, 1, 'x'.repeat(90))], 2),
    writeOf(2, [], 2),
    writeOf(3, [entryAt(3, 3), entryAt(4, 3), entryAt(5, 3)], 2),
    writeOf(3, [entryAt(6, 3, ''), entryAt(7, 3)], 5),
    writeOf(4, [entryAt(7, 4, 'y'.repeat(200)), entryAt(8, 4)], 6),
    writeOf(4, [entryAt(9, 4)], 8),
  ];
  for (const write of writes) {
    await log.append(write);
    contents.push(await contentOf(copyOf(disk.files()), options));
  }
  await log.close();
  return { disk, contents };
}

export function walFiles(disk: MemoryDisk): [string, Uint8Array][] {
  const files = [...disk.files()].filter(([path]) => path.startsWith('wal/'));
  return files.sort(([a], [b]) => (a < b ? -1 : 1));
}

export async function outcomeOf(
  files: ReadonlyMap<string, Uint8Array>,
  options: DurableLogOptions = small,
): Promise<string> {
  try {
    return await contentOf(copyOf(files), options);
  } catch (error) {
    if (isRefusal(error)) return 'refused';
    throw error;
  }
}

/** Damage of the very bytes that say the format is told as an unknown format. */
export function isRefusal(error: unknown): boolean {
  return isRaftError(error, 'DATA_LOSS') || isRaftError(error, 'UNKNOWN_FORMAT');
}

export async function* chunksOf(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}

export async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const chunk of chunks) text += new TextDecoder().decode(chunk);
  return text;
}
