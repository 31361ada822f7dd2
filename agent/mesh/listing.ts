/** What `nft -j list` says of the mesh's table, as text elements. Pure. */
import * as v from 'valibot';
import type { Part } from './structure.ts';
import type { Elements } from './table-contents.ts';

const mapSchema = v.looseObject({
  name: v.string(),
  elem: v.optional(v.array(v.unknown())),
  flags: v.optional(v.array(v.string())),
});
const objectSchema = v.object({
  chain: v.optional(v.looseObject({ name: v.string() })),
  rule: v.optional(v.looseObject({ chain: v.string(), expr: v.array(v.unknown()) })),
  map: v.optional(mapSchema),
  set: v.optional(mapSchema),
});
const listingSchema = v.object({ nftables: v.array(objectSchema) });

/** Chains, maps and sets, without elements. */
export interface Structure {
  readonly kinds: ReadonlyMap<string, Part['kind']>;
  /** What a chain is and does, by its name; only good to compare with. */
  readonly chains: ReadonlyMap<string, string>;
  /** Rules of a chain, by its name. */
  readonly ruleCounts: ReadonlyMap<string, number>;
}

export function parseStructure(json: string): Structure {
  const kinds = new Map<string, Part['kind']>();
  const chains = new Map<string, string[]>();
  for (const { chain, rule, map, set } of v.parse(listingSchema, JSON.parse(json)).nftables) {
    if (map !== undefined) kinds.set(map.name, 'map');
    if (set !== undefined) kinds.set(set.name, 'set');
    if (chain !== undefined) {
      kinds.set(chain.name, 'chain');
      chains.set(chain.name, [JSON.stringify({ ...chain, handle: 0 })]);
    }
    if (rule !== undefined) chains.get(rule.chain)?.push(JSON.stringify(rule.expr));
  }
  return {
    kinds,
    chains: new Map([...chains].map(([name, texts]) => [name, texts.join('\n')])),
    ruleCounts: new Map([...chains].map(([name, texts]) => [name, texts.length - 1])),
  };
}

/** Elements of all maps and sets but those that packets fill. */
export function parseElements(json: string): Elements {
  const all = new Map<string, ReadonlyMap<string, string>>();
  for (const { map, set } of v.parse(listingSchema, JSON.parse(json)).nftables) {
    const { name, elem = [], flags = [] } = map ?? set ?? { name: '' };
    if (elem.length === 0 || flags.includes('timeout')) continue;
    const elements = new Map<string, string>();
    for (const element of elem) {
      if (map === undefined) elements.set(textOf(element), '');
      else if (Array.isArray(element)) elements.set(textOf(element[0]), textOf(element[1]));
    }
    all.set(name, elements);
  }
  return all;
}

/** Names that nft has for protocols where the host knows them. */
const protocols: Readonly<Record<string, string>> = { tcp: '6', udp: '17', sctp: '132' };

const concatSchema = v.object({ concat: v.array(v.unknown()) });
const verdictSchema = v.union([
  v.object({ goto: v.object({ target: v.string() }) }),
  v.object({ jump: v.object({ target: v.string() }) }),
]);

function textOf(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return protocols[value] ?? value;
  if (v.is(concatSchema, value)) return value.concat.map(textOf).join(' . ');
  if (v.is(verdictSchema, value)) {
    if ('goto' in value) return `goto ${value.goto.target}`;
    return `jump ${value.jump.target}`;
  }
  // Nothing that we write: it differs from all that is wanted.
  return JSON.stringify(value);
}
