/**
 * In which order nodes take the tasks of a group. Nodes without a task of the service come first, least loaded
 * first, in the order that the view keeps; then the rest from a heap.
 */
import { isBetter } from './candidate.ts';
import type { Candidate } from './candidate.ts';
import type { ClusterView } from './cluster-view.ts';
import { hasRoom, suits } from './filter.ts';
import { candidateOf } from './group.ts';
import type { Group } from './group.ts';
import { Heap } from './heap.ts';
import { movedUnits, nodeUnits, pause } from './meter.ts';
import type { Meter, Pause } from './meter.ts';
import type { NodeRecord } from './node-record.ts';
import { spreadKeys, withSoftSpreads } from './preference.ts';
import { SpreadTree } from './spread-tree.ts';
import { TopologyRules, hasTopology } from './topology-rules.ts';
import { weigh } from './weigh.ts';

/** Nodes put in order between two looks at the meter. */
const settledPerLook = 100;

/** The quickest way that is right for the group. */
export function nodesFor(
  view: ClusterView,
  group: Group,
  meter: Meter,
): Iterable<NodeRecord | Pause> {
  const rules = rulesFor(view, group);
  if (rules !== undefined) return weigh(view, group, rules, meter);
  const keys = spreadKeys(group.tasks[0].spec?.placement?.preferences ?? []);
  return keys.length > 0 ? spread(view, group, keys, meter) : level(view, group, meter);
}

/** The rules that the group's nodes are weighed by; undefined where the numbers of tasks decide alone. */
export function rulesFor(view: ClusterView, group: Group): TopologyRules | undefined {
  const { requirements, scoring } = group;
  const [first] = group.tasks;
  const preferences = first.spec?.placement?.preferences ?? [];
  const hasRules = hasTopology(view, first);
  const isPlain =
    !hasRules && requirements.nodeWish.preferred.length === 0 && scoring.strategy === 'even';
  if (isPlain) return undefined;
  const spreads = hasRules || preferences.length > 0;
  const like = spreads ? withSoftSpreads(first, preferences) : first;
  return new TopologyRules(view, like, requirements);
}

/** The nodes to place on, one after the other; the caller assumes a task on each before the next. */
function* level(view: ClusterView, group: Group, meter: Meter): Iterable<NodeRecord | Pause> {
  const { requirements, serviceId } = group;
  const service = view.service(serviceId);
  const rest: Candidate[] = [];
  while (view.settleOrder(settledPerLook))
    if (meter.isDue(settledPerLook * movedUnits)) yield pause;
  for (const record of view.nodesByLoad()) {
    if (meter.isDue(nodeUnits)) yield pause;
    if (!suits(record, requirements) || !hasRoom(record, requirements, service)) continue;
    const next = candidateOf(record, group, service);
    rest.push(next);
    if (next.serviceTaskCount > 0 || next.isLast || next.unpreferredCount > 0) continue;
    yield record;
    next.serviceTaskCount++;
  }
  const heap = new Heap(rest, isBetter);
  const latest = view.service(serviceId);
  for (let best = heap.peek(); best !== undefined; best = heap.peek()) {
    if (meter.isDue(nodeUnits)) yield pause;
    if (!hasRoom(best.record, requirements, latest)) {
      heap.drop();
      continue;
    }
    yield best.record;
    best.serviceTaskCount++;
    heap.sinkTop();
  }
}

function* spread(
  view: ClusterView,
  group: Group,
  keys: ReturnType<typeof spreadKeys>,
  meter: Meter,
): Iterable<NodeRecord | Pause> {
  const { requirements, serviceId } = group;
  const service = view.service(serviceId);
  const tree = new SpreadTree(keys);
  for (const record of view.nodes()) {
    if (meter.isDue(nodeUnits)) yield pause;
    if (suits(record, requirements) && hasRoom(record, requirements, service))
      tree.add(candidateOf(record, group, service));
    else tree.addTasks(record, service?.taskCounts.get(record.id) ?? 0);
  }
  yield* tree.take((next) => hasRoom(next.record, requirements, view.service(serviceId)), meter);
}
