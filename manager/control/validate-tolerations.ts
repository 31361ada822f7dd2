import { TaintEffect, TaintEffectNames, TolerationOperator, TolerationOperatorNames } from '#proto';
import type { Toleration } from '#proto';
import { isTaintNumber } from '#scheduler';
import { invalid, quoted, requireCount, requireEnum } from './invalid.ts';
import { limits } from './limits.ts';

const keyPattern = /^[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?$/;
const valuePattern = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const flag = '--toleration';

export function isTaintKey(text: string): boolean {
  return text.length <= limits.labelKeyLengthMax && keyPattern.test(text);
}

/** Of a value that is not empty. */
export function isTaintValue(text: string): boolean {
  return text.length <= 63 && valuePattern.test(text);
}

function validateToleration(at: string, toleration: Toleration): void {
  const { key, operator, value, effect, seconds } = toleration;
  requireEnum(`${at}.operator`, `${flag} operator`, operator, TolerationOperatorNames);
  if (effect !== undefined) requireEnum(`${at}.effect`, `${flag} effect`, effect, TaintEffectNames);
  if (key !== '' && !isTaintKey(key))
    throw invalid(`${at}.key`, `${flag} ${quoted(key)} is not a taint name`);
  const isExists = operator === TolerationOperator.EXISTS;
  if (key === '' && !isExists)
    throw invalid(
      `${at}.key`,
      `${flag} has no key: name one, or use operator exists without value`,
    );
  if (isExists && value !== '')
    throw invalid(
      `${at}.value`,
      `${flag} ${key}=${quoted(value)}: operator exists takes no value: leave one of the two out`,
    );
  const isNumeric = operator === TolerationOperator.GREATER || operator === TolerationOperator.LESS;
  if (isNumeric && !isTaintNumber(value))
    throw invalid(
      `${at}.value`,
      `${flag} ${key}: ${quoted(value)} is not a whole number of 64 bits: write it plainly, as in 900`,
    );
  if (!isNumeric && value !== '' && !isTaintValue(value))
    throw invalid(
      `${at}.value`,
      `${flag} ${key}=${quoted(value)}: a value is of letters, digits and ._-, at most 63`,
    );
  if (seconds !== undefined && effect !== TaintEffect.NO_EXECUTE)
    throw invalid(
      `${at}.seconds`,
      `${flag} ${key}: seconds need the effect NoExecute: write ${key || 'KEY'}:NoExecute:${seconds}`,
    );
}

/** What the matcher relies on but does not look at itself. */
export function validateTolerations(tolerations: readonly Toleration[]): void {
  const at = 'spec.task.placement.tolerations';
  requireCount(at, flag, tolerations, limits.tolerationsMax);
  for (const [index, toleration] of tolerations.entries())
    validateToleration(`${at}[${index}]`, toleration);
}
