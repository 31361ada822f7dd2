/**
 * `make bench ONLY=names`: one host's name server with 1,000 services of 10 tasks, asked over loopback by a
 * process of its own: as fast as it can, and one question at a time.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { seededRandom, silentLogger, silentMetrics } from '#lib';
import { systemClock } from '#lib/clock-node';
import { NameServer } from '#agent/dns/name-server-node';
import { LiveNetworkView } from '#agent/network-view/view';
import {
  Endpoint,
  Network,
  NetworkChanges,
  NetworkService,
  NetworkSpec,
  SubnetConfig,
} from '#proto';
import type { AskerReport } from './names/asker.ts';
import type { Row } from './row.ts';

const address = '127.0.0.2';
const port = 5_354;
const serviceCount = 1_000;
const tasksPerService = 10;
const measuredSeconds = 5;

function told(): NetworkChanges {
  const subnets = [SubnetConfig.create({ gateway: address })];
  const spec = NetworkSpec.create({ name: 'net' });
  const services = Array.from({ length: serviceCount }, (_, i) => {
    const own = `10.1.${i >> 8}.${i & 255}`;
    const init = { networkId: 'net', serviceId: `s${i}`, name: `web-${i}`, address: own };
    return NetworkService.create(init);
  });
  const endpoints = services.flatMap(({ serviceId }, i) =>
    Array.from({ length: tasksPerService }, (_unused, slot) =>
      Endpoint.create({
        networkId: 'net',
        taskId: `${serviceId}.${slot}`,
        nodeId: 'n2',
        serviceId,
        slot: slot + 1,
        address: `10.${2 + slot}.${i >> 8}.${i & 255}`,
        isServing: true,
      }),
    ),
  );
  const me = { networkId: 'net', taskId: 'me', nodeId: 'n1', address: '127.0.0.1' };
  return NetworkChanges.create({
    isFull: true,
    networks: [Network.create({ id: 'net', spec, allocation: { vni: 4_097, subnets } })],
    services,
    endpoints: [...endpoints, Endpoint.create(me)],
  });
}

async function asked(underWay: number): Promise<AskerReport> {
  const argv = [address, port, serviceCount, underWay, measuredSeconds].map(String);
  const child = fork(join(import.meta.dirname, 'names/asker.ts'), argv);
  const [report] = (await once(child, 'message')) as [AskerReport];
  return report;
}

const row = (name: string, unit: string, ours: number): Row => ({
  name,
  unit,
  ours,
  peer: null,
  ratio: null,
  bar: null,
  ok: null,
});

export async function bench(): Promise<readonly Row[]> {
  const server = new NameServer({
    nodeId: 'n1',
    clock: systemClock(),
    random: seededRandom(1),
    log: silentLogger,
    metrics: silentMetrics,
    port,
  });
  const view = new LiveNetworkView();
  await server.apply(view, view.apply(told()));
  while (server.listening.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  try {
    const many = await asked(64);
    const one = await asked(1);
    return [
      row('names, 64 questions under way', 'answers/s', many.answers / many.seconds),
      row('names, 64 questions under way, p50', 'ms', many.p50Ms),
      row('names, 64 questions under way, p99', 'ms', many.p99Ms),
      row('names, 64 questions under way, lost', 'datagrams', many.lost),
      row('names, one question at a time, p50', 'ms', one.p50Ms),
      row('names, one question at a time, p99', 'ms', one.p99Ms),
    ];
  } finally {
    server.close();
  }
}
