import { ContainerSpec, ReplicatedMode, TaskSpec } from '#proto';
import type { Random } from '#lib';
import type { PortConfig, ServiceSpec } from '#proto';
import { normalisePlacement, sorted } from './normalise-placement.ts';
import { redactTaskSpec } from './redact.ts';
import { normaliseAttachment } from './validate-attachments.ts';

function normaliseContainer(container: ContainerSpec, name: string): ContainerSpec {
  const auth = container.registryAuth;
  const isAuthEmpty = auth === undefined || (auth.username === '' && auth.password === '');
  return {
    ...container,
    name: container.name === '' ? name : container.name,
    labels: sorted(container.labels),
    sysctls: sorted(container.sysctls),
    capabilityAdd: container.capabilityAdd.map((word) => word.toUpperCase()),
    capabilityDrop: container.capabilityDrop.map((word) => word.toUpperCase()),
    stopSignal: container.stopSignal.toUpperCase(),
    registryAuth: isAuthEmpty ? undefined : auth,
  };
}

function normaliseTask(task: TaskSpec): TaskSpec {
  const { placement } = task;
  return {
    ...task,
    networks: task.networks.map(normaliseAttachment),
    placement: placement === undefined ? undefined : normalisePlacement(placement),
    containers: task.containers.map((container, i) =>
      normaliseContainer(container, i === 0 ? 'main' : `main-${i + 1}`),
    ),
    initContainers: task.initContainers.map((container, i) =>
      normaliseContainer(container, `init-${i + 1}`),
    ),
  };
}

/** Fills in what a spec may leave out. The result of a normalised spec is itself. */
export function normaliseSpec(spec: ServiceSpec): ServiceSpec {
  return {
    ...spec,
    labels: sorted(spec.labels),
    task: spec.task === undefined ? undefined : normaliseTask(spec.task),
    mode: spec.mode ?? { kind: 'replicated', replicated: ReplicatedMode.create({ replicas: 1 }) },
  };
}

/** Whether tasks made from `a` would differ from tasks made from `b`; credentials do not count. */
export function isTaskChanged(a: ServiceSpec, b: ServiceSpec): boolean {
  const bytes = (spec: ServiceSpec): Uint8Array =>
    TaskSpec.encode(redactTaskSpec(spec.task ?? TaskSpec.create()));
  return Buffer.compare(bytes(a), bytes(b)) !== 0 || isPortsChanged(a, b);
}

function isPortsChanged(a: ServiceSpec, b: ServiceSpec): boolean {
  const words = (ports: readonly PortConfig[]): string => JSON.stringify(ports);
  return words(a.endpoint?.ports ?? []) !== words(b.endpoint?.ports ?? []);
}

/**
 * Reads never show credentials, so whoever sends back what it read sends none: those of the
 * container of the same name and image are kept.
 */
export function keepCredentials(next: ServiceSpec, present: ServiceSpec): ServiceSpec {
  if (next.task === undefined) return next;
  const keep = (
    list: readonly ContainerSpec[],
    old: readonly ContainerSpec[] | undefined,
  ): readonly ContainerSpec[] =>
    list.map((container) => {
      const registryAuth =
        container.registryAuth ??
        old?.find(
          ({ name, image }) =>
            name === container.name && repository(image) === repository(container.image),
        )?.registryAuth;
      return registryAuth === container.registryAuth ? container : { ...container, registryAuth };
    });
  const { containers, initContainers } = next.task;
  return {
    ...next,
    task: {
      ...next.task,
      containers: keep(containers, present.task?.containers),
      initContainers: keep(initContainers, present.task?.initContainers),
    },
  };
}

function repository(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^:/]*$/, '');
}

const adjectives = [
  'amber',
  'brave',
  'calm',
  'clear',
  'deep',
  'eager',
  'fair',
  'gentle',
  'keen',
  'light',
  'mellow',
  'neat',
  'plain',
  'quick',
  'quiet',
  'rapid',
  'sharp',
  'silent',
  'steady',
  'sunny',
  'swift',
  'tidy',
  'warm',
  'wise',
] as const;
const nouns = [
  'birch',
  'brook',
  'cedar',
  'cliff',
  'cloud',
  'crane',
  'delta',
  'dune',
  'falcon',
  'fjord',
  'grove',
  'harbor',
  'heron',
  'island',
  'lagoon',
  'maple',
  'meadow',
  'otter',
  'pine',
  'reef',
  'river',
  'sparrow',
  'summit',
  'valley',
] as const;

/** A name for a service that was given none, as in "steady-otter-4821". */
export function inventName(random: Random): string {
  const adjective = adjectives[random.below(adjectives.length)] ?? 'plain';
  const noun = nouns[random.below(nouns.length)] ?? 'river';
  return `${adjective}-${noun}-${1000 + random.below(9000)}`;
}
