import { readFileSync, statSync } from 'node:fs';
import { UsageError } from './cli.ts';

/** Longest file, bytes. */
const fileBytesMax = 1 << 20;

/** The text of the file that `--from` names; `-` is the standard input. */
export function readFromFile(path: string): string {
  let text: string;
  try {
    if (path !== '-' && statSync(path).size > fileBytesMax) throw tooLarge(path);
    text = readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const why = (error as { code?: string }).code === 'ENOENT' ? 'no such file' : String(error);
    throw new UsageError(`--from '${path}': ${why}`);
  }
  if (Buffer.byteLength(text) > fileBytesMax) throw tooLarge(path);
  return text;
}

function tooLarge(path: string): UsageError {
  return new UsageError(`--from '${path}': larger than ${fileBytesMax} bytes`);
}
