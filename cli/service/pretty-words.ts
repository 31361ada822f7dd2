/** How `inspect --pretty` lays out what it says. */
export type Line = readonly [string, string];

export const word = (names: Readonly<Record<number, string>>, value: number): string =>
  (names[value] ?? String(value)).toLowerCase().replaceAll('_', '-');

/** A title and its lines; nothing where every value is empty. */
export function section(title: string, lines: readonly Line[]): string[] {
  const shown = lines.filter(([, value]) => value !== '');
  return shown.length === 0
    ? []
    : [`${title}:`, ...shown.map(([name, value]) => ` ${`${name}:`.padEnd(19)}${value}`)];
}
