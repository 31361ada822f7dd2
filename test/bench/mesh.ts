/**
 * What a change costs the mesh's rules in the kernel, by how many services there are: one task of one
 * service leaves or comes back, from the view's change to the end of nft's transaction. In a network
 * namespace of its own; needs root.
 */
import { attempt, run } from '#test/_support/command';
import { silentLogger, silentMetrics } from '#lib';
import { systemClock } from '#lib/clock-node';
import { systemRandom } from '#lib/random-node';
import { Mesh, nftHost } from '#agent/mesh/index';
import { LiveNetworkView } from '#agent/network-view/view';
import { Endpoint, NetworkChanges, NetworkService, PortConfig } from '#proto';
import type { Row } from './row.ts';

const namespace = 'tessera-bench-mesh';
const tasksPerService = 10;
const samples = 60;
/** Of 1,000 services beside 100: flat, with room for noise. */
const flatMax = 1.5;

const address = (service: number, host: number): string =>
  `10.${100 + (service >> 8)}.${service & 255}.${host}`;
const endpoint = (service: number, task: number, isServing = true): Endpoint =>
  Endpoint.create({
    networkId: 'n',
    serviceId: `s${service}`,
    taskId: `t${service}-${task}`,
    nodeId: `node${task}`,
    address: address(service, 10 + task),
    isServing,
  });
const service = (n: number): NetworkService =>
  NetworkService.create({
    networkId: 'n',
    serviceId: `s${n}`,
    address: address(n, 2),
    ports: [PortConfig.create({ publishedPort: 10_000 + n, targetPort: 80 })],
  });

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

interface Measured {
  readonly loadMs: number;
  readonly changesMs: readonly number[];
}

async function measure(services: number): Promise<Measured> {
  await run(['ip', 'netns', 'add', namespace]);
  const clock = systemClock();
  const mesh = new Mesh({
    nodeId: 'node0',
    host: nftHost(['ip', 'netns', 'exec', namespace]),
    clock,
    random: systemRandom(),
    log: silentLogger,
    metrics: silentMetrics,
  });
  const view = new LiveNetworkView();
  const tell = async (init: Partial<NetworkChanges>): Promise<number> => {
    const startedAt = performance.now();
    await mesh.apply(view, view.apply(NetworkChanges.create(init)));
    return performance.now() - startedAt;
  };
  try {
    const all = Array.from({ length: services }, (_, n) => n);
    const loadMs = await tell({
      isFull: true,
      services: all.map(service),
      endpoints: all.flatMap((n) =>
        Array.from({ length: tasksPerService }, (_, task) => endpoint(n, task)),
      ),
    });
    const changesMs: number[] = [];
    for (let i = 0; i < samples; i++) {
      // It leaves, and in the next round comes back.
      const pair = i >> 1;
      const changed = endpoint((pair * 31) % services, pair % tasksPerService, i % 2 === 1);
      // Past the pause between batches: the change alone is measured.
      await new Promise((resolve) => clock.after(60, () => resolve(undefined)));
      changesMs.push(await tell({ endpoints: [changed] }));
    }
    return { loadMs, changesMs };
  } finally {
    mesh.close();
    await attempt(['ip', 'netns', 'delete', namespace]);
  }
}

const row = (name: string, ours: number): Row => ({
  name,
  unit: 'ms',
  ours,
  peer: null,
  ratio: null,
  bar: null,
  ok: null,
});

export async function bench(): Promise<Row[]> {
  await attempt(['ip', 'netns', 'delete', namespace]);
  const rows: Row[] = [];
  let smallest: number | undefined;
  for (const services of [100, 1_000, 5_000]) {
    const { loadMs, changesMs } = await measure(services);
    const what = `mesh: ${services} services x ${tasksPerService} tasks`;
    const p50 = quantile(changesMs, 0.5);
    smallest ??= p50;
    const ratio = p50 / smallest;
    rows.push(
      row(`${what}, loaded at once`, loadMs),
      {
        ...row(`${what}, one change p50`, p50),
        ...(services === 1_000
          ? { peer: smallest, ratio, bar: `<= ${flatMax} x 100 services`, ok: ratio <= flatMax }
          : {}),
      },
      row(`${what}, one change p99`, quantile(changesMs, 0.99)),
    );
  }
  return rows;
}
