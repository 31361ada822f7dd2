/** Flags and help texts that many commands share. */
import type { Command } from 'commander';

/** Adds an "Examples:" part to `--help`. */
export function addExamples(command: Command, examples: readonly string[]): void {
  const lines = examples.map((line) => `  ${line}`).join('\n');
  command.addHelpText('after', `\nExamples:\n${lines}`);
}

/** --format, -q: what every list has. */
export function addListFlags(command: Command, examples: readonly string[]): void {
  command
    .option('--format <format>', 'table, json or name')
    .option('-q, --quiet', 'print ids only');
  addExamples(command, examples);
}

/** For a flag that may be given many times: every value, in order. */
export function collect(value: string, previous: readonly string[] | undefined): string[] {
  return [...(previous ?? []), value];
}
