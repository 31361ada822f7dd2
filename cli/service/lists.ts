/**
 * The flags of `service create` and `service update` that hold many values. Each list knows how to
 * read a value, what makes two values the same one, and where it lives in the spec: `create` has
 * `--env`, `update` has `--env-add` and `--env-rm`.
 */
import type { PortConfig, ServiceSpec } from '#proto';
import { ProtocolNames } from '#proto';
import { UsageError } from '../cli.ts';
import { parseEnv, parseLabel, splitPair } from '../parse/key-value.ts';
import { parseMount } from '../parse/mount.ts';
import { parsePorts } from '../parse/port.ts';
import { containerOf, editContainer, editEndpoint, editPlacement } from './edit.ts';
import type { Env, ListFlag } from './list-flag.ts';
import { merged } from './merged.ts';
import { networkLists } from './network-lists.ts';
import { placementLists } from './placement-lists.ts';
import { genericResourceList } from './resource-lists.ts';
import { longName, optionKey } from './settings.ts';
import { textList } from './text-list.ts';

type Pairs = Readonly<Record<string, string>>;

function pairList(
  flag: string,
  help: string,
  read: (spec: ServiceSpec) => Pairs,
  write: (spec: ServiceSpec, pairs: Pairs) => ServiceSpec,
): ListFlag {
  return {
    flag,
    value: '<key=value>',
    help,
    key: '<key>',
    add: (spec, texts, name) =>
      write(spec, {
        ...read(spec),
        ...Object.fromEntries(texts.map((text) => parseLabel(name, text))),
      }),
    remove: (spec, texts) =>
      write(
        spec,
        Object.fromEntries(Object.entries(read(spec)).filter(([key]) => !texts.includes(key))),
      ),
  };
}

function checkConstraint(flag: string, text: string): string {
  if (text.trim() !== '') return text;
  throw new UsageError(`${flag} '${text}': write it as node.labels.zone==a`);
}

const portKey = (port: PortConfig): string =>
  `${port.targetPort}/${(ProtocolNames[port.protocol] ?? '').toLowerCase()}`;

const envName = (text: string): string => splitPair(text)[0];

const envList: ListFlag = {
  flag: '-e, --env',
  value: '<name=value>',
  help: 'environment variable; NAME alone takes the value it has here',
  key: '<name>',
  add: (spec, texts, flag, env) =>
    editContainer(spec, (container) => ({
      ...container,
      env: merged(
        container.env,
        texts.map((text) => parseEnv(flag, text, env)),
        envName,
      ),
    })),
  remove: (spec, texts) =>
    editContainer(spec, (container) => ({
      ...container,
      env: container.env.filter((text) => !texts.includes(envName(text))),
    })),
};

const mountList: ListFlag = {
  flag: '--mount',
  value: '<mount>',
  help: 'type=bind|volume|tmpfs,source=...,target=...[,readonly][,existing]',
  key: '<target>',
  add: (spec, texts, flag) =>
    editContainer(spec, (container) => ({
      ...container,
      mounts: merged(
        container.mounts,
        texts.map((text) => parseMount(flag, text)),
        (mount) => mount.target,
      ),
    })),
  remove: (spec, texts) =>
    editContainer(spec, (container) => ({
      ...container,
      mounts: container.mounts.filter((mount) => !texts.includes(mount.target)),
    })),
};

const publishList: ListFlag = {
  flag: '-p, --publish',
  value: '<port>',
  help: '[mode=ingress|host,]published=8080,target=80[,protocol=udp][,ip=...], or PUBLISHED:TARGET',
  key: '<target>',
  add: (spec, texts, flag) =>
    editEndpoint(spec, (endpoint) => {
      const added = texts.flatMap((text) => parsePorts(flag, text));
      const replaced = new Set(added.map(portKey));
      const kept = endpoint.ports.filter((port) => !replaced.has(portKey(port)));
      return { ...endpoint, ports: [...kept, ...added] };
    }),
  remove: (spec, texts) =>
    editEndpoint(spec, (endpoint) => ({
      ...endpoint,
      ports: endpoint.ports.filter(
        (port) => !texts.includes(portKey(port)) && !texts.includes(String(port.targetPort)),
      ),
    })),
};

/** In the order of the help text. */
export const lists: readonly ListFlag[] = [
  pairList(
    '-l, --label',
    'label of the service',
    (spec) => spec.labels,
    (spec, labels) => ({ ...spec, labels }),
  ),
  pairList(
    '--container-label',
    'label of every container',
    (spec) => containerOf(spec).labels,
    (spec, labels) => editContainer(spec, (container) => ({ ...container, labels })),
  ),
  textList(
    '--constraint',
    '<expression>',
    'nodes to choose from, as in node.labels.zone==a',
    (spec) => spec.task?.placement?.constraints ?? [],
    (spec, constraints) => editPlacement(spec, (part) => ({ ...part, constraints })),
    checkConstraint,
  ),
  textList(
    '--placement-pref',
    '<preference>',
    'spread over values, as in spread=node.labels.zone',
    (spec) => spec.task?.placement?.preferences ?? [],
    (spec, preferences) => editPlacement(spec, (part) => ({ ...part, preferences })),
  ),
  pairList(
    '--node-selector',
    'label that a node must have, as in disk=ssd',
    (spec) => spec.task?.placement?.nodeSelector ?? {},
    (spec, nodeSelector) => editPlacement(spec, (part) => ({ ...part, nodeSelector })),
  ),
  ...placementLists,
  genericResourceList,
  envList,
  mountList,
  ...networkLists,
  publishList,
  textList(
    '--group',
    '<group>',
    'one more group of the user',
    (spec) => containerOf(spec).groups,
    (spec, groups) => editContainer(spec, (container) => ({ ...container, groups })),
  ),
  textList(
    '--cap-add',
    '<capability>',
    'give a Linux capability',
    (spec) => containerOf(spec).capabilityAdd,
    (spec, capabilityAdd) => editContainer(spec, (container) => ({ ...container, capabilityAdd })),
  ),
  textList(
    '--cap-drop',
    '<capability>',
    'take a Linux capability away',
    (spec) => containerOf(spec).capabilityDrop,
    (spec, capabilityDrop) =>
      editContainer(spec, (container) => ({ ...container, capabilityDrop })),
  ),
  pairList(
    '--sysctl',
    'kernel setting of the container',
    (spec) => containerOf(spec).sysctls,
    (spec, sysctls) => editContainer(spec, (container) => ({ ...container, sysctls })),
  ),
];

/** `flags` as of `create`: every list gets what is given. */
export function addLists(
  spec: ServiceSpec,
  flags: Readonly<Record<string, unknown>>,
  env: Env,
): ServiceSpec {
  let changed = spec;
  for (const list of lists) {
    const texts = flags[optionKey(list.flag)] as readonly string[] | undefined;
    if (texts !== undefined) changed = list.add(changed, texts, longName(list.flag), env);
  }
  return changed;
}

/** `flags` as of `update`: removals first, so that a replacement may use the same key. */
export function changeLists(
  spec: ServiceSpec,
  flags: Readonly<Record<string, unknown>>,
  env: Env,
): ServiceSpec {
  let changed = spec;
  for (const list of lists) {
    const long = longName(list.flag);
    const removed = flags[optionKey(`${long}-rm`)] as readonly string[] | undefined;
    const added = flags[optionKey(`${long}-add`)] as readonly string[] | undefined;
    if (removed !== undefined) changed = list.remove(changed, removed, `${long}-rm`);
    if (added !== undefined) changed = list.add(changed, added, `${long}-add`, env);
  }
  return changed;
}
