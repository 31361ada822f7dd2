/**
 * A table of nftables as far as the mesh writes it: takes transactions as `nft -f` does, all or
 * nothing, and as strictly. A host for the mesh that keeps one.
 */
import type { Listener } from '#agent/mesh/port-clashes';
import type { FlowKind, MeshHost, TableListing } from '#agent/mesh/mesh-host';
import type { UnledPort } from '#agent/mesh/unled-flows';
import { ClusterError } from '#lib';

type Kind = 'chain' | 'map' | 'set';

export interface Table {
  readonly kinds: Map<string, Kind>;
  readonly bodies: Map<string, string>;
  readonly elements: Map<string, Map<string, string>>;
}

const emptyTable = (): Table => ({ kinds: new Map(), bodies: new Map(), elements: new Map() });

export class FakeMeshHost implements MeshHost {
  table: Table | undefined;
  /** Texts of the transactions that were applied. */
  readonly applied: string[] = [];
  /** Addresses, and what was forgotten of them. */
  readonly forgotten: string[] = [];
  readonly forgottenPorts: UnledPort[] = [];
  listening: readonly Listener[] = [];
  /** Flows are listed, which takes a while; then those that are to be forgotten are. */
  listed = Promise.resolve();
  /** Transactions to refuse before one is taken again. */
  refusals = 0;

  async apply(text: string): Promise<void> {
    await Promise.resolve();
    if (this.refusals > 0) {
      this.refusals--;
      throw new ClusterError('RUNTIME_ERROR', 'nft -f: refused by the test');
    }
    this.table = applied(this.table, text);
    this.applied.push(text);
  }

  async list(): Promise<TableListing | undefined> {
    await Promise.resolve();
    if (this.table === undefined) return undefined;
    const { kinds, bodies, elements } = copy(this.table);
    const chains = [...bodies].filter(([name]) => kinds.get(name) === 'chain');
    const rules = (body: string) =>
      body.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('type '));
    return {
      kinds,
      elements: new Map([...elements].filter(([, keys]) => keys.size > 0)),
      chains: new Map(chains),
      ruleCounts: new Map(chains.map(([name, body]) => [name, rules(body).length])),
    };
  }

  async forget(
    addresses: readonly string[],
    flows: FlowKind,
    isLeft: (address: string) => boolean,
  ): Promise<void> {
    await this.listed;
    const left = addresses.filter(isLeft);
    this.forgotten.push(...left.map((address) => `${flows} of ${address}`));
  }

  async forgetUnled(ports: readonly UnledPort[]): Promise<void> {
    await Promise.resolve();
    this.forgottenPorts.push(...ports);
  }

  async listeners(): Promise<readonly Listener[]> {
    await Promise.resolve();
    return this.listening;
  }
}

/** The table after a transaction; throws, as nft would refuse it. */
export function applied(before: Table | undefined, text: string): Table | undefined {
  let table = before === undefined ? undefined : copy(before);
  const lines = text.split('\n');
  while (lines.length > 0) {
    const line = lines.shift() ?? '';
    const words = line.trim().split(' ');
    if (line.trim() === '') continue;
    if (words[0] === 'table') {
      table ??= emptyTable();
      if (!line.endsWith('{}')) declare(table, lines);
    } else if (line.startsWith('delete table')) {
      if (table === undefined) throw new Error(`no table: ${line}`);
      table = undefined;
    } else if (table === undefined) throw new Error(`no table: ${line}`);
    else if (words[1] === 'element') changeElements(table, line);
    else if (words[0] === 'delete') remove(table, words[1] as Kind, words[4] ?? '');
    else throw new Error(`not understood: ${line}`);
  }
  if (table !== undefined) check(table);
  return table;
}

function copy({ kinds, bodies, elements }: Table): Table {
  return {
    kinds: new Map(kinds),
    bodies: new Map(bodies),
    elements: new Map([...elements].map(([name, keys]) => [name, new Map(keys)])),
  };
}

/** Up to the table's closing brace. */
function declare(table: Table, lines: string[]): void {
  for (let line = lines.shift(); line !== '}'; line = lines.shift()) {
    const [, kind, name = ''] = /^\s*(map|set|chain) (\w+) \{$/.exec(line ?? '') ?? [];
    if (kind === undefined) throw new Error(`no declaration: ${line}`);
    const body: string[] = [];
    for (let inside = lines.shift(); inside?.trim() !== '}'; inside = lines.shift())
      body.push(inside ?? '');
    if (table.kinds.has(name)) throw new Error(`declared twice: ${name}`);
    table.kinds.set(name, kind as Kind);
    table.bodies.set(name, body.join('\n'));
    if (kind !== 'chain') table.elements.set(name, new Map());
  }
}

function changeElements(table: Table, line: string): void {
  const [, change, name = '', inside = ''] =
    /^(add|delete) element inet tessera_mesh (\w+) \{ (.*) \}$/.exec(line) ?? [];
  const elements = table.elements.get(name);
  if (change === undefined || elements === undefined) throw new Error(`no such map: ${line}`);
  for (const element of inside.split(', ')) {
    const [key = '', value = ''] = element.split(' : ');
    if (change === 'delete' && !elements.delete(key)) throw new Error(`no ${key} in ${name}`);
    if (change === 'delete') continue;
    if (elements.has(key)) throw new Error(`${key} is in ${name}`);
    elements.set(key, value);
  }
}

function remove(table: Table, kind: Kind, name: string): void {
  if (table.kinds.get(name) !== kind) throw new Error(`no ${kind} ${name}`);
  table.kinds.delete(name);
  table.bodies.delete(name);
  table.elements.delete(name);
}

/** Chains and maps that are named must be there. */
function check(table: Table): void {
  for (const [name, elements] of table.elements)
    for (const value of elements.values()) {
      const chain = /^(?:goto|jump) (\w+)$/.exec(value)?.[1];
      if (chain !== undefined && table.kinds.get(chain) !== 'chain')
        throw new Error(`${name} leads to ${chain}, which is not there`);
    }
  for (const [name, body] of table.bodies)
    for (const [, map = ''] of body.matchAll(/@(\w+)/g))
      if (!table.elements.has(map)) throw new Error(`${name} reads ${map}, which is not there`);
}
