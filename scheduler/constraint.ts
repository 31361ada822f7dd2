/** Placement constraints: `KEY==VALUE` and `KEY!=VALUE`. Parsed once, then asked per node. */
import ipaddr from 'ipaddr.js';
import { ClusterError } from '#lib';
import { NodeRole } from '#proto';
import type { Node } from '#proto';

/** One constraint: what of the node it looks at, and what that must (not) be. */
export interface Constraint {
  readonly key: ConstraintKey;
  readonly isEqual: boolean;
  /** Lower case: values are compared without case. */
  readonly value: string;
  /** As the user wrote it. */
  readonly text: string;
}

/** `label` keeps its case: the names of labels are exact, only their values are not. */
export type ConstraintKey =
  | { readonly kind: 'id' | 'hostname' | 'ip' | 'role' | 'os' | 'architecture' }
  | { readonly kind: 'node-label' | 'engine-label'; readonly label: string };

const plainKeys: Readonly<Record<string, ConstraintKey>> = {
  'node.id': { kind: 'id' },
  'node.hostname': { kind: 'hostname' },
  'node.ip': { kind: 'ip' },
  'node.role': { kind: 'role' },
  'node.platform.os': { kind: 'os' },
  'node.platform.arch': { kind: 'architecture' },
};
const labelKeys = [
  { prefix: 'node.labels.', kind: 'node-label' },
  { prefix: 'engine.labels.', kind: 'engine-label' },
] as const;
const knownKeys = `${Object.keys(plainKeys).join(', ')}, node.labels.NAME, engine.labels.NAME`;
const labelName = /^[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?$/;

/** Longest constraint, characters. */
const constraintLengthMax = 512;

/** The key of a constraint or a spread preference, undefined when there is no such key. */
export function parseKey(text: string): ConstraintKey | undefined {
  const lower = text.toLowerCase();
  if (Object.hasOwn(plainKeys, lower)) return plainKeys[lower];
  for (const { prefix, kind } of labelKeys) {
    if (!lower.startsWith(prefix)) continue;
    const label = text.slice(prefix.length);
    if (labelName.test(label)) return { kind, label };
  }
  return undefined;
}

function invalid(text: string, problem: string): ClusterError {
  return new ClusterError(
    'INVALID_SPEC',
    `constraint "${text}": ${problem}; write KEY==VALUE or KEY!=VALUE, as in node.labels.zone==a`,
    { details: { constraint: text } },
  );
}

/** Throws INVALID_SPEC with what is wrong with `text`. */
export function parseConstraint(text: string): Constraint {
  if (text.length > constraintLengthMax)
    throw invalid(`${text.slice(0, 40)}...`, `longer than ${constraintLengthMax} characters`);
  const at = text.search(/[!=]=/);
  if (at < 0) throw invalid(text, 'has neither == nor !=');
  const keyText = text.slice(0, at).trim();
  const valueText = text.slice(at + 2).trim();
  if (keyText === '') throw invalid(text, 'has no key');
  const key = parseKey(keyText);
  if (key === undefined)
    throw invalid(text, `there is no key "${keyText}" (there are ${knownKeys})`);
  if (valueText === '') throw invalid(text, 'has no value');
  if (/[=!]=/.test(valueText)) throw invalid(text, 'has more than one operator');
  const value = valueText.toLowerCase();
  if (key.kind === 'ip' && parseRange(value) === undefined)
    throw invalid(text, `"${valueText}" is neither an IP address nor a CIDR`);
  if (key.kind === 'role' && value !== 'manager' && value !== 'worker')
    throw invalid(text, 'a role is manager or worker');
  const operator = text.slice(at, at + 2);
  return { key, isEqual: operator === '==', value: normalised(key, value), text };
}

/** Throws INVALID_SPEC for the first that is wrong. */
export function parseConstraints(texts: readonly string[]): readonly Constraint[] {
  return texts.map(parseConstraint);
}

function normalised(key: ConstraintKey, value: string): string {
  return key.kind === 'architecture' ? architectureName(value) : value;
}

/** The name OCI images use for a processor architecture. */
export function architectureName(text: string): string {
  const lower = text.toLowerCase();
  if (lower === 'x86_64') return 'amd64';
  return lower === 'aarch64' ? 'arm64' : lower;
}

/** What a node has under `key`, as it stands; empty when it has nothing. */
export function nodeValue(node: Node, key: ConstraintKey): string {
  switch (key.kind) {
    case 'id':
      return node.id;
    case 'hostname':
      return node.description?.hostname ?? '';
    case 'ip':
      return node.status?.address ?? '';
    case 'role':
      return node.role === NodeRole.MANAGER ? 'manager' : 'worker';
    case 'os':
      return node.description?.platform?.os ?? '';
    case 'architecture':
      return architectureName(node.description?.platform?.architecture ?? '');
    case 'node-label':
      return ownValue(node.spec?.labels, key.label);
    case 'engine-label':
      return ownValue(node.description?.engineLabels, key.label);
  }
}

/** A label may be called `constructor`, which every object seems to have. */
function ownValue(labels: Readonly<Record<string, string>> | undefined, name: string): string {
  return labels !== undefined && Object.hasOwn(labels, name) ? (labels[name] ?? '') : '';
}

type Range = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

function parseRange(text: string): Range | undefined {
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
  if (!ipaddr.isValid(text)) return undefined;
  const address = ipaddr.process(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

/** An agent's address may come with a port: `10.0.0.1:4711`, `[fd00::1]:4711`. */
function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? text.replace(/^([\d.]+):\d+$/, '$1');
  return ipaddr.isValid(bare) ? ipaddr.process(bare) : undefined;
}

function isInRange(address: string, value: string): boolean {
  const range = parseRange(value);
  const parsed = parseAddress(address);
  if (range === undefined || parsed === undefined || parsed.kind() !== range[0].kind())
    return false;
  return parsed.match(range as [ipaddr.IPv4, number] & [ipaddr.IPv6, number]);
}

/** Whether the node satisfies all; a label it does not have satisfies every `!=`. */
export function satisfiesConstraints(node: Node, constraints: readonly Constraint[]): boolean {
  return constraints.every(({ key, isEqual, value }) => {
    const has = nodeValue(node, key);
    const isSame = key.kind === 'ip' ? isInRange(has, value) : has.toLowerCase() === value;
    return isSame === isEqual;
  });
}

const cacheMax = 10_000;
const cache = new Map<string, readonly Constraint[] | undefined>();

/**
 * Like `parseConstraints` for texts that were checked when the service was made: `undefined`, which
 * no node satisfies, where one is wrong all the same. Remembers `cacheMax` texts, then starts over.
 */
export function knownConstraints(texts: readonly string[]): readonly Constraint[] | undefined {
  if (texts.length === 0) return [];
  const id = texts.join('\n');
  if (cache.has(id)) return cache.get(id);
  if (cache.size >= cacheMax) cache.clear();
  let parsed: readonly Constraint[] | undefined;
  try {
    parsed = parseConstraints(texts);
  } catch {
    parsed = undefined;
  }
  cache.set(id, parsed);
  return parsed;
}

/** Whether the node satisfies all of `texts`; false where one cannot be read. */
export function nodeSatisfies(node: Node, texts: readonly string[]): boolean {
  const constraints = knownConstraints(texts);
  return constraints !== undefined && satisfiesConstraints(node, constraints);
}
