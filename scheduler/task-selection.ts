/** A selector of tasks, read once: labels, expressions and stacks that a kind of tasks must have. */
import { Expression, SelectorOperator } from '#proto';
import type { AffinityTerm, TaskSelector } from '#proto';
import { satisfies } from './selector.ts';

/** What a selection looks at. */
export interface Selectable {
  readonly labels: Readonly<Record<string, string>>;
  readonly stack: string;
}

export class TaskSelection {
  /** Equal for selections that select the same in the same words. */
  readonly id: string;
  readonly #expressions: readonly Expression[];
  /** Undefined: every stack. */
  readonly #stacks: readonly string[] | undefined;

  private constructor(expressions: readonly Expression[], stacks: readonly string[] | undefined) {
    this.#expressions = expressions;
    this.#stacks = stacks;
    this.id = JSON.stringify([
      stacks ?? null,
      expressions.map(({ key, operator, values }) => [key, operator, values]),
    ]);
  }

  /** Of an affinity term of `owner`; undefined where it selects nothing. */
  static ofTerm(term: AffinityTerm, owner: Selectable): TaskSelection | undefined {
    if (term.selector === undefined) return undefined;
    const { IN, NOT_IN } = SelectorOperator;
    const expressions = [
      ...expressionsOf(term.selector),
      ...sameAs(owner, term.matchLabelKeys, IN),
      ...sameAs(owner, term.mismatchLabelKeys, NOT_IN),
    ];
    const named = term.stacks.length > 0 ? term.stacks : [owner.stack];
    return new TaskSelection(expressions, term.isAnyStack ? undefined : named);
  }

  /** Of a topology spread of `owner`: tasks of its stack; an empty selector selects nothing. */
  static ofSpread(
    selector: TaskSelector | undefined,
    matchLabelKeys: readonly string[],
    owner: Selectable,
  ): TaskSelection | undefined {
    const own = selector === undefined ? [] : expressionsOf(selector);
    if (own.length === 0) return undefined;
    const expressions = [...own, ...sameAs(owner, matchLabelKeys, SelectorOperator.IN)];
    return new TaskSelection(expressions, [owner.stack]);
  }

  /** Of tasks that every one of `selections` selects, each in its stacks. */
  static selectsAll(selections: readonly TaskSelection[], tasks: Selectable): boolean {
    return selections.every((selection) => selection.selects(tasks));
  }

  selects({ labels, stack }: Selectable): boolean {
    if (this.#stacks !== undefined && !this.#stacks.includes(stack)) return false;
    return this.#expressions.every((expression) => {
      const { key } = expression;
      return satisfies(Object.hasOwn(labels, key) ? labels[key] : undefined, expression);
    });
  }

  /** A label and its value that all selected tasks have; undefined where there is none. */
  get anchor(): string | undefined {
    for (const { key, operator, values } of this.#expressions)
      if (operator === SelectorOperator.IN && values.length === 1) return `${key}=${values[0]}`;
    return undefined;
  }
}

function expressionsOf({ labels, expressions }: TaskSelector): readonly Expression[] {
  const pairs = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const equal = pairs.map(([key, value]) =>
    Expression.create({ key, operator: SelectorOperator.IN, values: [value] }),
  );
  return [...equal, ...expressions];
}

/** A key that the owner does not have asks for nothing. */
function sameAs(
  { labels }: Selectable,
  keys: readonly string[],
  operator: SelectorOperator,
): readonly Expression[] {
  return keys.flatMap((key) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    return value === undefined ? [] : [Expression.create({ key, operator, values: [value] })];
  });
}
