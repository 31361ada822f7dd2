/**
 * Counted and named resources of a host, as devices are: the scheduler counts them, the agent says which of the named
 * ones a task gets. What a task got is in its containers' labels, so that the next agent knows it too. Pure.
 */
import { ClusterError } from '#lib';
import type { ContainerState } from '../runtime/port.ts';

/** By kind, as in `gpu`: how many there are, or their names. */
export type GenericResources = ReadonlyMap<string, number | readonly string[]>;

/** By kind: the names that one task holds. */
export type HeldResources = Readonly<Record<string, readonly string[]>>;

type Counts = Readonly<Record<string, number>>;

const label = 'tessera.resource.';

/** How many of each kind the host has, for its description. */
export function genericCounts(host: GenericResources): Record<string, number> {
  const counts = [...host].map(([kind, have]): [string, number] => [
    kind,
    typeof have === 'number' ? have : have.length,
  ]);
  return Object.fromEntries(counts);
}

/**
 * The first names of each kind that nobody holds. LIMIT_EXCEEDED when there are too few; kinds that the host counts or
 * does not know have no names.
 */
export function takeResources(
  host: GenericResources,
  asked: Counts,
  taken: Iterable<HeldResources>,
): HeldResources {
  const kinds = Object.entries(asked).filter(([, count]) => count > 0);
  const named = kinds.filter(([kind]) => typeof host.get(kind) === 'object');
  if (named.length === 0) return {};
  const others = [...taken];
  const held: Record<string, readonly string[]> = {};
  for (const [kind, count] of named) {
    const gone = new Set(others.flatMap((one) => one[kind] ?? []));
    const free = (host.get(kind) as readonly string[]).filter((name) => !gone.has(name));
    if (free.length < count)
      throw new ClusterError(
        'LIMIT_EXCEEDED',
        `${count} of ${kind} are asked for, ${free.length} are free on this host`,
      );
    held[kind] = free.slice(0, count);
  }
  return held;
}

/** As docker swarm: `DOCKER_RESOURCE_GPU=name,name`, or how many where they have no names. */
export function resourceEnv(asked: Counts, held: HeldResources): readonly string[] {
  return Object.entries(asked)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => {
      const name = kind.toUpperCase().replaceAll(/[^A-Z0-9_-]/g, '_');
      return `DOCKER_RESOURCE_${name}=${held[kind]?.join(',') ?? count}`;
    });
}

export function resourceLabels(held: HeldResources): Readonly<Record<string, string>> {
  const labels = Object.entries(held).map(([kind, names]) => [label + kind, names.join(',')]);
  return Object.fromEntries(labels) as Record<string, string>;
}

/** What the labels of a task's containers say; undefined when it has none. */
export function heldBy(containers: Iterable<ContainerState>): HeldResources | undefined {
  for (const { labels } of containers) {
    const held = Object.entries(labels)
      .filter(([name]) => name.startsWith(label))
      .map(([name, names]) => [name.slice(label.length), names.split(',')] as const);
    if (held.length > 0) return Object.fromEntries(held);
  }
  return undefined;
}
