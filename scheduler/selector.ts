/** Expressions over labels, of nodes and of tasks, with Kubernetes' operators. */
import { SelectorOperator } from '#proto';
import type { Expression } from '#proto';

/** A whole number of 64 bits; zeros in front and a plus are fine, unlike in a toleration. */
export function labelNumber(text: string): bigint | undefined {
  if (!/^[+-]?\d{1,40}$/.test(text)) return undefined;
  const value = BigInt(text.replace(/^\+/, ''));
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

function isBeyond(value: string, limits: readonly string[], isGreater: boolean): boolean {
  const [limitText, ...rest] = limits;
  if (limitText === undefined || rest.length > 0) return false;
  const number = labelNumber(value);
  const limit = labelNumber(limitText);
  if (number === undefined || limit === undefined) return false;
  return isGreater ? number > limit : number < limit;
}

/** Whether a label of this value (undefined: there is none) satisfies the expression. */
export function satisfies(value: string | undefined, expression: Expression): boolean {
  const { operator, values } = expression;
  switch (operator) {
    case SelectorOperator.IN:
      return value !== undefined && values.includes(value);
    case SelectorOperator.NOT_IN:
      return value === undefined || !values.includes(value);
    case SelectorOperator.EXISTS:
      return value !== undefined;
    case SelectorOperator.DOES_NOT_EXIST:
      return value === undefined;
    case SelectorOperator.GREATER:
      return value !== undefined && isBeyond(value, values, true);
    case SelectorOperator.LESS:
      return value !== undefined && isBeyond(value, values, false);
    default:
      return false;
  }
}
