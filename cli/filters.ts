/** `-f key=value`, as often as wanted: values of one key are alternatives, keys must all hold. */
import { UsageError } from './cli.ts';
import { splitPair } from './parse/key-value.ts';

export type Matcher<T> = (item: T, value: string) => boolean;

/** A usage error for a key that is not in `matchers`. */
export function filtered<T>(
  items: readonly T[],
  filters: readonly string[] | undefined,
  matchers: Readonly<Record<string, Matcher<T>>>,
): readonly T[] {
  const wanted = new Map<string, string[]>();
  for (const text of filters ?? []) {
    const [key, value] = splitPair(text);
    if (!Object.hasOwn(matchers, key) || !text.includes('='))
      throw new UsageError(
        `--filter '${text}': write KEY=VALUE with one of ${Object.keys(matchers).join(', ')}`,
      );
    wanted.set(key, [...(wanted.get(key) ?? []), value]);
  }
  return items.filter((item) =>
    [...wanted].every(([key, values]) =>
      values.some((value) => matchers[key]?.(item, value) === true),
    ),
  );
}

/** "k=v" or "k" against labels. */
export function matchesLabel(labels: Readonly<Record<string, string>>, text: string): boolean {
  const [key, value] = splitPair(text);
  return Object.hasOwn(labels, key) && (!text.includes('=') || labels[key] === value);
}
