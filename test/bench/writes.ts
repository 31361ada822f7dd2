/**
 * Committed writes through three members, beside etcd in the same minutes: three processes, their
 * directories on one disk, every write fdatasynced by a majority before it is answered; 256-byte
 * values, one client in this process that speaks to the leader. Ours is called in two ways, etcd too,
 * and each stands beside each:
 * - "raft-ts's client": `ProposalClient`, what raft-ts has for programs beside its members;
 *   "grpc-js": a bare call of grpc-js, to a server of grpc-js;
 * - "etcd by etcd3": npm's client, what a program for Node has for it; "etcd by grpc-js": a bare call.
 * "inside": the leader's process is its own client, as a manager is; what it would use instead is
 * still etcd over gRPC.
 */
import { readFileSync } from 'node:fs';
import { etcdCluster, etcdIsInstalled } from './peers/etcd.ts';
import { byEtcd3 } from './peers/etcd3.ts';
import { raftCluster } from './kv/cluster.ts';
import type { KeyValueCluster } from './kv/cluster.ts';
import { load } from './load.ts';
import type { LoadResult } from './load.ts';
import type { Row } from './row.ts';

const VALUE_BYTES = 256;
const KEYS = 1000;
const FIRST_MS = 10_000;
const WARM_UP_MS = 500;
const MEASURE_MS = 3_000;
const ROUNDS = 5;
const LEVELS = [1, 64, 256];

interface Sample extends LoadResult {
  /** Processor time per write: of this process, and of the three members together. */
  readonly clientUs: number;
  readonly membersUs: number;
}

/** User and system time of processes so far, microseconds; from /proc, in ticks of 10 ms. */
function processorUs(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * 10_000;
}

async function measure(cluster: KeyValueCluster, inFlight: number): Promise<Sample> {
  const value = new Uint8Array(VALUE_BYTES).fill(120);
  const put = (number: number): Promise<void> => cluster.put(`key-${number % KEYS}`, value);
  await load(inFlight, WARM_UP_MS, put);
  const own = process.cpuUsage();
  const members = processorUs(cluster.pids);
  const result = await load(inFlight, MEASURE_MS, put);
  const { user, system } = process.cpuUsage(own);
  return {
    ...result,
    clientUs: (user + system) / result.count,
    membersUs: (processorUs(cluster.pids) - members) / result.count,
  };
}

/**
 * All are long-lived servers: what is measured is their settled state. Ours needs some tens of thousands of writes for
 * it: until V8 has compiled what they run, compiling takes its turns on the same processors.
 */
async function warmUp(cluster: KeyValueCluster): Promise<void> {
  const value = new Uint8Array(VALUE_BYTES).fill(120);
  for (const inFlight of LEVELS)
    await load(inFlight, FIRST_MS, (number) => cluster.put(`key-${number % KEYS}`, value));
}

const units = {
  perSecond: ['committed', 'writes/s'],
  p50Ms: ['p50', 'ms'],
  p99Ms: ['p99', 'ms'],
  membersUs: ['processor time of the members', 'us/write'],
  clientUs: ['processor time of the client', 'us/write'],
} as const;

type Figure = keyof typeof units;
type Figures = Readonly<Partial<Record<Figure, number>>>;

/** Met or missed by the ratio of these figures; the others only inform. */
const bars: Readonly<
  Partial<Record<Figure, Readonly<{ text: string; isMet(ratio: number): boolean }>>>
> = {
  perSecond: { text: '>= 1.0 x etcd', isMet: (ratio) => ratio >= 1 },
  p99Ms: { text: '<= 1.0 x etcd', isMet: (ratio) => ratio <= 1 },
};

function median(samples: readonly Figures[], key: Figure): number {
  const sorted = samples.map((sample) => sample[key] ?? 0).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function row(what: string, key: Figure, ours: readonly Figures[], peer: readonly Figures[]): Row {
  const [figure, unit] = units[key];
  const name = `3 members, ${VALUE_BYTES} B, ${what}: ${figure}`;
  const mine = median(ours, key);
  if (peer.length === 0)
    return { name, unit, ours: mine, peer: null, ratio: null, bar: null, ok: null };
  const theirs = median(peer, key);
  return { name, unit, ours: mine, peer: theirs, ratio: mine / theirs, bar: null, ok: null };
}

function withBar(plain: Row, key: Figure): Row {
  const bar = bars[key];
  if (bar === undefined || plain.ratio === null) return plain;
  return { ...plain, bar: bar.text, ok: bar.isMet(plain.ratio) };
}

interface Samples {
  readonly ours: Sample[];
  readonly own: Sample[];
  readonly bare: Sample[];
  readonly etcd3: Sample[];
  readonly inside: LoadResult[];
}

function rowsOf(inFlight: number, { ours, own, bare, etcd3, inside }: Samples): Row[] {
  const level = `${inFlight} in flight`;
  const all = Object.keys(units) as Figure[];
  const ways = [
    [", raft-ts's client", own],
    [', grpc-js', ours],
  ] as const;
  const peers = [
    [', beside etcd by etcd3', etcd3],
    [', beside etcd by grpc-js', bare],
  ] as const;
  const beside = bare.length === 0 ? [['', []] as const] : peers;
  return [
    ...ways.flatMap(([way, mine]) =>
      beside.flatMap(([name, peer]) =>
        all.map((key) => withBar(row(`${level}${way}${name}`, key, mine, peer), key)),
      ),
    ),
    ...(['perSecond', 'p50Ms', 'p99Ms'] as const).map((key) =>
      row(`${level}, inside`, key, inside, bare),
    ),
  ];
}

/** All in turn, several rounds; medians. */
export async function bench(): Promise<Row[]> {
  const ours = await raftCluster();
  const own: KeyValueCluster = { ...ours, put: (key, value) => ours.putByOwnClient(key, value) };
  const etcd = etcdIsInstalled() ? await etcdCluster() : undefined;
  if (etcd === undefined) console.log('  etcd is not installed: measured without it');
  const etcd3 = etcd === undefined ? undefined : byEtcd3(etcd);
  try {
    const rows: Row[] = [];
    for (const cluster of [ours, own, etcd, etcd3])
      if (cluster !== undefined) await warmUp(cluster);
    for (const inFlight of LEVELS) {
      const samples: Samples = { ours: [], own: [], bare: [], etcd3: [], inside: [] };
      for (let round = 0; round < ROUNDS; round++) {
        samples.ours.push(await measure(ours, inFlight));
        samples.own.push(await measure(own, inFlight));
        if (etcd !== undefined) samples.bare.push(await measure(etcd, inFlight));
        if (etcd3 !== undefined) samples.etcd3.push(await measure(etcd3, inFlight));
        samples.inside.push(await ours.proposeInside(inFlight, MEASURE_MS, VALUE_BYTES));
      }
      rows.push(...rowsOf(inFlight, samples));
    }
    return rows;
  } finally {
    await ours.close();
    await etcd3?.close();
    await etcd?.close();
  }
}
