/** The flags with many values that say where a service's tasks may be. */
import type { Placement, ServiceSpec } from '#proto';
import { affinityId, affinityOf, parseAffinity, parseSpread } from '../parse/affinity.ts';
import { rulesOf, spreadId } from '../parse/affinity.ts';
import {
  nodeAffinityOf,
  nodeRuleId,
  nodeRulesOf,
  parseNodeAffinity,
} from '../parse/node-affinity.ts';
import { parseToleration, tolerationId } from '../parse/taint.ts';
import { editPlacement } from './edit.ts';
import type { ListFlag } from './list-flag.ts';
import { merged } from './merged.ts';

interface Items<T> {
  readonly flag: string;
  readonly value: string;
  readonly help: string;
  readonly parse: (flag: string, text: string) => T;
  /** Equal for items of which a new one replaces the old, and for what -rm takes away. */
  readonly id: (item: T) => string;
  readonly read: (placement: Placement) => readonly T[];
  readonly write: (placement: Placement, items: readonly T[]) => Placement;
}

function placementList<T>(items: Items<T>): ListFlag {
  const { flag, value, help, parse, id, read, write } = items;
  return {
    flag,
    value,
    help,
    key: value,
    add: (spec: ServiceSpec, texts, name) =>
      editPlacement(spec, (part) => {
        const added = texts.map((text) => parse(name, text));
        return write(part, merged(read(part), added, id));
      }),
    remove: (spec: ServiceSpec, texts, name) =>
      editPlacement(spec, (part) => {
        const gone = new Set(texts.map((text) => id(parse(name, text))));
        return write(
          part,
          read(part).filter((item) => !gone.has(id(item))),
        );
      }),
  };
}

export const placementLists: readonly ListFlag[] = [
  placementList({
    flag: '--node-affinity',
    value: '<rule>',
    help: "nodes to be on, one of these must hold, or with WEIGHT: rather on: [WEIGHT:]EXPRESSIONS, as in 'zone in (a,b),disk!=hdd' or '50:gpus>2'",
    parse: parseNodeAffinity,
    id: nodeRuleId,
    read: ({ nodeAffinity }) => nodeRulesOf(nodeAffinity),
    write: (part, rules) => ({ ...part, nodeAffinity: nodeAffinityOf(rules) }),
  }),
  placementList({
    flag: '--toleration',
    value: '<taint>',
    help: 'taint to live with: KEY[=VALUE][:EFFECT[:SECONDS]], as in disk=slow:NoExecute:60; * is all; node.tessera.io/unreachable:NoExecute:5m stays on a lost node for a while',
    parse: parseToleration,
    id: tolerationId,
    read: ({ tolerations }) => tolerations,
    write: (part, tolerations) => ({ ...part, tolerations }),
  }),
  placementList({
    flag: '--affinity',
    value: '<rule>',
    help: 'tasks to be near to: [WEIGHT:]TASKS@KEY, as in db@node.labels.zone or 50:app=web@zone',
    parse: parseAffinity,
    id: affinityId,
    read: ({ affinity }) => rulesOf(affinity),
    write: (part, rules) => ({ ...part, affinity: affinityOf(rules) }),
  }),
  placementList({
    flag: '--anti-affinity',
    value: '<rule>',
    help: 'tasks to keep away from, as in self@node.hostname',
    parse: parseAffinity,
    id: affinityId,
    read: ({ antiAffinity }) => rulesOf(antiAffinity),
    write: (part, rules) => ({ ...part, antiAffinity: affinityOf(rules) }),
  }),
  placementList({
    flag: '--spread',
    value: '<rule>',
    help: 'keep tasks even: KEY[:MAX_SKEW][:soft], as in node.labels.zone:2',
    parse: parseSpread,
    id: spreadId,
    read: ({ topologySpread }) => topologySpread,
    write: (part, topologySpread) => ({ ...part, topologySpread }),
  }),
];
