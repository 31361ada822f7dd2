/** What every `ls` and `ps` does with its rows: a table, JSON lines, or names alone. */
import { UsageError } from '../cli.ts';
import type { Cli } from '../cli.ts';
import { renderTable } from './table.ts';

export const listFormats = ['table', 'json', 'name'] as const;
export type ListFormat = (typeof listFormats)[number];

export interface ListOptions {
  readonly format?: string;
  readonly quiet?: boolean;
}

export interface Listing<T> {
  readonly heads: readonly string[];
  readonly items: readonly T[];
  readonly row: (item: T) => readonly string[];
  /** What -q prints. */
  readonly id: (item: T) => string;
  readonly name: (item: T) => string;
  /** What `--format json` prints of each, in one array. */
  readonly json: (item: T) => unknown;
}

export function checkFormat(format: string | undefined): ListFormat {
  return formatOf(format, listFormats);
}

/** One of `formats`, the first of them where none is given. */
export function formatOf<F extends string>(
  format: string | undefined,
  formats: readonly [F, ...F[]],
): F {
  const known = format === undefined ? formats[0] : formats.find((one) => one === format);
  if (known !== undefined) return known;
  throw new UsageError(`--format ${format}: use one of ${formats.join(', ')}`);
}

export function printList<T>(cli: Cli, options: ListOptions, listing: Listing<T>): void {
  const format = checkFormat(options.format);
  const lines = (text: (item: T) => string): string =>
    listing.items.map((item) => `${text(item)}\n`).join('');
  if (options.quiet === true) cli.terminal.out(lines(listing.id));
  else if (format === 'json')
    cli.terminal.out(`${JSON.stringify(listing.items.map(listing.json), undefined, 2)}
`);
  else if (format === 'name') cli.terminal.out(lines(listing.name));
  else cli.terminal.out(renderTable(listing.heads, listing.items.map(listing.row)));
}
