/** What every `inspect` does: a JSON array of whole objects, in the order asked for. */
import type { Cli } from '../cli.ts';

/**
 * Prints what was found even when something else was not; rejects with the first error after that.
 */
export async function inspectAll(
  cli: Cli,
  refs: readonly string[],
  find: (ref: string) => Promise<unknown>,
): Promise<void> {
  const found: unknown[] = [];
  const errors: unknown[] = [];
  for (const ref of refs) {
    try {
      found.push(await find(ref));
    } catch (error) {
      errors.push(error);
    }
  }
  cli.terminal.out(`${JSON.stringify(found, undefined, 2)}\n`);
  if (errors.length > 0) throw errors[0];
}

/** Does `act` for each; goes on after an error, which is printed, and makes the exit code 1. */
export async function forEach(
  cli: Cli,
  refs: readonly string[],
  act: (ref: string) => Promise<void>,
): Promise<void> {
  const errors: unknown[] = [];
  for (const ref of refs) {
    try {
      await act(ref);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 1)
    for (const error of errors.slice(0, -1))
      cli.terminal.err(`tsctl: ${error instanceof Error ? error.message : String(error)}\n`);
  if (errors.length > 0) throw errors.at(-1);
}
