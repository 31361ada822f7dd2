/** The scoring of a cluster as its spec asks for it. */
import { SchedulingStrategy } from '#proto';
import type { SchedulingSpec } from '#proto';
import { defaultScoring } from './scores.ts';
import type { ScoringConfig, Strategy, Weights } from './scores.ts';

const strategyWords: Readonly<Record<SchedulingStrategy, Strategy>> = {
  [SchedulingStrategy.EVEN]: 'even',
  [SchedulingStrategy.SPREAD]: 'spread',
  [SchedulingStrategy.BINPACK]: 'binpack',
};

/** The greatest weight; the least is 0, which switches a score off. */
export const weightMax = 100;

/** The names of all weights, as in "resources". */
export const weightNames: readonly string[] = Object.keys(defaultScoring.weights);

/** The defaults, with what the spec says otherwise. A name that there is not changes nothing. */
export function scoringOf(spec: SchedulingSpec | undefined): ScoringConfig {
  if (spec === undefined) return defaultScoring;
  const given = Object.entries(spec.scoreWeights).filter(([name]) => weightNames.includes(name));
  const weights: Weights = { ...defaultScoring.weights, ...Object.fromEntries(given) };
  return { strategy: strategyWords[spec.strategy], weights };
}
