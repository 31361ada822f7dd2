/** Short ways to write selectors and affinities in tests: "zone in a,b", "zone notin a", "zone", "!zone", "n > 5". */
import { Expression, NodeAffinity, NodeTerm, NodeTerms, PreferredNodeTerm } from '#proto';
import { SelectorOperator } from '#proto';

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
