/**
 * Committed writes through three members, beside etcd in the same minutes: three processes, their
 * directories on one disk, every write fdatasynced by a majority before it is answered; 256-byte
 * values, one client in this process that speaks gRPC to the leader. "inside": the leader's process
 * is its own client, as a manager is; what it would use instead is still etcd over gRPC.
 */
import { readFileSync } from 'node:fs';
import { etcdCluster, etcdIsInstalled } from './peers/etcd.ts';
import { raftCluster } from './kv/cluster.ts';
import type { KeyValueCluster } from './kv/cluster.ts';
import { load } from './load.ts';
import type { LoadResult } from './load.ts';
import type { Row } from './row.ts';

const VALUE_BYTES = 256;
const KEYS = 1000;
const FIRST_MS = 4_000;
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

/** Both are long-lived servers: what is measured is their settled state. */
async function warmUp(cluster: KeyValueCluster): Promise<void> {
  const value = new Uint8Array(VALUE_BYTES).fill(120);
  for (const inFlight of LEVELS)
    await load(inFlight, FIRST_MS, (number) => cluster.put(`key-${number % KEYS}`, value));
}

function median<S>(samples: readonly S[], key: keyof S & string): number {
  const sorted = samples.map((sample) => Number(sample[key])).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

const units = {
  perSecond: ['committed', 'writes/s'],
  p50Ms: ['p50', 'ms'],
  p99Ms: ['p99', 'ms'],
  membersUs: ['processor time of the members', 'us/write'],
  clientUs: ['processor time of the client', 'us/write'],
} as const;

function rowsOf(inFlight: number, ours: readonly Sample[], peer: readonly Sample[]): Row[] {
  return (Object.keys(units) as (keyof typeof units)[]).map((key) => {
    const [what, unit] = units[key];
    const name = `3 members, ${VALUE_BYTES} B, ${inFlight} in flight: ${what}`;
    const mine = median(ours, key);
    if (peer.length === 0)
      return { name, unit, ours: mine, peer: null, ratio: null, bar: null, ok: null };
    const theirs = median(peer, key);
    const ratio = mine / theirs;
    if (key === 'perSecond')
      return { name, unit, ours: mine, peer: theirs, ratio, bar: '>= 1.0 x etcd', ok: ratio >= 1 };
    if (key === 'p99Ms')
      return { name, unit, ours: mine, peer: theirs, ratio, bar: '<= 1.0 x etcd', ok: ratio <= 1 };
    return { name, unit, ours: mine, peer: theirs, ratio, bar: null, ok: null };
  });
}

function insideRows(inFlight: number, ours: readonly LoadResult[], peer: readonly Sample[]): Row[] {
  return (['perSecond', 'p50Ms', 'p99Ms'] as const).map((key) => {
    const [what, unit] = units[key];
    const name = `3 members, ${VALUE_BYTES} B, ${inFlight} in flight, inside: ${what}`;
    const mine = median(ours, key);
    const theirs = peer.length === 0 ? null : median(peer, key);
    const ratio = theirs === null ? null : mine / theirs;
    return { name, unit, ours: mine, peer: theirs, ratio, bar: null, ok: null };
  });
}

/** Both in turn, several rounds; medians. */
export async function bench(): Promise<Row[]> {
  const ours = await raftCluster();
  const peer = etcdIsInstalled() ? await etcdCluster() : undefined;
  if (peer === undefined) console.log('  etcd is not installed: measured without it');
  try {
    const rows: Row[] = [];
    for (const cluster of [ours, peer]) if (cluster !== undefined) await warmUp(cluster);
    for (const inFlight of LEVELS) {
      const samples = { ours: [] as Sample[], peer: [] as Sample[], inside: [] as LoadResult[] };
      for (let round = 0; round < ROUNDS; round++) {
        samples.ours.push(await measure(ours, inFlight));
        if (peer !== undefined) samples.peer.push(await measure(peer, inFlight));
        samples.inside.push(await ours.proposeInside(inFlight, MEASURE_MS, VALUE_BYTES));
      }
      rows.push(...rowsOf(inFlight, samples.ours, samples.peer));
      rows.push(...insideRows(inFlight, samples.inside, samples.peer));
    }
    return rows;
  } finally {
    await ours.close();
    await peer?.close();
  }
}
