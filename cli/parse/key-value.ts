/** Pairs: labels, environment, the comma-separated fields of --mount and --publish. */
import { UsageError } from '../cli.ts';

/** ["a", "1"] of "a=1"; the value of "a" alone is empty. */
export function splitPair(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** A label; its key is not empty. */
export function parseLabel(flag: string, text: string): readonly [string, string] {
  const [key, value] = splitPair(text);
  if (key !== '') return [key, value];
  throw new UsageError(`${flag} '${text}': write it as KEY=VALUE`);
}

/**
 * NAME=VALUE; NAME alone takes its value from the environment of this process, and is a usage error
 * when it has none.
 */
export function parseEnv(
  flag: string,
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const [name] = splitPair(text);
  if (name === '' || /\s/.test(name))
    throw new UsageError(`${flag} '${text}': write it as NAME=VALUE`);
  if (text.includes('=')) return text;
  const value = env[name];
  if (value !== undefined) return `${name}=${value}`;
  throw new UsageError(`${flag} ${name}: it is not set here: write ${name}=VALUE`);
}

/** The lines of an env file; empty lines and those that begin with # are left out. */
export function parseEnvFile(
  path: string,
  content: string,
  env: Readonly<Record<string, string | undefined>>,
): string[] {
  return content
    .split(/\r?\n/)
    .map((line, index) => ({ line: line.trimStart(), number: index + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'))
    .map(({ line, number }) => parseEnv(`--env-file ${path}:${number}`, line, env));
}

/**
 * The fields of "a=1,b,c=x y" as pairs; a field in double quotes may hold commas ("" is a quote),
 * as in CSV. A field without "=" has the value undefined.
 */
export function parseFields(
  flag: string,
  text: string,
): readonly (readonly [string, string | undefined])[] {
  const fields: string[] = [];
  let field = '';
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] ?? '';
    if (letter === '"' && isQuoted && text[at + 1] === '"') {
      field += '"';
      at++;
    } else if (letter === '"') isQuoted = !isQuoted;
    else if (letter === ',' && !isQuoted) {
      fields.push(field);
      field = '';
    } else field += letter;
  }
  if (isQuoted) throw new UsageError(`${flag} '${text}': a double quote is not closed`);
  fields.push(field);
  return fields.map((one) => {
    const at = one.indexOf('=');
    return at < 0 ? [one, undefined] : [one.slice(0, at), one.slice(at + 1)];
  });
}

/** true, false, 1, 0, or nothing (= true). */
export function parseBoolean(flag: string, text: string | undefined): boolean {
  if (text === undefined || text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw new UsageError(`${flag} '${text}': use true or false`);
}
