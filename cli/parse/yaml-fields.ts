/** YAML that `--from` names, read strictly: a usage error says where in the file it is wrong. */
import { parse } from 'yaml';
import { UsageError } from '../cli.ts';
import { nearest } from '../suggest.ts';

/** Aliases multiply what a short file holds. */
const aliasesMax = 100;
/** Most names that an error lists. */
const namesMax = 12;

export type Fields = Readonly<Record<string, unknown>>;

export function parseYaml(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: aliasesMax });
  } catch (error) {
    throw new UsageError(`--from: not YAML: ${error instanceof Error ? error.message : ''}`);
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function fieldsOf(at: string, value: unknown, known?: readonly string[]): Fields {
  if (!isFields(value)) throw new UsageError(`--from: ${at}: write it as names with values`);
  const stranger = known && Object.keys(value).find((name) => !known.includes(name));
  if (stranger === undefined) return value;
  throw new UsageError(`--from: ${at}: there is no '${stranger}'${advice(stranger, known)}`);
}

/** Of many names only one that may have been meant. */
function advice(stranger: string, known: readonly string[] = []): string {
  if (known.length <= namesMax) return `: use ${known.join(', ')}`;
  const near = nearest(stranger, known);
  return near === undefined ? '' : `: did you mean '${near}'?`;
}

export function listOf(at: string, value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new UsageError(`--from: ${at}: write it as a list`);
}

export function wordOf(at: string, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  throw new UsageError(`--from: ${at}: write it as one word`);
}

/** One word is a list of one; names with values are a list of NAME=VALUE. */
export function wordsOf(at: string, value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (isFields(value))
    return Object.entries(pairsOf(at, value)).map(([name, word]) => `${name}=${word}`);
  return (Array.isArray(value) ? value : [value]).map((one) => wordOf(at, one));
}

export function pairsOf(at: string, value: unknown): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  return Object.fromEntries(
    Object.entries(fieldsOf(at, value)).map(([key, word]) => [key, wordOf(`${at}.${key}`, word)]),
  );
}
