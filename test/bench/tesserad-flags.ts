/** How bin/tesserad starts Node, for benchmarks that run parts of a manager in processes of their own. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

const script = join(import.meta.dirname, '../../bin/tesserad');

/** V8's flags; the number of its helper threads depends on the machine. */
export function tesseradFlags(): readonly string[] {
  const young = /--max-semi-space-size=\d+/.exec(readFileSync(script, 'utf8'))?.[0];
  if (young === undefined) throw new Error(`${script} says no size of the young generation`);
  const helpers = Math.min(4, Math.max(1, availableParallelism() - 1));
  return [young, `--v8-pool-size=${helpers}`];
}
