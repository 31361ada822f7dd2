/**
 * Is there one order of all operations that explains every answer, and in which no operation comes
 * before one that had ended when it was called? The search is that of Wing and Gong (1993) with
 * Lowe's memory of (operations done, state) pairs (2017), object by object: a history is
 * linearizable exactly when each object's part of it is (Herlihy and Wing 1990, section 3.3).
 */
import { assert } from '#lib';
import type { Operation } from './history.ts';
import type { Model } from './model.ts';

/** Pairs remembered for one object; a search that needs more ends as `undecided`. */
export const pairsMax = 200_000;

export type Verdict =
  | { readonly kind: 'linearizable'; readonly operationCount: number }
  /** `explanation` has one line for each of the last operations that could be ordered, and what not. */
  | { readonly kind: 'violation'; readonly object: string; readonly explanation: string }
  | { readonly kind: 'undecided'; readonly object: string };

/** A call or an end, in a doubly linked list in the order of the history. */
interface Entry<I, O> {
  readonly id: number;
  readonly operation: Operation<I, O>;
  /** Of a call: its end; undefined when it is not known how the operation ended. */
  readonly end: Entry<I, O> | undefined;
  readonly isCall: boolean;
  previous: Entry<I, O> | undefined;
  next: Entry<I, O> | undefined;
}

/** Judges a history of any number of objects; the first object that does not fit decides. */
export function checkHistory<S, I, O>(
  model: Model<S, I, O>,
  operations: readonly Operation<I, O>[],
): Verdict {
  const byObject = Map.groupBy(
    operations.filter(({ end }) => end.kind !== 'failed'),
    ({ object }) => object,
  );
  let operationCount = 0;
  for (const [object, own] of byObject) {
    const search = new Search(model, own);
    const verdict = search.run();
    if (verdict === 'undecided') return { kind: 'undecided', object };
    if (verdict === 'violation')
      return { kind: 'violation', object, explanation: search.explanation() };
    operationCount += own.length;
  }
  return { kind: 'linearizable', operationCount };
}

class Search<S, I, O> {
  readonly #model: Model<S, I, O>;
  readonly #head: Entry<I, O>;
  readonly #done: Uint32Array;
  /** Operations with an answer that have no place yet. */
  #left = 0;
  readonly #seen = new Set<string>();
  readonly #path: { readonly entry: Entry<I, O>; readonly before: S }[] = [];
  #state: S;
  /** The longest order that was found, and what stood in its way. */
  #longest: readonly Operation<I, O>[] = [];
  #stuckAt: Operation<I, O> | undefined;
  #stuckState: S;

  constructor(model: Model<S, I, O>, operations: readonly Operation<I, O>[]) {
    this.#model = model;
    this.#state = model.initial;
    this.#stuckState = model.initial;
    this.#done = new Uint32Array(Math.ceil(operations.length / 32));
    this.#head = this.#list(operations);
  }

  run(): 'linearizable' | 'violation' | 'undecided' {
    let entry = this.#head.next;
    while (this.#left > 0) {
      assert(entry !== undefined, 'an answer without a place is still in the list');
      if (entry.isCall) {
        const isPlaced = this.#place(entry);
        if (this.#seen.size > pairsMax) return 'undecided';
        entry = isPlaced ? this.#head.next : entry.next;
        continue;
      }
      // Everything called before this end was tried: one of those placed stands wrong.
      this.#noteStuck(entry.operation);
      const last = this.#takeBack();
      if (last === undefined) return 'violation';
      entry = last.next;
    }
    return 'linearizable';
  }

  explanation(): string {
    const from = Math.max(0, this.#longest.length - 8);
    const lines = this.#longest.slice(from).map((one) => `  ${this.#describe(one)}`);
    const stuck = this.#stuckAt === undefined ? '' : this.#describe(this.#stuckAt);
    return [
      `the longest order has ${this.#longest.length} operations and ends with`,
      ...lines,
      `in the state ${this.#model.key(this.#stuckState)}; it has no place for`,
      `  ${stuck}`,
    ].join('\n');
  }

  #list(operations: readonly Operation<I, O>[]): Entry<I, O> {
    const placed: { readonly at: number; readonly entry: Entry<I, O> }[] = [];
    const none = { previous: undefined, next: undefined };
    for (const [id, operation] of operations.entries()) {
      const { end, callAt } = operation;
      let endEntry: Entry<I, O> | undefined;
      if (end.kind === 'ok') {
        assert(end.at > callAt, 'an operation ends after its call');
        endEntry = { id, operation, end: undefined, isCall: false, ...none };
        placed.push({ at: end.at, entry: endEntry });
        this.#left++;
      }
      const call = { id, operation, end: endEntry, isCall: true, ...none };
      placed.push({ at: callAt, entry: call });
    }
    placed.sort((a, b) => a.at - b.at);
    const [first] = placed;
    // The head is no operation; it only saves asking whether something is the first of the list.
    const operation = first?.entry.operation as Operation<I, O>;
    const head: Entry<I, O> = { id: -1, operation, end: undefined, isCall: true, ...none };
    let last = head;
    for (const { entry } of placed) {
      last.next = entry;
      entry.previous = last;
      last = entry;
    }
    return head;
  }

  /** Puts the operation next in the order, when it fits and leads somewhere not yet seen. */
  #place(call: Entry<I, O>): boolean {
    const { input, end } = call.operation;
    const output = end.kind === 'ok' ? end.output : undefined;
    const next = this.#model.step(this.#state, input, output);
    if (next === undefined) return false;
    this.#flip(call.id);
    const pair = `${this.#done.join()}|${this.#model.key(next)}`;
    if (this.#seen.has(pair)) {
      this.#flip(call.id);
      return false;
    }
    this.#seen.add(pair);
    this.#path.push({ entry: call, before: this.#state });
    this.#state = next;
    unlink(call);
    if (call.end !== undefined) {
      unlink(call.end);
      this.#left--;
    }
    return true;
  }

  #takeBack(): Entry<I, O> | undefined {
    const last = this.#path.pop();
    if (last === undefined) return undefined;
    const { entry, before } = last;
    if (entry.end !== undefined) {
      relink(entry.end);
      this.#left++;
    }
    relink(entry);
    this.#state = before;
    this.#flip(entry.id);
    return entry;
  }

  #flip(id: number): void {
    this.#done[id >>> 5] = (this.#done[id >>> 5] ?? 0) ^ (1 << (id & 31));
  }

  #noteStuck(operation: Operation<I, O>): void {
    if (this.#stuckAt !== undefined && this.#path.length <= this.#longest.length) return;
    this.#stuckAt = operation;
    this.#stuckState = this.#state;
    this.#longest = this.#path.map(({ entry }) => entry.operation);
  }

  #describe({ callAt, input, end }: Operation<I, O>): string {
    const until = end.kind === 'ok' ? end.at : '?';
    const output = end.kind === 'ok' ? end.output : undefined;
    return `[${callAt}, ${until}] ${this.#model.describe(input, output)}`;
  }
}

function unlink<I, O>(entry: Entry<I, O>): void {
  if (entry.previous !== undefined) entry.previous.next = entry.next;
  if (entry.next !== undefined) entry.next.previous = entry.previous;
}

/** Only in the opposite order of `unlink`: the neighbours are those of then. */
function relink<I, O>(entry: Entry<I, O>): void {
  if (entry.previous !== undefined) entry.previous.next = entry;
  if (entry.next !== undefined) entry.next.previous = entry;
}
