/** Node selector and node affinity: which nodes a service asks for, and which of them it likes better. */
import type { Expression, Node, NodeTerm, Placement } from '#proto';
import { nodeValue, parseKey } from './constraint.ts';
import type { ConstraintKey } from './constraint.ts';
import { satisfies } from './selector.ts';

/** The one field of a node that a term may name; what Kubernetes calls the name of a node. */
export const nameField = 'metadata.name';

interface NodeTest {
  readonly key: ConstraintKey;
  readonly expression: Expression;
}

/** All of the tests must hold. */
export type CompiledNodeTerm = readonly NodeTest[];

/** What a service asks of nodes by their labels, read once for all nodes. */
export interface NodeWish {
  readonly selector: readonly (readonly [ConstraintKey, string])[];
  /** One of them must hold; undefined: nothing is asked. */
  readonly required: readonly CompiledNodeTerm[] | undefined;
  readonly preferred: readonly { readonly weight: number; readonly term: CompiledNodeTerm }[];
}

export const noNodeWish: NodeWish = { selector: [], required: undefined, preferred: [] };

/** A key as a constraint has it, or the bare name of a label of the node. */
export function nodeKey(text: string): ConstraintKey {
  return parseKey(text) ?? { kind: 'node-label', label: text };
}

/** What the node has under a key as `nodeKey` reads it. */
export function labelValue(node: Node, text: string): string | undefined {
  return valueUnder(node, nodeKey(text));
}

/** Whether `nodeKey` makes sense of it. */
export function isNodeKey(text: string): boolean {
  return parseKey(text) !== undefined || parseKey(`node.labels.${text}`) !== undefined;
}

/** What the node has under `key`, as it stands; undefined when it has nothing. */
export function valueUnder(node: Node, key: ConstraintKey): string | undefined {
  switch (key.kind) {
    case 'node-label':
      return own(node.spec?.labels, key.label);
    case 'engine-label':
      return own(node.description?.engineLabels, key.label);
    default:
      return nodeValue(node, key) || undefined;
  }
}

function own(
  labels: Readonly<Record<string, string>> | undefined,
  name: string,
): string | undefined {
  return labels !== undefined && Object.hasOwn(labels, name) ? labels[name] : undefined;
}

/** Undefined for a term without anything in it, which holds nowhere. */
function compileTerm(term: NodeTerm | undefined): CompiledNodeTerm | undefined {
  if (term === undefined) return undefined;
  const tests = [
    ...term.expressions.map((expression) => ({ key: nodeKey(expression.key), expression })),
    ...term.fields.map((expression) => ({ key: fieldKey(expression.key), expression })),
  ];
  return tests.length === 0 ? undefined : tests;
}

/** A field that there is not has no value on any node. */
function fieldKey(name: string): ConstraintKey {
  return name === nameField ? { kind: 'hostname' } : { kind: 'node-label', label: '' };
}

export function nodeWishOf(placement: Placement | undefined): NodeWish {
  if (placement === undefined) return noNodeWish;
  const { nodeSelector, nodeAffinity } = placement;
  const pairs = Object.entries(nodeSelector);
  if (pairs.length === 0 && nodeAffinity === undefined) return noNodeWish;
  return {
    selector: pairs.map(([key, value]) => [nodeKey(key), value]),
    required: nodeAffinity?.required?.terms.map(compileTerm).filter((term) => term !== undefined),
    preferred: (nodeAffinity?.preferred ?? []).flatMap(({ weight, term: wish }) => {
      const term = compileTerm(wish);
      return term === undefined || weight === 0 ? [] : [{ weight, term }];
    }),
  };
}

function holds(node: Node, term: CompiledNodeTerm): boolean {
  return term.every(({ key, expression }) => satisfies(valueUnder(node, key), expression));
}

/** Whether the node has what the service asks for: all of the selector, and one of the required terms. */
export function isWished(node: Node, wish: NodeWish): boolean {
  if (wish === noNodeWish) return true;
  const { selector, required } = wish;
  return (
    selector.every(([key, value]) => valueUnder(node, key) === value) &&
    (required === undefined || required.some((term) => holds(node, term)))
  );
}

/** The sum of the weights of the preferred terms that hold on the node. */
export function preferenceFor(node: Node, { preferred }: NodeWish): number {
  let sum = 0;
  for (const { weight, term } of preferred) if (holds(node, term)) sum += weight;
  return sum;
}
