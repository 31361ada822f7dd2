import { SelectorOperator } from '#proto';
import type { Expression, NodeAffinity, NodeTerm } from '#proto';
import { isNodeKey, nameField } from '#scheduler';
import { invalid, quoted, requireCount, requireRange } from './invalid.ts';
import { limits } from './limits.ts';
import { validateExpressions } from './validate-expressions.ts';

const what = 'node affinity';

/** A label that nodes may have, or what a constraint may name. */
function requireNodeKey(field: string, name: string, key: string): void {
  if (key.length > limits.labelKeyLengthMax || !isNodeKey(key))
    throw invalid(
      field,
      `${name} ${quoted(key)} is neither a label of a node nor a key of a constraint`,
    );
}

export function validateNodeSelector(selector: Readonly<Record<string, string>>): void {
  const at = 'spec.task.placement.node_selector';
  const pairs = Object.entries(selector);
  requireCount(at, '--node-selector', pairs, limits.expressionsMax);
  for (const [key, value] of pairs) {
    requireNodeKey(at, '--node-selector', key);
    if (value.length > limits.labelValueLengthMax)
      throw invalid(
        at,
        `--node-selector ${quoted(key)}: the value is longer than ${limits.labelValueLengthMax}`,
      );
  }
}

function validateField(at: string, { key, operator, values }: Expression): void {
  if (key !== nameField)
    throw invalid(at, `${what} field ${quoted(key)}: there is only ${nameField}`);
  if (operator !== SelectorOperator.IN && operator !== SelectorOperator.NOT_IN)
    throw invalid(at, `${what} field ${nameField}: use the operator IN or NOT_IN`);
  if (values.length !== 1) throw invalid(at, `${what} field ${nameField} must have one element`);
}

function validateTerm(at: string, term: NodeTerm | undefined): void {
  if (term === undefined) throw invalid(at, `${what} has a preference without a term: add one`);
  const { expressions, fields } = term;
  validateExpressions(`${at}.expressions`, what, expressions);
  for (const { key } of expressions) requireNodeKey(`${at}.expressions`, what, key);
  requireCount(`${at}.fields`, `${what} fields`, fields, limits.expressionsMax);
  for (const field of fields) validateField(`${at}.fields`, field);
}

export function validateNodeAffinity(affinity: NodeAffinity): void {
  const at = 'spec.task.placement.node_affinity';
  const { required, preferred } = affinity;
  if (required !== undefined) {
    requireCount(`${at}.required`, `${what} terms`, required.terms, limits.affinityTermsMax);
    if (required.terms.length === 0)
      throw invalid(
        `${at}.required`,
        `${what} requires one of no terms: name one, or leave it out`,
      );
    for (const [index, term] of required.terms.entries())
      validateTerm(`${at}.required.terms[${index}]`, term);
  }
  requireCount(`${at}.preferred`, `${what} preferences`, preferred, limits.affinityTermsMax);
  for (const [index, { weight, term }] of preferred.entries()) {
    requireRange(`${at}.preferred[${index}].weight`, `${what} weight`, weight, 1, 100);
    validateTerm(`${at}.preferred[${index}].term`, term);
  }
}
