import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Data-driven tests. A file holds commands and what they print:
 *
 *   # a comment
 *   command argument ...
 *   ----
 *   output line
 *
 * A block ends at an empty line; it may hold several commands before its `----`. With UPDATE=1 the
 * outputs are rewritten: commit such a change only when you understand what caused it.
 */
export interface Transcript {
  readonly name: string;
  readonly path: string;
  readonly text: string;
}

export function transcriptsIn(directory: string): readonly Transcript[] {
  const names = readdirSync(directory).filter((name) => name.endsWith('.txt'));
  return names.sort().map((name) => {
    const path = join(directory, name);
    return { name: name.slice(0, -4), path, text: readFileSync(path, 'utf8') };
  });
}

/** Runs each block; returns the text with the outputs that `run` gave. */
function replay(text: string, run: (command: readonly string[]) => readonly string[]): string {
  const blocks = text.trimEnd().split(/\n{2,}/);
  const done = blocks.map((block) => {
    const lines = block.split('\n');
    const end = lines.indexOf('----');
    const commands = end === -1 ? lines : lines.slice(0, end);
    const isCommand = (line: string): boolean => line !== '' && !line.startsWith('#');
    if (!commands.some(isCommand)) return commands.join('\n');
    const output = commands.filter(isCommand).flatMap((line) => run(line.trim().split(/\s+/)));
    return [...commands, '----', ...(output.length === 0 ? ['ok'] : output)].join('\n');
  });
  return `${done.join('\n\n')}\n`;
}

/** What the transcript says now; rewrites the file under UPDATE=1. */
export function checkTranscript(
  transcript: Transcript,
  run: (command: readonly string[]) => readonly string[],
): { readonly expected: string; readonly actual: string } {
  const actual = replay(transcript.text, run);
  if (process.env['UPDATE'] !== '1') return { expected: transcript.text, actual };
  if (actual !== transcript.text) writeFileSync(transcript.path, actual);
  return { expected: actual, actual };
}
