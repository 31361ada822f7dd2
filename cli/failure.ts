/** What is printed when a command fails: one line, and the exit code. */
import { CommanderError } from 'commander';
import { ClusterError, messageOf } from '#lib';
import { UsageError } from './cli.ts';

export const exitOk = 0;
export const exitError = 1;
/** A wrong command line. */
export const exitUsage = 2;

/** What is printed for whatever was thrown, and the exit code. */
export function describeFailure(error: unknown): { line: string | undefined; code: number } {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return { line: undefined, code: exitOk };
    return { line: oneLine(usageText(error)), code: exitUsage };
  }
  if (error instanceof UsageError) return { line: oneLine(error.message), code: exitUsage };
  if (error instanceof ClusterError) return { line: oneLine(error.message), code: exitError };
  return { line: `internal error: ${oneLine(messageOf(error))}`, code: exitError };
}

const oneLine = (text: string): string => text.trim().replaceAll(/\s*\n\s*/g, ' ');

/** commander's words, without its prefix, with its suggestion as part of the line. */
function usageText(error: CommanderError): string {
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = /\(Did you mean (.*)\?\)/.exec(rest.join(' '))?.[1];
  return suggestion === undefined ? first : `${first}: did you mean ${suggestion}?`;
}
