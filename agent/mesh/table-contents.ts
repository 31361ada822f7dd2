/**
 * What the mesh's table shall hold beside its skeleton, and what of it changed since the kernel was
 * last told; gives texts for `nft -f`, each a transaction. Pure.
 */
import { assert } from '#lib';
import { innerMaps, meshTable, skeleton, skeletonNames } from './structure.ts';
import type { Part } from './structure.ts';

/** Elements by map or set, then key; the value of a set's element is empty. */
export type Elements = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** What the kernel has: elements, and what all chains, maps and sets are, by name. */
export interface Listing {
  readonly elements: Elements;
  readonly kinds: ReadonlyMap<string, Part['kind']>;
}

/**
 * Each packet that meets a step finds a way. The kernel shows a transaction to all its readers at once, but not
 * to those between two maps: a packet may have been led by the number of backends before, and look for a backend
 * after. So what it is led to is there a step before, and goes a step later.
 */
export interface TableChange {
  /** Transactions, in order; empty when there is nothing to do. */
  readonly steps: readonly string[];
  /** Elements added and deleted. */
  readonly elementCount: number;
}

interface Held {
  readonly part: Part;
  users: number;
  isInKernel: boolean;
}

/** Kept parts that nobody uses; beyond that they go. */
const unusedPartsMax = 64;

const where = `inet ${meshTable}`;

export class TableContents {
  readonly #elements = new Map<string, Map<string, string>>();
  /** What the kernel has of the elements that changed since; undefined = none. */
  readonly #before = new Map<string, Map<string, string | undefined>>();
  readonly #parts = new Map<string, Held>();
  #elementCount = 0;

  get elementCount(): number {
    return this.#elementCount;
  }

  get elements(): Elements {
    return this.#elements;
  }

  get isEmpty(): boolean {
    return this.#elementCount === 0;
  }

  set(map: string, key: string, value = ''): void {
    const elements = inner(this.#elements, map);
    const old = elements.get(key);
    if (old === value) return;
    this.#remember(map, key, old);
    if (old === undefined) this.#elementCount++;
    elements.set(key, value);
  }

  delete(map: string, key: string): void {
    const elements = this.#elements.get(map);
    const old = elements?.get(key);
    if (elements === undefined || old === undefined) return;
    this.#remember(map, key, old);
    this.#elementCount--;
    elements.delete(key);
    if (elements.size === 0) this.#elements.delete(map);
  }

  /** The part is needed once more; parts of the same name are the same. */
  use(part: Part): void {
    const held = this.#parts.get(part.name) ?? { part, users: 0, isInKernel: false };
    held.users++;
    this.#parts.set(part.name, held);
  }

  release(part: Part): void {
    const held = this.#parts.get(part.name);
    assert(held !== undefined && held.users > 0, 'a part is released as often as it is used');
    held.users--;
  }

  /** What changed since the kernel was last told; from here on it counts as told. */
  take(): TableChange {
    const changes: ElementChange[] = [];
    for (const [map, keys] of this.#before)
      for (const [key, old] of keys) changes.push({ map, key, old, now: this.#value(map, key) });
    return this.#change(changes);
  }

  /** All of it, in place of whatever table is there. Counts as told. */
  takeAll(): TableChange {
    for (const [name, held] of this.#parts) {
      held.isInKernel = false;
      if (held.users === 0) this.#parts.delete(name);
    }
    const changes: ElementChange[] = [];
    for (const [map, keys] of this.#elements)
      for (const [key, now] of keys) changes.push({ map, key, old: undefined, now });
    const { steps, elementCount } = this.#change(changes);
    const table = `table ${where} {}\ndelete table ${where}\ntable ${where} {\n  ${skeleton}\n}\n`;
    return { steps: [[table, ...steps].join('')], elementCount };
  }

  /** What makes the kernel's table, of which the skeleton is right, hold this. Counts as told. */
  takeDifference(listing: Listing): TableChange {
    for (const [name, held] of this.#parts) held.isInKernel = listing.kinds.has(name);
    // Parts of an earlier life that nothing needs now.
    for (const [name, kind] of listing.kinds) {
      if (skeletonNames.has(name) || this.#parts.has(name)) continue;
      const part: Part = { kind, name, lines: [], isKept: false };
      this.#parts.set(name, { part, users: 0, isInKernel: true });
    }
    const changes: ElementChange[] = [];
    const maps = new Set([...this.#elements.keys(), ...listing.elements.keys()]);
    for (const map of maps) {
      const wanted = this.#elements.get(map);
      const listed = listing.elements.get(map);
      for (const [key, old] of listed ?? [])
        if (wanted?.get(key) !== old) changes.push({ map, key, old, now: wanted?.get(key) });
      for (const [key, now] of wanted ?? [])
        if (listed?.has(key) !== true) changes.push({ map, key, old: undefined, now });
    }
    return this.#change(changes);
  }

  /** Whether what is listed is what was told, when nothing has changed since. */
  isAs({ elements, kinds }: Listing): boolean {
    for (const [name, { users }] of this.#parts) if (users > 0 && !kinds.has(name)) return false;
    const names = new Set([...this.#elements.keys(), ...elements.keys()]);
    return [...names].every((name) => {
      const wanted = this.#elements.get(name);
      const listed = elements.get(name);
      if (wanted?.size !== listed?.size) return false;
      for (const [key, value] of wanted ?? []) if (listed?.get(key) !== value) return false;
      return true;
    });
  }

  #value(map: string, key: string): string | undefined {
    return this.#elements.get(map)?.get(key);
  }

  #remember(map: string, key: string, old: string | undefined): void {
    const before = inner(this.#before, map);
    if (!before.has(key)) before.set(key, old);
  }

  #change(changes: readonly ElementChange[]): TableChange {
    this.#before.clear();
    const real = changes.filter(({ old, now }) => old !== now);
    const isLate = ({ map, now }: ElementChange): boolean =>
      now === undefined && innerMaps.has(map);
    const gone = this.#unneeded();
    const steps = [
      this.#missing().map(partText),
      elementLines(real.filter((change) => !isLate(change))),
      [
        ...elementLines(real.filter(isLate)),
        // Chains read maps: they go first.
        ...gone
          .filter(({ kind }) => kind === 'chain')
          .map(({ name }) => `delete chain ${where} ${name}`),
        ...gone
          .filter(({ kind }) => kind !== 'chain')
          .map(({ kind, name }) => `delete ${kind} ${where} ${name}`),
      ],
    ];
    return {
      steps: steps.flatMap((lines) => (lines.length === 0 ? [] : [`${lines.join('\n')}\n`])),
      elementCount: real.length,
    };
  }

  #missing(): readonly Part[] {
    const missing: Part[] = [];
    for (const held of this.#parts.values()) {
      if (held.users === 0 || held.isInKernel) continue;
      held.isInKernel = true;
      missing.push(held.part);
    }
    return missing;
  }

  #unneeded(): readonly Part[] {
    const unused = [...this.#parts.values()].filter(({ users }) => users === 0);
    const kept = unused.filter(({ part, isInKernel }) => part.isKept && isInKernel);
    const isCrowded = kept.length > unusedPartsMax;
    const gone: Part[] = [];
    for (const { part, isInKernel } of unused) {
      if (isInKernel && part.isKept && !isCrowded) continue;
      this.#parts.delete(part.name);
      if (isInKernel) gone.push(part);
    }
    return gone;
  }
}

interface ElementChange {
  readonly map: string;
  readonly key: string;
  readonly old: string | undefined;
  readonly now: string | undefined;
}

function inner<V>(outer: Map<string, Map<string, V>>, key: string): Map<string, V> {
  let found = outer.get(key);
  if (found === undefined) {
    found = new Map();
    outer.set(key, found);
  }
  return found;
}

function partText({ kind, name, lines }: Part): string {
  return `table ${where} {\n  ${kind} ${name} {\n    ${lines.join('\n    ')}\n  }\n}`;
}

/** Deletions first. */
function elementLines(changes: readonly ElementChange[]): readonly string[] {
  const gone = changes.flatMap(({ map, key, old }) =>
    old === undefined ? [] : [{ map, text: key }],
  );
  const added = changes.flatMap(({ map, key, now }) =>
    now === undefined ? [] : [{ map, text: now === '' ? key : `${key} : ${now}` }],
  );
  return [...linesOf('delete', gone), ...linesOf('add', added)];
}

function linesOf(
  change: 'add' | 'delete',
  entries: readonly { readonly map: string; readonly text: string }[],
): readonly string[] {
  const byMap = new Map<string, string[]>();
  for (const { map, text } of entries) {
    const texts = byMap.get(map);
    if (texts === undefined) byMap.set(map, [text]);
    else texts.push(text);
  }
  return [...byMap].map(
    ([map, texts]) => `${change} element ${where} ${map} { ${texts.join(', ')} }`,
  );
}
