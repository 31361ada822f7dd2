/** A service as YAML describes it, by the long names of the flags of `service create`. */
import { UsageError } from '../cli.ts';
import { fieldsOf, parseYaml, wordOf, wordsOf } from '../parse/yaml-fields.ts';
import { lists } from './lists.ts';
import { longName, optionKey, settings } from './settings.ts';
import type { Flags } from './settings.ts';

/** Names in a file. */
const one = ['name', 'mode', ...settings.map(({ flag }) => longName(flag).slice(2))];
const many = ['env-file', ...lists.map(({ flag }) => longName(flag).slice(2))];
const known = ['image', 'args', ...one, ...many];

export interface DescribedService {
  readonly image: string | undefined;
  /** What runs instead of the image's command. */
  readonly args: readonly string[];
  /** As a command line would give them. */
  readonly flags: Flags;
}

/** `at`: where in the file it stands. */
export function serviceFromFields(at: string, value: unknown): DescribedService {
  const fields = fieldsOf(at, value, known);
  const flags: Record<string, unknown> = {};
  for (const [name, given] of Object.entries(fields))
    if (many.includes(name)) flags[optionKey(`--${name}`)] = wordsOf(`${at}.${name}`, given);
    else if (one.includes(name)) flags[optionKey(`--${name}`)] = wordOf(`${at}.${name}`, given);
  const { image } = fields;
  return {
    image: image === undefined ? undefined : wordOf(`${at}.image`, image),
    args: wordsOf(`${at}.args`, fields['args']),
    flags,
  };
}

/** What the flags say replaces what the file says, lists as a whole. */
export function serviceFromFile(text: string, flags: Flags): DescribedService {
  const filed = serviceFromFields('the file', parseYaml(text));
  return { ...filed, flags: { ...filed.flags, ...flags } };
}

/** The file's image and arguments, unless the command line has its own. */
export function withCommandLine(
  filed: DescribedService | undefined,
  image: string | undefined,
  args: readonly string[],
): { readonly image: string; readonly args: readonly string[] } {
  const found = image ?? filed?.image;
  if (found === undefined)
    throw new UsageError(
      "missing required argument 'IMAGE': name it, or give a file that has one with --from",
    );
  return { image: found, args: image === undefined ? (filed?.args ?? []) : args };
}
