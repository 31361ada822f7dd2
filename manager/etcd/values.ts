import { ClusterError } from '#lib';
import type { MemberAddress } from '../replication/raft-wire.ts';
import { crc32 } from './checksum-node.ts';

/**
 * What stands in the values. An entry of the log is
 *
 *   byte 0       format, 1
 *   bytes 1-4    CRC32 of the rest, begun with the version: an entry that was moved is found out
 *   bytes 5-12   the writer's own number for this proposal
 *   from 13      the entry
 *
 * everything else is JSON, small, and readable with etcdctl.
 */
const formatVersion = 1;
const entryHeaderBytes = 13;
export const proposalIdBytes = 8;

/** The version and the proposal of the last entry. */
export interface Head {
  readonly version: number;
  /** Hexadecimal. */
  readonly proposal: string;
}

/** The present snapshot. */
export interface SnapshotInfo {
  /** Of the state: the last entry in it. */
  readonly version: number;
  /** Names its parts. */
  readonly name: string;
  readonly parts: number;
  readonly bytes: number;
  /** CRC32 of all parts one after the other. */
  readonly checksum: number;
  /** Entries before this one are, or may be, deleted. */
  readonly logFrom: number;
}

export interface LogEntry {
  readonly proposal: string;
  readonly entry: Uint8Array;
}

/** A member as written in keys: the number of the manager and how to reach it. */
export interface MemberRecord extends MemberAddress {
  readonly raftId: number;
}

function damaged(what: string, cause?: unknown): ClusterError {
  return new ClusterError(
    'DATA_LOSS',
    `the state of this cluster in etcd is damaged (${what}): restore etcd from its backup`,
    cause === undefined ? {} : { cause },
  );
}

function checksumOf(version: number, rest: Uint8Array): number {
  const number = new Uint8Array(8);
  new DataView(number.buffer).setFloat64(0, version);
  return crc32(rest, crc32(number));
}

export function encodeEntry(version: number, proposal: string, entry: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(entryHeaderBytes + entry.length);
  bytes[0] = formatVersion;
  bytes.set(Uint8Array.fromHex(proposal), 5);
  bytes.set(entry, entryHeaderBytes);
  new DataView(bytes.buffer).setUint32(1, checksumOf(version, bytes.subarray(5)));
  return bytes;
}

/** DATA_LOSS when it is not what was written for this version. */
export function decodeEntry(version: number, bytes: Uint8Array): LogEntry {
  if (bytes.length < entryHeaderBytes) throw damaged(`entry ${version} is cut off`);
  if (bytes[0] !== formatVersion) throw damaged(`entry ${version} has an unknown format`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(1) !== checksumOf(version, bytes.subarray(5)))
    throw damaged(`entry ${version} does not match its checksum`);
  const proposal = bytes.subarray(5, 5 + proposalIdBytes).toHex();
  return { proposal, entry: bytes.subarray(entryHeaderBytes) };
}

type Fields = Readonly<Record<string, unknown>>;

function parse<T>(what: string, bytes: Uint8Array, read: (fields: Fields) => T): T {
  try {
    return read(JSON.parse(new TextDecoder().decode(bytes)) as Fields);
  } catch (error) {
    throw damaged(`key '${what}' cannot be read`, error);
  }
}

function count(fields: Fields, name: string): number {
  const value = fields[name];
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new Error(`no ${name}`);
  return value as number;
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw new Error(`no ${name}`);
  return value;
}

export function encodeJson(value: Head | SnapshotInfo | MemberRecord): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

export function decodeHead(bytes: Uint8Array): Head {
  return parse('head', bytes, (fields) => ({
    version: count(fields, 'version'),
    proposal: text(fields, 'proposal'),
  }));
}

export function decodeSnapshotInfo(bytes: Uint8Array): SnapshotInfo {
  return parse('snapshot', bytes, (fields) => ({
    version: count(fields, 'version'),
    name: text(fields, 'name'),
    parts: count(fields, 'parts'),
    bytes: count(fields, 'bytes'),
    checksum: count(fields, 'checksum'),
    logFrom: count(fields, 'logFrom'),
  }));
}

export function decodeMember(bytes: Uint8Array): MemberRecord {
  return parse('member', bytes, (fields) => ({
    raftId: count(fields, 'raftId'),
    nodeId: text(fields, 'nodeId'),
    address: text(fields, 'address'),
  }));
}

/** The store's chunks are 256 KiB; a part in etcd is never larger than a request may be. */
const partBytesMax = 1_000_000;

/** Cuts chunks of any size into values of keys. */
export async function* snapshotParts(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks)
    for (let at = 0; at < chunk.length; at += partBytesMax)
      yield chunk.subarray(at, at + partBytesMax);
}

/** DATA_LOSS for what a snapshot's parts do not add up to. */
export class SnapshotCheck {
  #bytes = 0;
  #checksum = 0;
  #parts = 0;

  add(part: Uint8Array): void {
    this.#parts++;
    this.#bytes += part.length;
    this.#checksum = crc32(part, this.#checksum);
  }

  get totals(): Pick<SnapshotInfo, 'parts' | 'bytes' | 'checksum'> {
    return { parts: this.#parts, bytes: this.#bytes, checksum: this.#checksum };
  }

  requireSame(info: SnapshotInfo): void {
    const { parts, bytes, checksum } = this.totals;
    if (parts === info.parts && bytes === info.bytes && checksum === info.checksum) return;
    throw damaged(
      `the snapshot at ${info.version} has ${bytes} bytes in ${parts} parts, not ` +
        `${info.bytes} in ${info.parts}, or does not match its checksum`,
    );
  }
}

export function holeInLog(version: number): ClusterError {
  return damaged(`entry ${version} is missing`);
}
