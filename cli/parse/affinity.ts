/** Affinities and spreads as people write them: [WEIGHT:]TASKS@KEY and KEY[:MAX_SKEW][:soft]. */
import { AffinityTerm, Expression, PreferredAffinityTerm, SelectorOperator } from '#proto';
import { ServiceAffinity, SpreadAction, TaskSelector, TopologySpread } from '#proto';
import { UsageError } from '../cli.ts';

/** What every task has besides the labels of its service. */
const nameLabel = 'service.name';
/** Stands for the tasks of the service itself. */
const selfWord = 'self';

/** One term of an affinity; required when it has no weight. */
export interface AffinityRule {
  readonly weight: number | undefined;
  readonly term: AffinityTerm;
}

function labelsOf(flag: string, text: string, whole: string): Readonly<Record<string, string>> {
  if (!text.includes('=')) return { [nameLabel]: text };
  return Object.fromEntries(
    text.split(',').map((pair): readonly [string, string] => {
      const at = pair.indexOf('=');
      if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
      throw new UsageError(`${flag} '${whole}': '${pair}' is no label: write it as KEY=VALUE`);
    }),
  );
}

/** TASKS is a service's name, labels as in app=web,tier=front, or "self". */
export function parseAffinity(flag: string, text: string): AffinityRule {
  const [, weightText, tasks = '', topologyKey = ''] =
    /^(?:(\d+):)?([^@]+)@([^@]+)$/.exec(text) ?? [];
  if (tasks === '')
    throw new UsageError(
      `${flag} '${text}': write it as [WEIGHT:]TASKS@KEY, as in db@node.labels.zone`,
    );
  const weight = weightText === undefined ? undefined : Number(weightText);
  if (weight !== undefined && (weight < 1 || weight > 100))
    throw new UsageError(`${flag} '${text}': a weight is a whole number, 1 to 100`);
  const isSelf = tasks === selfWord;
  const selector = TaskSelector.create({ labels: isSelf ? {} : labelsOf(flag, tasks, text) });
  const matchLabelKeys = isSelf ? [nameLabel] : [];
  return { weight, term: AffinityTerm.create({ selector, topologyKey, matchLabelKeys }) };
}

/** The rules of an affinity, required ones first. */
export function rulesOf(affinity: ServiceAffinity | undefined): readonly AffinityRule[] {
  if (affinity === undefined) return [];
  const required = affinity.required.map((term) => ({ weight: undefined, term }));
  const preferred = affinity.preferred.flatMap(({ weight, term }) =>
    term === undefined ? [] : [{ weight, term }],
  );
  return [...required, ...preferred];
}

export function affinityOf(rules: readonly AffinityRule[]): ServiceAffinity | undefined {
  if (rules.length === 0) return undefined;
  return ServiceAffinity.create({
    required: rules.flatMap(({ weight, term }) => (weight === undefined ? [term] : [])),
    preferred: rules.flatMap(({ weight, term }) =>
      weight === undefined ? [] : [PreferredAffinityTerm.create({ weight, term })],
    ),
  });
}

/** Equal for rules about the same tasks and key: a new weight replaces the old. */
export function affinityId({ weight, term }: AffinityRule): string {
  return JSON.stringify([weight === undefined, AffinityTerm.create(term)]);
}

/** Evenly over the values of KEY, tasks of the service itself; MAX_SKEW 1 unless it says otherwise. */
export function parseSpread(flag: string, text: string): TopologySpread {
  const [, topologyKey = '', skew = '1', soft] = /^([^:]+)(?::(\d+))?(:soft)?$/.exec(text) ?? [];
  if (topologyKey === '' || Number(skew) < 1)
    throw new UsageError(
      `${flag} '${text}': write it as KEY[:MAX_SKEW][:soft], as in node.labels.zone:2`,
    );
  const { DO_NOT_SCHEDULE, SCHEDULE_ANYWAY } = SpreadAction;
  const isNamed = Expression.create({ key: nameLabel, operator: SelectorOperator.EXISTS });
  return TopologySpread.create({
    topologyKey,
    maxSkew: Number(skew),
    action: soft === undefined ? DO_NOT_SCHEDULE : SCHEDULE_ANYWAY,
    selector: TaskSelector.create({ expressions: [isNamed] }),
    matchLabelKeys: [nameLabel],
  });
}

/** A key is spread over once, hard or soft. */
export function spreadId({ topologyKey, action }: TopologySpread): string {
  return `${topologyKey}/${action}`;
}
