import { newTree } from './tree.ts';
import type { Tree } from './tree.ts';

/** Joins the parts of an index key; below every character an id may have. */
const separator = '\u0000';

/** The value or values under which an index finds an object; '' = it is not in the index. */
export type KeysOf<T> = (object: T) => string | readonly string[];

/** Ids by one or more keys of each object; `clone` is O(1). */
export class IndexTree<T> {
  readonly name: string;
  readonly #keysOf: KeysOf<T>;
  /** Key, separator, id -> id. */
  readonly #entries: Tree<string>;

  constructor(name: string, keysOf: KeysOf<T>, entries: Tree<string> = newTree()) {
    this.name = name;
    this.#keysOf = keysOf;
    this.#entries = entries;
  }

  clone(): IndexTree<T> {
    return new IndexTree(this.name, this.#keysOf, this.#entries.clone());
  }

  /** `next` stands in the place of `old` now; undefined = nothing. */
  move(id: string, old: T | undefined, next: T | undefined): void {
    const oldKeys = old === undefined ? '' : this.#keysOf(old);
    const nextKeys = next === undefined ? '' : this.#keysOf(next);
    if (oldKeys === nextKeys) return;
    if (typeof oldKeys === 'string' && typeof nextKeys === 'string') {
      if (isKey(oldKeys)) this.#entries.delete(oldKeys + separator + id);
      if (isKey(nextKeys)) this.#entries.set(nextKeys + separator + id, id);
      return;
    }
    const before = asList(oldKeys);
    const now = asList(nextKeys);
    for (const key of before) if (!now.includes(key)) this.#entries.delete(key + separator + id);
    for (const key of now) if (!before.includes(key)) this.#entries.set(key + separator + id, id);
  }

  /** Ascending; those above `afterId`. The cost is that of the result. */
  *ids(key: string, afterId = ''): Iterable<string> {
    const prefix = key + separator;
    for (const [entry, id] of this.#entries.entries(prefix + afterId)) {
      if (!entry.startsWith(prefix)) return;
      if (id !== afterId) yield id;
    }
  }
}

/** A key with the separator in it could be taken for another one with an id: nobody finds it. */
function isKey(key: string): boolean {
  return key !== '' && !key.includes(separator);
}

function asList(keys: string | readonly string[]): readonly string[] {
  return (typeof keys === 'string' ? [keys] : keys).filter(isKey);
}
