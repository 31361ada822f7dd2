import type { Entry, EntryKind, HardState, SnapshotMeta } from '../types.ts';
import type { ByteWriter } from './bytes.ts';
import { ByteReader } from './bytes.ts';
import { assertNever } from '../assert.ts';
import { decodeMembership, encodeMembership } from '../core/membership.ts';

/** What a frame of the write-ahead log can hold. */
export type WalRecord =
  /** First in each segment: how it continues the one before. */
  | {
      readonly kind: 'segment';
      readonly number: number;
      /** Checksum of the last frame of the segment before; 0 for the first segment. */
      readonly previousChecksum: number;
      /** All entries in earlier segments are below this index. */
      readonly nextIndex: number;
    }
  | { readonly kind: 'hard-state'; readonly hardState: HardState }
  /** Replaces an entry with the same index and all after it. */
  | { readonly kind: 'entry'; readonly entry: Entry }
  /** Forget all entries: the log goes on after this snapshot (index 0: the bootstrap). */
  | { readonly kind: 'restart'; readonly meta: SnapshotMeta };

const tags = { segment: 1, 'hard-state': 2, entry: 3, restart: 4 } as const;
const entryKinds: readonly EntryKind[] = ['empty', 'data', 'membership'];

/** Bytes of a record with its tag and length. */
export function recordBytes(record: WalRecord): number {
  return 5 + bodyBytes(record);
}

function bodyBytes(record: WalRecord): number {
  switch (record.kind) {
    case 'segment':
      return 8 + 4 + 8;
    case 'hard-state':
      return 24;
    case 'entry':
      return 17 + record.entry.data.length;
    case 'restart':
      return 16 + encodeMembership(record.meta.membership).length;
    default:
      return assertNever(record);
  }
}

export function writeRecord(out: ByteWriter, record: WalRecord): void {
  out.u8(tags[record.kind]);
  out.u32(bodyBytes(record));
  switch (record.kind) {
    case 'segment':
      out.u64(record.number);
      out.u32(record.previousChecksum);
      out.u64(record.nextIndex);
      return;
    case 'hard-state':
      out.u64(record.hardState.term);
      out.u64(record.hardState.vote);
      out.u64(record.hardState.commit);
      return;
    case 'entry':
      out.u64(record.entry.index);
      out.u64(record.entry.term);
      out.u8(entryKinds.indexOf(record.entry.kind));
      out.raw(record.entry.data);
      return;
    case 'restart':
      out.u64(record.meta.index);
      out.u64(record.meta.term);
      out.raw(encodeMembership(record.meta.membership));
      return;
    default:
      assertNever(record);
  }
}

/** Parses the payload of one frame; throws when it is not a list of known records. */
export function readRecords(payload: Uint8Array): readonly WalRecord[] {
  const input = new ByteReader(payload);
  const records: WalRecord[] = [];
  while (input.left > 0) {
    const tag = input.u8();
    const length = input.u32();
    records.push(readBody(tag, input.raw(length)));
  }
  return records;
}

function readBody(tag: number, body: Uint8Array): WalRecord {
  const input = new ByteReader(body);
  switch (tag) {
    case tags.segment: {
      const number = input.u64();
      const previousChecksum = input.u32();
      return { kind: 'segment', number, previousChecksum, nextIndex: input.u64() };
    }
    case tags['hard-state']: {
      const term = input.u64();
      const vote = input.u64();
      return { kind: 'hard-state', hardState: { term, vote, commit: input.u64() } };
    }
    case tags.entry: {
      const index = input.u64();
      const term = input.u64();
      const kind = entryKinds[input.u8()];
      if (kind === undefined) throw new RangeError('unknown kind of entry');
      return { kind: 'entry', entry: { index, term, kind, data: input.raw(input.left) } };
    }
    case tags.restart: {
      const index = input.u64();
      const term = input.u64();
      const membership = decodeMembership(input.raw(input.left));
      return { kind: 'restart', meta: { index, term, membership } };
    }
    default:
      throw new RangeError(`unknown record ${tag}`);
  }
}
