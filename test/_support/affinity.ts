/** Short ways to write selectors and affinities in tests: "zone in a,b", "zone notin a", "zone", "!zone", "n > 5". */
import { Expression, NodeAffinity, NodeTerm, NodeTerms, PreferredNodeTerm } from '#proto';
import { AffinityTerm, PreferredAffinityTerm, SelectorOperator, ServiceAffinity } from '#proto';
import { TaskSelector, TopologySpread } from '#proto';

const operators: Readonly<Record<string, SelectorOperator>> = {
  in: SelectorOperator.IN,
  notin: SelectorOperator.NOT_IN,
  '>': SelectorOperator.GREATER,
  '<': SelectorOperator.LESS,
};

export function expression(text: string): Expression {
  const [first = '', word, list = ''] = text.split(' ');
  if (word === undefined) {
    const isAbsent = first.startsWith('!');
    const { EXISTS, DOES_NOT_EXIST } = SelectorOperator;
    const operator = isAbsent ? DOES_NOT_EXIST : EXISTS;
    return Expression.create({ key: isAbsent ? first.slice(1) : first, operator });
  }
  const operator = operators[word];
  if (operator === undefined) throw new Error(`no operator ${word}`);
  return Expression.create({ key: first, operator, values: list.split(',') });
}

/** Texts that begin with "@" are about fields. */
export function nodeTerm(...texts: readonly string[]): NodeTerm {
  const isField = (text: string): boolean => text.startsWith('@');
  return NodeTerm.create({
    expressions: texts.filter((text) => !isField(text)).map(expression),
    fields: texts.filter(isField).map((text) => expression(text.slice(1))),
  });
}

export function requiringNodes(...terms: readonly NodeTerm[]): NodeAffinity {
  return NodeAffinity.create({ required: NodeTerms.create({ terms }) });
}

export function preferringNodes(...pairs: readonly (readonly [number, NodeTerm])[]): NodeAffinity {
  const preferred = pairs.map(([weight, term]) => PreferredNodeTerm.create({ weight, term }));
  return NodeAffinity.create({ preferred });
}

/** Labels as in "app=web", and expressions; no text at all selects every task. */
export function taskSelector(...texts: readonly string[]): TaskSelector {
  const isPair = (text: string): boolean => text.includes('=');
  return TaskSelector.create({
    labels: Object.fromEntries(texts.filter(isPair).map((text) => text.split('='))),
    expressions: texts.filter((text) => !isPair(text)).map(expression),
  });
}

/** Tasks that `texts` select, in the domains of `topologyKey`. */
export function affinityTerm(
  topologyKey: string,
  texts: readonly string[],
  init: Partial<AffinityTerm> = {},
): AffinityTerm {
  return AffinityTerm.create({ selector: taskSelector(...texts), topologyKey, ...init });
}

export function requiringTasks(...required: readonly AffinityTerm[]): ServiceAffinity {
  return ServiceAffinity.create({ required });
}

export function preferringTasks(
  ...pairs: readonly (readonly [number, AffinityTerm])[]
): ServiceAffinity {
  const preferred = pairs.map(([weight, term]) => PreferredAffinityTerm.create({ weight, term }));
  return ServiceAffinity.create({ preferred });
}

/** A hard spread of the tasks with the label app=web. */
export function spreadOver(
  topologyKey: string,
  maxSkew: number,
  init: Partial<TopologySpread> = {},
): TopologySpread {
  return TopologySpread.create({
    topologyKey,
    maxSkew,
    selector: taskSelector('app=web'),
    ...init,
  });
}
