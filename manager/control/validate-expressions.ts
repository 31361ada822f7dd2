import { SelectorOperator, SelectorOperatorNames } from '#proto';
import type { Expression } from '#proto';
import { labelNumber } from '#scheduler';
import { invalid, quoted, requireCount, requireEnum } from './invalid.ts';
import { limits } from './limits.ts';

/**
 * The operators and values of expressions; `what` names what they belong to, as in "node affinity". The
 * caller looks at the keys.
 */
export function validateExpressions(
  at: string,
  what: string,
  expressions: readonly Expression[],
): void {
  requireCount(at, `${what} expressions`, expressions, limits.expressionsMax);
  for (const [index, expression] of expressions.entries())
    validateExpression(`${at}[${index}]`, what, expression);
}

function validateExpression(at: string, what: string, expression: Expression): void {
  const { key, operator, values } = expression;
  requireEnum(`${at}.operator`, `${what} operator`, operator, SelectorOperatorNames);
  requireCount(`${at}.values`, `${what} values`, values, limits.expressionValuesMax);
  const name = `${what} ${quoted(key)}`;
  for (const value of values)
    if (value.length > limits.labelValueLengthMax)
      throw invalid(`${at}.values`, `${name} has a value of over ${limits.labelValueLengthMax}`);
  switch (operator) {
    case SelectorOperator.IN:
    case SelectorOperator.NOT_IN:
      if (values.length === 0)
        throw invalid(`${at}.values`, `${name} has no value: name one or more`);
      break;
    case SelectorOperator.EXISTS:
    case SelectorOperator.DOES_NOT_EXIST:
      if (values.length > 0)
        throw invalid(`${at}.values`, `${name}: this operator takes no value: leave it out`);
      break;
    case SelectorOperator.GREATER:
    case SelectorOperator.LESS: {
      const [value] = values;
      if (values.length !== 1 || value === undefined || labelNumber(value) === undefined)
        throw invalid(`${at}.values`, `${name}: this operator takes one whole number`);
    }
  }
}
