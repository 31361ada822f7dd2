/** Placement preferences: `spread=KEY` balances a service's tasks between the values of KEY. */
import { ClusterError } from '#lib';
import { Placement, SpreadAction, TaskSelector, TaskSpec, TopologySpread } from '#proto';
import type { Task } from '#proto';
import { parseKey } from './constraint.ts';
import type { ConstraintKey } from './constraint.ts';
import { nameLabel } from './task-kind.ts';

function parse(text: string): ConstraintKey | undefined {
  const at = text.indexOf('=');
  if (at < 0 || text.slice(0, at).trim().toLowerCase() !== 'spread') return undefined;
  return parseKey(text.slice(at + 1).trim());
}

/** Throws INVALID_SPEC with what is wrong with `text`. */
export function parsePreference(text: string): ConstraintKey {
  const key = parse(text);
  if (key !== undefined) return key;
  throw new ClusterError(
    'INVALID_SPEC',
    `placement preference "${text}" is not understood; write spread=node.labels.NAME`,
    { details: { preference: text } },
  );
}

/** The keys to spread by, outermost first; what cannot be read is left out. */
export function spreadKeys(texts: readonly string[]): readonly ConstraintKey[] {
  return texts.map(parse).filter((key) => key !== undefined);
}

/**
 * The task with its preferences as soft topology spreads: where other rules are in play too, they are
 * weighed with them.
 */
export function withSoftSpreads(task: Task, preferences: readonly string[]): Task {
  const keys = preferences.filter((text) => parse(text) !== undefined);
  if (keys.length === 0) return task;
  const selector = TaskSelector.create({ labels: { [nameLabel]: task.serviceName } });
  const soft = keys.map((text) =>
    TopologySpread.create({
      maxSkew: 1,
      topologyKey: text.slice(text.indexOf('=') + 1).trim(),
      action: SpreadAction.SCHEDULE_ANYWAY,
      selector,
    }),
  );
  const placement = task.spec?.placement ?? Placement.create();
  const topologySpread = [...placement.topologySpread, ...soft];
  const spec = { ...(task.spec ?? TaskSpec.create()), placement: { ...placement, topologySpread } };
  return { ...task, spec };
}
