import { assert, ClusterError } from '#lib';
import type { Commit } from './types.ts';

/** Most commits that are kept for watches that resume; the oldest go first. */
export const commitsKeptMax = 10_000;
/** Most bytes, as encoded in their entries, that the kept commits may have together. */
export const commitBytesKeptMax = 16 << 20;

/** Room at the front is given back once so many commits have left it. */
const trimAt = 4_096;

interface Kept {
  readonly commit: Commit;
  readonly bytes: number;
}

export interface CommitRingLimits {
  readonly commits: number;
  readonly bytes: number;
}

const defaults: CommitRingLimits = { commits: commitsKeptMax, bytes: commitBytesKeptMax };

/**
 * The last commits, in order and without gaps, so that a watcher which was cut off goes on where
 * it was. Every commit after `oldestVersion` is here.
 */
export class CommitRing {
  readonly #limits: CommitRingLimits;
  /** What has left the ring is undefined, until there is enough of it to move the others. */
  readonly #kept: (Kept | undefined)[] = [];
  #head = 0;
  #bytes = 0;
  #oldestVersion = 0;
  #newestVersion = 0;

  constructor(limits: CommitRingLimits = defaults) {
    this.#limits = limits;
  }

  /** The smallest version that `after` can go on from. */
  get oldestVersion(): number {
    return this.#oldestVersion;
  }

  get count(): number {
    return this.#kept.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The next commit; `bytes` is the length of its entry. */
  add(commit: Commit, bytes: number): void {
    assert(commit.version > this.#newestVersion, 'commits are kept in order');
    this.#newestVersion = commit.version;
    this.#kept.push({ commit, bytes });
    this.#bytes += bytes;
    while (this.count > this.#limits.commits || this.#bytes > this.#limits.bytes) this.#drop();
  }

  /** The state is that of `version` now, and nobody here knows how it came about. */
  restart(version: number): void {
    this.#kept.length = 0;
    this.#head = 0;
    this.#bytes = 0;
    this.#oldestVersion = version;
    this.#newestVersion = version;
  }

  /**
   * The commits after `version`, in order: what the state at `version` lacks. VERSION_COMPACTED
   * when some of them are not kept any more, VERSION_UNKNOWN when the state here has not come to
   * `version`; the details say `oldest` and `newest`.
   */
  after(version: number): readonly Commit[] {
    if (version < this.#oldestVersion)
      throw this.#refusal(
        'VERSION_COMPACTED',
        `the changes after version ${version} are not kept any more ` +
          `(the oldest version to go on from is ${this.#oldestVersion})`,
      );
    if (version > this.#newestVersion)
      throw this.#refusal(
        'VERSION_UNKNOWN',
        `version ${version} is not known here (the newest is ${this.#newestVersion})`,
      );
    return this.#kept.slice(this.#indexAfter(version)).map((kept) => {
      assert(kept !== undefined, 'what is behind the head is kept');
      return kept.commit;
    });
  }

  #refusal(code: 'VERSION_COMPACTED' | 'VERSION_UNKNOWN', what: string): ClusterError {
    return new ClusterError(code, `${what}: start again from the present state`, {
      details: { oldest: String(this.#oldestVersion), newest: String(this.#newestVersion) },
    });
  }

  /** Where the first commit after `version` is. */
  #indexAfter(version: number): number {
    let low = this.#head;
    let high = this.#kept.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const kept = this.#kept[middle];
      assert(kept !== undefined, 'the middle of a range is in it');
      if (kept.commit.version <= version) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #drop(): void {
    const oldest = this.#kept[this.#head];
    assert(oldest !== undefined, 'a ring that is full is not empty');
    this.#bytes -= oldest.bytes;
    this.#oldestVersion = oldest.commit.version;
    this.#kept[this.#head] = undefined;
    this.#head++;
    if (this.#head < trimAt && this.#head < this.#kept.length) return;
    this.#kept.splice(0, this.#head);
    this.#head = 0;
  }
}
