/** `raft-ts` alone: three members in one process, each with a directory of its own on one disk. */
import type { MemberId, RaftMessage, StateMachine } from 'raft-ts';
import type { Row } from './row.ts';
import { join } from 'node:path';
import { mkdtemp, rm } from 'node:fs/promises';
import { nodeDisk, systemClock, systemRandom } from 'raft-ts/node';
import { RaftNode } from 'raft-ts';
import { tmpdir } from 'node:os';

const VALUE_BYTES = 256;
const WARM_UP_MS = 500;
const MEASURE_MS = 3000;

/** As small as a state machine can be: what is measured is the log and the protocol. */
class CountingMachine implements StateMachine {
  count = 0;

  apply(): void {
    this.count++;
  }

  async *snapshot(): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode(String(this.count));
  }

  async restore(_: unknown, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const chunk of chunks) this.count = Number(new TextDecoder().decode(chunk));
  }
}

interface Counts {
  syncs: number;
  entries: number;
}

async function openMembers(directory: string, counts: Counts): Promise<Map<MemberId, RaftNode>> {
  const nodes = new Map<MemberId, RaftNode>();
  const ids = [1, 2, 3];
  const transport = {
    send: (message: RaftMessage) => {
      setImmediate(() => nodes.get(message.to)?.receive(message));
    },
    sendSnapshot: () => Promise.reject(new Error('nobody falls behind here')),
  };
  for (const id of ids) {
    const node = await RaftNode.open({
      id,
      clock: systemClock(),
      random: systemRandom(),
      transport,
      disk: nodeDisk(join(directory, String(id))),
      stateMachine: new CountingMachine(),
      bootstrap: { members: ids.map((one) => ({ id: one, role: 'voter', context: '' })) },
      observer: {
        synced: ({ entries }) => {
          counts.syncs++;
          counts.entries += entries;
        },
      },
    });
    nodes.set(id, node);
  }
  return nodes;
}

async function leaderOf(nodes: ReadonlyMap<MemberId, RaftNode>): Promise<RaftNode> {
  const end = performance.now() + 30_000;
  while (performance.now() < end) {
    for (const node of nodes.values()) {
      if (node.status().role !== 'leader') continue;
      await node.readIndex();
      return node;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('no leader within 30 s');
}

/** Keeps `inFlight` writes on their way for a while; returns how long each took, ascending. */
async function load(node: RaftNode, inFlight: number, durationMs: number): Promise<number[]> {
  const tookMs: number[] = [];
  const value = new Uint8Array(VALUE_BYTES).fill(120);
  const end = performance.now() + durationMs;
  const client = async (): Promise<void> => {
    while (performance.now() < end) {
      const startedAt = performance.now();
      const outcome = await node.propose(value.slice());
      if (outcome.kind !== 'committed') throw new Error(`a write was ${outcome.kind}`);
      tookMs.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, client));
  return tookMs.sort((a, b) => a - b);
}

function row(name: string, unit: string, ours: number): Row {
  return { name, unit, ours, peer: null, ratio: null, bar: null, ok: null };
}

/** Committed writes per second and how long one takes, at 1, 64 and 256 in flight. */
export async function bench(): Promise<Row[]> {
  const directory = await mkdtemp(join(tmpdir(), 'raft-bench-'));
  const counts: Counts = { syncs: 0, entries: 0 };
  const nodes = await openMembers(directory, counts);
  const rows: Row[] = [];
  try {
    const leader = await leaderOf(nodes);
    for (const inFlight of [1, 64, 256]) {
      await load(leader, inFlight, WARM_UP_MS);
      Object.assign(counts, { syncs: 0, entries: 0 });
      const tookMs = await load(leader, inFlight, MEASURE_MS);
      const at = (part: number): number => tookMs[Math.floor(tookMs.length * part)] ?? 0;
      const name = `raft 3 members, ${VALUE_BYTES} B, ${inFlight} in flight`;
      rows.push(
        row(`${name}: committed`, 'writes/s', (tookMs.length * 1000) / MEASURE_MS),
        row(`${name}: p50`, 'ms', at(0.5)),
        row(`${name}: p99`, 'ms', at(0.99)),
        row(`${name}: entries per fdatasync`, 'entries', counts.entries / counts.syncs),
      );
    }
  } finally {
    for (const node of nodes.values()) await node.stop();
    await rm(directory, { recursive: true });
  }
  return rows;
}
