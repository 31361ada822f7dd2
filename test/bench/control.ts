/**
 * Writes through the control API of three managers, real processes of `tesserad` with TLS between
 * them and encrypted logs: with the store in Raft, and with the store in an etcd of three members.
 */
import { ContainerSpec, ControlService, CreateServiceRequest, GetJoinTokensRequest } from '#proto';
import { InitRequest, JoinRequest, LocalService, ReplicatedMode, ServiceSpec } from '#proto';
import { TaskSpec, UpdateServiceRequest } from '#proto';
import type { Service } from '#proto';
import { DaemonProcess } from '#test/_support/daemon-process';
import { poll } from '#test/_support/poll';
import { etcdCluster, etcdIsInstalled } from './peers/etcd.ts';
import { load } from './load.ts';
import type { LoadResult } from './load.ts';
import type { Row } from './row.ts';

const SERVICES = 500;
const VALUE = 'x'.repeat(256);
const WARM_UP_MS = 3_000;
const MEASURE_MS = 3_000;
const LEVELS = [1, 64, 256];

/** Clean-up, last in first out, as a test has it. */
class Teardown {
  readonly #jobs: (() => unknown)[] = [];

  teardown(job: () => unknown): void {
    this.#jobs.push(job);
  }

  async run(): Promise<void> {
    for (const job of this.#jobs.toReversed()) await job();
  }
}

async function managers(t: Teardown, flags: readonly string[]): Promise<DaemonProcess> {
  const first = await DaemonProcess.start(t, 'host1', flags);
  const { address } = first;
  await first.call(
    LocalService.init,
    InitRequest.create({ advertiseAddress: address, listenAddress: address }),
  );
  const { tokens } = await first.call(ControlService.getJoinTokens, GetJoinTokensRequest.create());
  for (const name of ['host2', 'host3']) {
    const other = await DaemonProcess.start(t, name, flags);
    await other.call(
      LocalService.join,
      JoinRequest.create({
        token: tokens?.manager ?? '',
        remoteAddress: address,
        advertiseAddress: other.address,
        listenAddress: other.address,
      }),
    );
  }
  return first;
}

function specOf(name: string, number: number): ServiceSpec {
  return ServiceSpec.create({
    name,
    labels: { value: VALUE, number: String(number) },
    mode: { kind: 'replicated', replicated: ReplicatedMode.create({ replicas: 0 }) },
    task: TaskSpec.create({ containers: [ContainerSpec.create({ image: 'busybox' })] }),
  });
}

async function createServices(daemon: DaemonProcess): Promise<Service[]> {
  const services: Service[] = [];
  for (let number = 0; number < SERVICES; number++) {
    const spec = specOf(`service-${number}`, 0);
    const made = await poll('a service is created', () =>
      daemon.call(ControlService.createService, CreateServiceRequest.create({ spec })),
    );
    if (made.service !== undefined) services.push(made.service);
  }
  return services;
}

async function measure(flags: readonly string[]): Promise<ReadonlyMap<number, LoadResult>> {
  const t = new Teardown();
  try {
    const daemon = await managers(t, flags);
    const services = await createServices(daemon);
    const update = async (number: number): Promise<void> => {
      const at = number % services.length;
      const present = services[at];
      if (present === undefined) throw new Error('no service to update');
      const request = UpdateServiceRequest.create({
        ref: present.id,
        version: present.meta?.version ?? 0,
        spec: specOf(present.spec?.name ?? '', number),
      });
      const { service } = await daemon.call(ControlService.updateService, request);
      if (service !== undefined) services[at] = service;
    };
    const results = new Map<number, LoadResult>();
    for (const inFlight of LEVELS) {
      await load(inFlight, WARM_UP_MS, update);
      results.set(inFlight, await load(inFlight, MEASURE_MS, update));
    }
    return results;
  } finally {
    await t.run();
  }
}

async function onEtcd(): Promise<ReadonlyMap<number, LoadResult> | undefined> {
  if (!etcdIsInstalled()) return undefined;
  const etcd = await etcdCluster();
  try {
    return await measure(['--store', `etcd://${etcd.endpoints.join(',')}/bench`]);
  } finally {
    await etcd.close();
  }
}

export async function bench(): Promise<Row[]> {
  const raft = await measure([]);
  const etcd = await onEtcd();
  return LEVELS.flatMap((inFlight): Row[] => {
    const ours = raft.get(inFlight);
    const peer = etcd?.get(inFlight);
    const name = `service updates, 3 managers, ${inFlight} in flight`;
    const row = (what: string, unit: string, key: 'perSecond' | 'p50Ms' | 'p99Ms'): Row => ({
      name: `${name}: ${what} (peer: the store in etcd)`,
      unit,
      ours: ours?.[key] ?? 0,
      peer: peer?.[key] ?? null,
      ratio: ours === undefined || peer === undefined ? null : ours[key] / peer[key],
      bar: null,
      ok: null,
    });
    return [
      row('committed', 'writes/s', 'perSecond'),
      row('p50', 'ms', 'p50Ms'),
      row('p99', 'ms', 'p99Ms'),
    ];
  });
}
