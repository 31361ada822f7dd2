/**
 * Which files of test/e2e run beside another one, and in which order. They wait more than they work, so two at a
 * time leave the processors to each other; labs have names, addresses, folders and kernels' objects of their own.
 */
import { basename } from 'node:path';

/**
 * Each has the machine for itself: files that count seconds, that lose no request while something is killed, or
 * that use all processors.
 */
export const alone: readonly string[] = [
  'linearizability',
  'managers',
  'mesh',
  'overlay',
  'published-ports',
  'redis-cluster',
  'service-names',
  'spine',
];

/** Those that take longest begin first, so that none of them is left over at the end. */
const longest: readonly string[] = [
  'encrypted-overlay',
  'rebalance',
  'doctor-network',
  'recovery',
  'etcd',
];

const nameOf = (path: string): string => basename(path, '.ts');

function place(path: string): number {
  const at = longest.indexOf(nameOf(path));
  return at === -1 ? longest.length : at;
}

/** For ava's `sortTestFiles`. */
export const byPlan = (a: string, b: string): number =>
  place(a) - place(b) || nameOf(a).localeCompare(nameOf(b));

export interface E2ePlan {
  readonly beside: readonly string[];
  readonly alone: readonly string[];
}

/** `files`: all of test/e2e. Throws when one that is named here is gone. */
export function planE2e(files: readonly string[]): E2ePlan {
  const names = new Set(files.map(nameOf));
  const gone = [...alone, ...longest].filter((name) => !names.has(name));
  if (gone.length > 0)
    throw new Error(`scripts/e2e-plan.ts names what is not there: ${gone.join(', ')}`);
  const isAlone = (file: string): boolean => alone.includes(nameOf(file));
  return { beside: files.filter((file) => !isAlone(file)), alone: files.filter(isAlone) };
}
