/** One node, and those with which it has the same trouble. */
export interface Trouble<T> {
  readonly center: string;
  readonly others: readonly string[];
  readonly items: readonly T[];
}

interface Pair<T> {
  readonly ends: readonly [string, string];
  readonly items: T[];
}

/**
 * Pairs of nodes that have trouble, as few troubles as it takes: the node with most pairs is taken for
 * the cause of them all, then the next; of several, the first by `nameOf`. `endsOf`: the two nodes, in any order.
 */
export function clustersOf<T>(
  items: readonly T[],
  endsOf: (item: T) => readonly [string, string],
  nameOf: (node: string) => string,
): readonly Trouble<T>[] {
  const pairs = new Map<string, Pair<T>>();
  for (const item of items) {
    const [a, b] = endsOf(item);
    const ends = a < b ? ([a, b] as const) : ([b, a] as const);
    const key = ends.join('/');
    const pair = pairs.get(key) ?? { ends, items: [] };
    pair.items.push(item);
    pairs.set(key, pair);
  }
  const isBefore = (a: string, b: string): boolean =>
    nameOf(a).localeCompare(nameOf(b), 'en', { numeric: true }) < 0;
  const left = new Set(pairs.values());
  const troubles: Trouble<T>[] = [];
  while (left.size > 0) {
    const counts = new Map<string, number>();
    for (const { ends } of left)
      for (const end of ends) counts.set(end, (counts.get(end) ?? 0) + 1);
    const [center] = [...counts].reduce((best, one) =>
      one[1] > best[1] || (one[1] === best[1] && isBefore(one[0], best[0])) ? one : best,
    );
    const own = [...left].filter(({ ends }) => ends.includes(center));
    for (const pair of own) left.delete(pair);
    troubles.push({
      center,
      others: own.map(({ ends: [a, b] }) => (a === center ? b : a)),
      items: own.flatMap((pair) => pair.items),
    });
  }
  return troubles;
}
