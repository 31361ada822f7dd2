/** The domains of one rule: the values that nodes have under its topology key, with a number for each. */
import type { ConstraintKey } from './constraint.ts';
import { valueUnder } from './node-affinity.ts';
import type { NodeRecord } from './node-record.ts';

export interface Domain {
  readonly value: string;
  /** Unlike any other domain of the same rule. */
  readonly ordinal: number;
  /** Tasks that count here, or the sum of their weights. */
  count: number;
}

export class Domains {
  readonly key: ConstraintKey;
  readonly #byValue = new Map<string, Domain>();

  constructor(key: ConstraintKey) {
    this.key = key;
  }

  get size(): number {
    return this.#byValue.size;
  }

  all(): Iterable<Domain> {
    return this.#byValue.values();
  }

  /** The domain that the node is in; undefined when it lacks the key. */
  of(record: NodeRecord): Domain | undefined {
    const value = valueUnder(record.node, this.key);
    if (value === undefined) return undefined;
    let domain = this.#byValue.get(value);
    if (domain === undefined) {
      domain = { value, ordinal: this.#byValue.size, count: 0 };
      this.#byValue.set(value, domain);
    }
    return domain;
  }
}
