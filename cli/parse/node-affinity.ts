/** Node affinity as kubectl's selectors are written: [WEIGHT:]EXPRESSION[,EXPRESSION...]. */
import { Expression, NodeAffinity, NodeTerm, NodeTerms, PreferredNodeTerm } from '#proto';
import { SelectorOperator } from '#proto';
import { UsageError } from '../cli.ts';

/** One term; required when it has no weight. All of its expressions must hold. */
export interface NodeRule {
  readonly weight: number | undefined;
  readonly term: NodeTerm;
}

const { IN, NOT_IN, EXISTS, DOES_NOT_EXIST, GREATER, LESS } = SelectorOperator;
const key = String.raw`([A-Za-z0-9][\w./-]*)`;
const value = String.raw`([^\s,()=!<>]+)`;
const set = new RegExp(String.raw`^${key}\s+(in|notin)\s*\(([^()]*)\)$`);
const comparison = new RegExp(String.raw`^${key}\s*(==|=|!=|>|<)\s*${value}$`);
const presence = new RegExp(String.raw`^(!?)\s*${key}$`);

const operators: Readonly<Record<string, SelectorOperator>> = {
  in: IN,
  notin: NOT_IN,
  '=': IN,
  '==': IN,
  '!=': NOT_IN,
  '>': GREATER,
  '<': LESS,
};

function expressionOf(text: string): Expression | undefined {
  const [, setKey, setWord = '', list = ''] = set.exec(text) ?? [];
  if (setKey !== undefined) {
    const values = list.split(',').map((one) => one.trim());
    return values.includes('') ? undefined : make(setKey, operators[setWord], values);
  }
  const [, left, sign = '', right = ''] = comparison.exec(text) ?? [];
  if (left !== undefined) {
    const isOrder = sign === '>' || sign === '<';
    if (isOrder && !/^-?\d+$/.test(right)) return undefined;
    return make(left, operators[sign], [right]);
  }
  const [, not = '', name] = presence.exec(text) ?? [];
  return name === undefined ? undefined : make(name, not === '' ? EXISTS : DOES_NOT_EXIST, []);
}

function make(name: string, operator: SelectorOperator | undefined, values: readonly string[]) {
  return Expression.create({ key: name, operator: operator ?? EXISTS, values: [...values] });
}

/** At commas, but for those in parentheses. */
const parts = (text: string): readonly string[] =>
  text.split(/,(?![^(]*\))/).map((part) => part.trim());

export function parseNodeAffinity(flag: string, text: string): NodeRule {
  const [, weightText, rest = ''] = /^(?:(\d+):)?(.*)$/s.exec(text) ?? [];
  const weight = weightText === undefined ? undefined : Number(weightText);
  if (weight !== undefined && (weight < 1 || weight > 100))
    throw new UsageError(`${flag} '${text}': a weight is a whole number, 1 to 100`);
  const expressions = parts(rest).map((part) => {
    const expression = expressionOf(part);
    if (expression !== undefined) return expression;
    throw new UsageError(
      `${flag} '${text}': '${part}' is no expression: write KEY=VALUE, KEY!=VALUE, KEY in (A,B), KEY notin (A,B), KEY, !KEY, KEY>NUMBER or KEY<NUMBER`,
    );
  });
  return { weight, term: NodeTerm.create({ expressions }) };
}

/** The rules of an affinity, required ones first. */
export function nodeRulesOf(affinity: NodeAffinity | undefined): readonly NodeRule[] {
  const required = affinity?.required?.terms ?? [];
  const preferred = affinity?.preferred ?? [];
  return [
    ...required.map((term) => ({ weight: undefined, term })),
    ...preferred.flatMap(({ weight, term }) => (term === undefined ? [] : [{ weight, term }])),
  ];
}

/** Undefined where there are no rules. One of the required ones must hold. */
export function nodeAffinityOf(rules: readonly NodeRule[]): NodeAffinity | undefined {
  if (rules.length === 0) return undefined;
  const terms = rules.flatMap(({ weight, term }) => (weight === undefined ? [term] : []));
  return NodeAffinity.create({
    required: terms.length === 0 ? undefined : NodeTerms.create({ terms }),
    preferred: rules.flatMap(({ weight, term }) =>
      weight === undefined ? [] : [PreferredNodeTerm.create({ weight, term })],
    ),
  });
}

/** Equal for rules with the same expressions: a new weight replaces the old. */
export function nodeRuleId({ weight, term }: NodeRule): string {
  return JSON.stringify([weight === undefined, NodeTerm.create(term)]);
}
