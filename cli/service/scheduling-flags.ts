/** How the scheduler orders nodes: flags of `init` and `update`, and how their settings are shown. */
import type { Command } from 'commander';
import { SchedulingSpec, SchedulingStrategy, SchedulingStrategyNames } from '#proto';
import { UsageError } from '../cli.ts';
import { collect } from '../flags.ts';
import { parseInteger } from '../parse/integer.ts';
import { splitPair } from '../parse/key-value.ts';
import { parseWord } from '../parse/words.ts';

export interface SchedulingFlags {
  readonly strategy?: string;
  readonly scoreWeight?: readonly string[];
  readonly autoRebalance?: string;
}

const { EVEN: even, SPREAD: spread, BINPACK: binpack } = SchedulingStrategy;
const strategyNames = { even, spread, binpack };
const onOff = { on: true, off: false } as const;
/** The API's own limit. */
const weightMax = 100;

export function addSchedulingFlags(command: Command): void {
  command
    .option('--strategy <name>', 'how tasks lie: even, spread or binpack (default even)')
    .option(
      '--score-weight <name=n>',
      'weight of a score, 0 to 100, or default; as in resources=3 (repeatable)',
      collect,
    )
    .option('--auto-rebalance <on|off>', 'move tasks to nodes that became ready (default off)');
}

export function hasSchedulingFlags({
  strategy,
  scoreWeight,
  autoRebalance,
}: SchedulingFlags): boolean {
  return strategy !== undefined || scoreWeight !== undefined || autoRebalance !== undefined;
}

/** What is there with what the flags say; the same object where they say nothing. */
export function withSchedulingFlags(
  present: SchedulingSpec | undefined,
  flags: SchedulingFlags,
): SchedulingSpec | undefined {
  if (!hasSchedulingFlags(flags)) return present;
  const { strategy, scoreWeight = [], autoRebalance } = flags;
  const spec = present ?? SchedulingSpec.create();
  const weights = new Map(Object.entries(spec.scoreWeights));
  for (const text of scoreWeight) {
    const [name, value] = splitPair(text);
    if (name === '' || value === '')
      throw new UsageError(`--score-weight '${text}': write it as NAME=N, as in resources=3`);
    if (value === 'default') weights.delete(name);
    else weights.set(name, parseInteger(`--score-weight ${name}`, value, 0, weightMax));
  }
  return {
    strategy:
      strategy === undefined ? spec.strategy : parseWord('--strategy', strategy, strategyNames),
    scoreWeights: Object.fromEntries(weights),
    autoRebalance:
      autoRebalance === undefined
        ? spec.autoRebalance
        : parseWord('--auto-rebalance', autoRebalance, onOff),
  };
}

/** Names and values for people. */
export function schedulingLines(
  given: SchedulingSpec | undefined,
): readonly (readonly [string, string])[] {
  const spec = given ?? SchedulingSpec.create();
  const weights = Object.entries(spec.scoreWeights).map(([name, weight]) => `${name}=${weight}`);
  return [
    ['Strategy', (SchedulingStrategyNames[spec.strategy] ?? '').toLowerCase()],
    ['Weights', weights.join(', ')],
    ['Rebalance', spec.autoRebalance ? 'automatic' : 'on demand'],
  ];
}
