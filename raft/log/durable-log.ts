import type { Disk } from '../ports.ts';
import type { LogCipher } from './cipher.ts';
import type { HardState, Membership, SnapshotMeta } from '../types.ts';
import type { Recovered } from '../core/raft-core.ts';
import type { WalRecord } from './records.ts';
import type { Write } from '../core/ready.ts';
import { joinSnapshot } from './replay.ts';
import type { Replay } from './replay.ts';
import { SnapshotStore } from './snapshot-store.ts';
import { Wal } from './wal.ts';

export interface DurableLogOptions {
  /** A segment that has grown past this is closed and a new one begun. */
  readonly segmentBytesMax: number;
  /**
   * Members of a new cluster, the same on each of them; used only when the directory is empty, or has
   * no more than what a crash left of a first start.
   */
  readonly bootstrap?: Membership | undefined;
  /** Encrypts everything, from the first write on; without it nothing is encrypted. */
  readonly cipher?: LogCipher | undefined;
  /** Lets others run; asked now and then while a long log is read. Without it nobody runs. */
  readonly pause?: (() => Promise<void>) | undefined;
}

/** Nothing was written but, at most, the beginning of a segment: a crash came before the bootstrap. */
function isBlank({ restart, entries, hardState }: Replay): boolean {
  return restart === null && entries.length === 0 && hardState.term === 0;
}

/** One member's directory: `wal/` and `snap/`. One writer; every promise kept is durable. */
export class DurableLog {
  readonly #wal: Wal;
  readonly #snapshots: SnapshotStore;

  private constructor(wal: Wal, snapshots: SnapshotStore) {
    this.#wal = wal;
    this.#snapshots = snapshots;
  }

  /**
   * Throws `RaftError`: `DATA_LOSS` for damage that is not a torn tail, `WRONG_KEY` when the cipher
   * does not know the key or the log is not encrypted, `UNKNOWN_FORMAT`; or what the disk throws.
   */
  static async open(
    disk: Disk,
    options: DurableLogOptions,
  ): Promise<{ readonly log: DurableLog; readonly recovered: Recovered }> {
    const snapshots = new SnapshotStore(disk, options.cipher);
    const stored = await snapshots.open();
    const { wal, replay } = await Wal.open(disk, options);
    const log = new DurableLog(wal, snapshots);
    if (stored === null && options.bootstrap !== undefined && isBlank(replay)) {
      const meta = { index: 0, term: 0, membership: options.bootstrap };
      await wal.append(replay.hardState, [{ kind: 'restart', meta }]);
      replay.restart = meta;
    }
    const joined = joinSnapshot(replay, stored);
    const hardState = hardStateOf(replay.hardState, joined.snapshot);
    if (joined.needsRestart) {
      await wal.append(hardState, [{ kind: 'restart', meta: joined.snapshot }]);
    }
    const { snapshot, base, entries } = joined;
    return { log, recovered: { hardState, snapshot, base, entries } };
  }

  /** One synced write. Returns the bytes written. */
  append(write: Write): Promise<number> {
    const { hardState, snapshot, entries } = write;
    const records: WalRecord[] = [];
    if (snapshot !== null) records.push({ kind: 'restart', meta: snapshot });
    for (const entry of entries) records.push({ kind: 'entry', entry });
    return this.#wal.append(hardState, records);
  }

  /** Makes a snapshot durable; returns its bytes. The log is not changed by it. */
  saveSnapshot(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<number> {
    return this.#snapshots.save(meta, chunks);
  }

  readSnapshot(meta: SnapshotMeta): AsyncIterable<Uint8Array> {
    return this.#snapshots.read(meta);
  }

  /** Frees what `snapshot` and the entries from `keepFrom` on make needless. */
  async compact(snapshot: SnapshotMeta, keepFrom: number): Promise<void> {
    await this.#snapshots.removeBefore(snapshot);
    await this.#wal.removeBefore(Math.min(keepFrom, snapshot.index + 1));
  }

  /**
   * What keeps a file under another key than the cipher's present one: entries up to this index, in
   * an old segment, or 0: a snapshot only. null when all is under the present key. A snapshot at
   * this index or later and `compact` behind it end that.
   */
  get staleUntil(): number | null {
    return this.#wal.staleUntil ?? (this.#snapshots.isStale ? 0 : null);
  }

  /** After a change of the cipher's key: what is written from now on goes to a segment of its own. */
  turn(): Promise<void> {
    return this.#wal.turn();
  }

  close(): Promise<void> {
    return this.#wal.close();
  }
}

function hardStateOf(hardState: HardState, snapshot: SnapshotMeta): HardState {
  return {
    // A snapshot received in a newer term can be durable before that term is.
    term: Math.max(hardState.term, snapshot.term),
    vote: snapshot.term > hardState.term ? 0 : hardState.vote,
    commit: Math.max(hardState.commit, snapshot.index),
  };
}
