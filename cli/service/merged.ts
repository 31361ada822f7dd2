/** `added` replaces what has the same key, in its place; the rest goes to the end. */
export function merged<T>(
  present: readonly T[],
  added: readonly T[],
  keyOf: (item: T) => string,
): T[] {
  const items = new Map(present.map((item) => [keyOf(item), item]));
  for (const item of added) items.set(keyOf(item), item);
  return [...items.values()];
}
