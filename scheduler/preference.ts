/** Placement preferences: `spread=KEY` balances a service's tasks between the values of KEY. */
import { ClusterError } from '#lib';
import { parseKey } from './constraint.ts';
import type { ConstraintKey } from './constraint.ts';

function parse(text: string): ConstraintKey | undefined {
  const at = text.indexOf('=');
  if (at < 0 || text.slice(0, at).trim().toLowerCase() !== 'spread') return undefined;
  return parseKey(text.slice(at + 1).trim());
}

/** Throws INVALID_SPEC with what is wrong with `text`. */
export function parsePreference(text: string): ConstraintKey {
  const key = parse(text);
  if (key !== undefined) return key;
  throw new ClusterError(
    'INVALID_SPEC',
    `placement preference "${text}" is not understood; write spread=node.labels.NAME`,
    { details: { preference: text } },
  );
}

/** The keys to spread by, outermost first; what cannot be read is left out. */
export function spreadKeys(texts: readonly string[]): readonly ConstraintKey[] {
  return texts.map(parse).filter((key) => key !== undefined);
}
