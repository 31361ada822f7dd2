/** The nodes as the loops need them, kept up to date from the store's events. */
import type { Ms } from '#lib';
import { NodeState } from '#proto';
import type { Node } from '#proto';
import type { ReadTransaction, StoreEvent } from '../store/types.ts';
import { isSame } from './task-comparer.ts';

/** Nodes that went DOWN within this time of one another went together. */
const lossWindowMs: Ms = 60_000;
/** In a smaller cluster any loss is more than half. */
const lossNodesMin = 3;
/**
 * Tasks of a DOWN node are replaced this much later, so that nodes that are lost at the same moment are
 * seen to be: their time-outs end within a heartbeat of one another.
 */
const lossSettleMs: Ms = 500;

function wentDownMs(node: Node): Ms {
  return node.status?.changedAtMs ?? 0;
}

/**
 * The DOWN nodes whose tasks are left alone: more than half of all nodes went within `lossWindowMs`, so
 * it is more likely that this manager was cut off, and what is left could not carry the load anyway.
 */
export function nodesLostTogether(down: readonly Node[], nodeCount: number): ReadonlySet<string> {
  const held = new Set<string>();
  if (nodeCount < lossNodesMin || down.length * 2 <= nodeCount) return held;
  const sorted = [...down].sort((a, b) => wentDownMs(a) - wentDownMs(b));
  let first = 0;
  for (let last = 0; last < sorted.length; last++) {
    const end = sorted[last];
    while (end !== undefined && wentDownMs(sorted[first] ?? end) < wentDownMs(end) - lossWindowMs)
      first++;
    if ((last - first + 1) * 2 <= nodeCount) continue;
    for (const node of sorted.slice(first, last + 1)) held.add(node.id);
  }
  return held;
}

/** Whether a change of a node may change a decision of the loops. */
export function isNodeChangeOfInterest(old: Node, node: Node): boolean {
  return (
    old.status?.state !== node.status?.state ||
    old.status?.address !== node.status?.address ||
    old.role !== node.role ||
    !isSame(old.spec, node.spec) ||
    !isSame(old.description, node.description)
  );
}

export class NodeTable {
  readonly #nodes = new Map<string, Node>();
  readonly #down = new Set<string>();
  #held: ReadonlySet<string> = new Set();

  load(tx: ReadTransaction): void {
    this.#nodes.clear();
    this.#down.clear();
    for (const node of tx.list('node')) this.#set(node);
    this.#judge();
  }

  apply(event: StoreEvent): void {
    if (event.table !== 'node') return;
    const wasDown = this.#down.size;
    if (event.kind === 'remove') {
      this.#nodes.delete(event.object.id);
      this.#down.delete(event.object.id);
    } else this.#set(event.object);
    if (wasDown + this.#down.size > 0) this.#judge();
  }

  get(id: string): Node | undefined {
    return this.#nodes.get(id);
  }

  all(): Iterable<Node> {
    return this.#nodes.values();
  }

  downIds(): Iterable<string> {
    return this.#down;
  }

  /** Changes its identity when, and only when, its content changes. */
  get held(): ReadonlySet<string> {
    return this.#held;
  }

  /** When the tasks of this DOWN node are to be replaced; Infinity = not for now. */
  replaceAtMs(node: Node): Ms {
    if (this.#held.has(node.id)) return Infinity;
    return wentDownMs(node) + (this.#nodes.size >= lossNodesMin ? lossSettleMs : 0);
  }

  #set(node: Node): void {
    this.#nodes.set(node.id, node);
    if (node.status?.state === NodeState.DOWN) this.#down.add(node.id);
    else this.#down.delete(node.id);
  }

  #judge(): void {
    const down = [...this.#down].flatMap((id) => this.#nodes.get(id) ?? []);
    const held = nodesLostTogether(down, this.#nodes.size);
    const isEqual = held.size === this.#held.size && [...held].every((id) => this.#held.has(id));
    if (!isEqual) this.#held = held;
  }
}
