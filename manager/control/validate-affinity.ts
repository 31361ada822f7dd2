import { SelectorOperator, SpreadAction, SpreadActionNames } from '#proto';
import type { AffinityTerm, ServiceAffinity, TaskSelector, TopologySpread } from '#proto';
import { isNodeKey } from '#scheduler';
import { invalid, quoted, requireCount, requireEnum, requireRange } from './invalid.ts';
import { limits } from './limits.ts';
import { validateExpressions } from './validate-expressions.ts';
import { validateLabels } from './validate-labels.ts';

const skewMax = 100_000;

function requireTopologyKey(field: string, what: string, key: string): void {
  if (key === '')
    throw invalid(field, `${what} has no topology key: name one, as in node.hostname`);
  if (key.length > limits.labelKeyLengthMax || !isNodeKey(key))
    throw invalid(
      field,
      `${what} topology key ${quoted(key)} is neither a label of a node nor a key of a constraint`,
    );
}

function validateSelector(at: string, what: string, selector: TaskSelector): void {
  validateLabels(`${at}.labels`, `${what} selector`, selector.labels);
  validateExpressions(`${at}.expressions`, what, selector.expressions);
  const { GREATER, LESS } = SelectorOperator;
  for (const { key, operator } of selector.expressions) {
    if (key === '') throw invalid(`${at}.expressions`, `${what} has an expression without a key`);
    if (operator === GREATER || operator === LESS)
      throw invalid(
        `${at}.expressions`,
        `${what} ${quoted(key)}: tasks are not compared by numbers: use IN or NOT_IN`,
      );
  }
}

/** Label keys whose values are taken from the service itself. */
function validateLabelKeys(at: string, what: string, keys: readonly string[]): void {
  requireCount(at, `${what} label keys`, keys, limits.expressionsMax);
  for (const key of keys)
    if (key === '' || key.length > limits.labelKeyLengthMax)
      throw invalid(at, `${what} label key ${quoted(key)} is not a label name`);
}

function validateTerm(at: string, what: string, term: AffinityTerm | undefined): void {
  if (term === undefined) throw invalid(at, `${what} has a preference without a term: add one`);
  const { selector, topologyKey, stacks, matchLabelKeys, mismatchLabelKeys } = term;
  requireTopologyKey(`${at}.topology_key`, what, topologyKey);
  if (selector !== undefined) validateSelector(`${at}.selector`, what, selector);
  requireCount(`${at}.stacks`, `${what} stacks`, stacks, limits.expressionValuesMax);
  for (const stack of stacks)
    if (stack.length > limits.labelValueLengthMax)
      throw invalid(`${at}.stacks`, `${what} names a stack of over ${limits.labelValueLengthMax}`);
  validateLabelKeys(`${at}.match_label_keys`, what, matchLabelKeys);
  validateLabelKeys(`${at}.mismatch_label_keys`, what, mismatchLabelKeys);
  const both = matchLabelKeys.find((key) => mismatchLabelKeys.includes(key));
  if (both !== undefined)
    throw invalid(at, `${what} label key ${quoted(both)} cannot both match and not match`);
}

/** `field` is "affinity" or "anti_affinity". */
export function validateAffinity(
  field: 'affinity' | 'anti_affinity',
  { required, preferred }: ServiceAffinity,
): void {
  const at = `spec.task.placement.${field}`;
  const what = field === 'affinity' ? '--affinity' : '--anti-affinity';
  requireCount(`${at}.required`, what, required, limits.affinityTermsMax);
  for (const [index, term] of required.entries())
    validateTerm(`${at}.required[${index}]`, what, term);
  requireCount(`${at}.preferred`, what, preferred, limits.affinityTermsMax);
  for (const [index, { weight, term }] of preferred.entries()) {
    requireRange(`${at}.preferred[${index}].weight`, `${what} weight`, weight, 1, 100);
    validateTerm(`${at}.preferred[${index}].term`, what, term);
  }
}

/** Rules of how a service's tasks lie in the domains of a key. */
export function validateTopologySpread(spreads: readonly TopologySpread[]): void {
  const at = 'spec.task.placement.topology_spread';
  const what = '--spread';
  requireCount(at, what, spreads, limits.preferencesMax);
  const known = new Set<string>();
  for (const [index, spread] of spreads.entries()) {
    const { maxSkew, topologyKey, action, selector, minDomains, matchLabelKeys } = spread;
    const field = `${at}[${index}]`;
    requireTopologyKey(`${field}.topology_key`, what, topologyKey);
    requireRange(`${field}.max_skew`, `${what} max skew`, maxSkew, 1, skewMax);
    requireEnum(`${field}.action`, `${what} action`, action, SpreadActionNames);
    requireRange(`${field}.min_domains`, `${what} min domains`, minDomains, 0, skewMax);
    if (minDomains > 0 && action !== SpreadAction.DO_NOT_SCHEDULE)
      throw invalid(
        `${field}.min_domains`,
        `${what} ${topologyKey}: min domains need a hard spread: leave them out, or the action`,
      );
    if (selector !== undefined) validateSelector(`${field}.selector`, what, selector);
    validateLabelKeys(`${field}.match_label_keys`, what, matchLabelKeys);
    const id = `${topologyKey}/${action}`;
    if (known.has(id))
      throw invalid(field, `${what} ${topologyKey} is given twice: give each key once`);
    known.add(id);
  }
}
