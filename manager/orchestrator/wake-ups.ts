/** What is to be looked at again at a time, by key; the earliest first. */
import BTreeModule from 'sorted-btree';
import type { Ms } from '#lib';

type Entry = readonly [Ms, string];

function byTime(a: Entry, b: Entry): number {
  if (a[0] !== b[0]) return a[0] - b[0];
  if (a[1] === b[1]) return 0;
  return a[1] < b[1] ? -1 : 1;
}

export class WakeUps {
  readonly #byKey = new Map<string, Ms>();
  readonly #order = new BTreeModule.default<Entry, undefined>(undefined, byTime);

  /** Replaces the time that `key` had; Infinity takes it away. */
  set(key: string, atMs: Ms): void {
    const present = this.#byKey.get(key);
    if (present === atMs) return;
    if (present !== undefined) {
      this.#order.delete([present, key]);
      this.#byKey.delete(key);
    }
    if (atMs === Infinity) return;
    this.#byKey.set(key, atMs);
    this.#order.set([atMs, key], undefined);
  }

  /** Infinity when there is none. */
  get nextAtMs(): Ms {
    return this.#order.minKey()?.[0] ?? Infinity;
  }

  /** Takes out the keys whose time has come. */
  takeDue(nowMs: Ms): readonly string[] {
    const due: string[] = [];
    for (let next = this.#order.minKey(); next !== undefined; next = this.#order.minKey()) {
      if (next[0] > nowMs) break;
      this.#order.delete(next);
      this.#byKey.delete(next[1]);
      due.push(next[1]);
    }
    return due;
  }

  clear(): void {
    this.#byKey.clear();
    this.#order.clear();
  }
}
