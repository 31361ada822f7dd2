/** Whether the chains of a table in the kernel are those that were written. Pure. */
import type { Structure } from './listing.ts';
import { skeleton, skeletonNames } from './structure.ts';

/** Rules of the skeleton's chains, by their name. */
const skeletonRules: ReadonlyMap<string, number> = new Map(
  [...skeleton.matchAll(/^\s*chain (\w+) \{\n([^}]*)^\s*\}/gm)].map(([, name = '', body = '']) => [
    name,
    ruleCount(body),
  ]),
);

function ruleCount(body: string): number {
  const lines = body.split('\n').filter((line) => line.trim() !== '');
  return lines.filter((line) => !line.trim().startsWith('type ')).length;
}

/**
 * nft spells rules in its own way, so that text cannot be compared with what was written: everything of
 * the skeleton must be there with as many rules, and no chain may differ from how it was `before`.
 */
export function isIntact(listing: Structure, before: ReadonlyMap<string, string>): boolean {
  const { kinds, ruleCounts, chains } = listing;
  for (const name of skeletonNames) if (!kinds.has(name)) return false;
  for (const [name, count] of skeletonRules) if (ruleCounts.get(name) !== count) return false;
  for (const [name, text] of chains) if ((before.get(name) ?? text) !== text) return false;
  return [...ruleCounts].every(([name, count]) => skeletonNames.has(name) || count > 0);
}
