/** What the mesh's table has other than it should, in words. Pure. */
import type { Elements } from './table-contents.ts';

/** Each as `MAP KEY: stale`, `missing` or `VALUE, should be VALUE`; ascending. */
export function elementDifferences(wanted: Elements, listed: Elements): readonly string[] {
  const texts: string[] = [];
  for (const [map, elements] of wanted)
    for (const [key, value] of elements) {
      const present = listed.get(map)?.get(key);
      if (present === undefined) texts.push(`${map} ${key}: missing`);
      else if (present !== value) texts.push(`${map} ${key}: ${present}, should be ${value}`);
    }
  for (const [map, elements] of listed)
    for (const key of elements.keys())
      if (wanted.get(map)?.has(key) !== true) texts.push(`${map} ${key}: stale`);
  return texts.toSorted();
}
