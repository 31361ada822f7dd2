/**
 * Task to task across hosts, by address and by virtual address: TCP throughput and short connections, beside
 * Docker's overlay network in the same run, in turns; from host to host for comparison. Needs root, iperf3 for
 * the throughput, Debian's docker.io for the peer. A ratio is the median of the rounds' own ratios.
 */
import { Lab } from '#test/_support/lab';
import { Acceptor, connections } from './network/connections.ts';
import { iperfIsInstalled, throughput } from './network/iperf.ts';
import { labHost, labTask, swarmHost, swarmTask, swarmVirtualAddress } from './network/place.ts';
import { virtualAddress, waiting } from './network/place.ts';
import type { Place } from './network/place.ts';
import { startSwarm, swarmIsInstalled } from './peers/swarm.ts';
import type { SwarmLab } from './peers/swarm.ts';
import type { Row } from './row.ts';

const network = 'ov';
const image = 'busybox:latest';
const port = 8_080;
const rounds = 5;
const seconds = 3;

/** Who asks, who answers, and by which address. */
interface Path {
  readonly client: Place;
  readonly server: Place;
  readonly target: string;
}

interface Paths {
  readonly hosts: Path;
  readonly direct: Path;
  /** By the service's virtual address; undefined where it does not work. */
  readonly virtual: Path | undefined;
  /** From outside, by the port of a host that does not run the task. */
  readonly published: Path | undefined;
}

async function ourPaths(lab: Lab): Promise<Paths> {
  await lab.tsctl(['network', 'create', network]);
  for (const [name, host, ...more] of [
    ['source', 'host1'],
    ['sink', 'host2', '--publish', `${port}:${port}`],
  ] as const) {
    const where = ['--constraint', `node.hostname==${host}`, '--network', network, ...more];
    await lab.tsctl(['service', 'create', '--name', name, ...where, image, ...waiting]);
  }
  const client = await labTask(lab, 'source', 'host1');
  const server = await labTask(lab, 'sink', 'host2');
  const [from, to] = [await labHost(lab, 'host1'), await labHost(lab, 'host2')];
  const outside: Place = { name: 'outside', address: '', enter: [] };
  return {
    hosts: { client: from, server: to, target: to.address },
    direct: { client, server, target: server.address },
    virtual: { client, server, target: await virtualAddress(lab, 'sink', network) },
    published: { client: outside, server, target: from.address },
  };
}

async function swarmPaths(swarm: SwarmLab): Promise<Paths> {
  await swarm.createNetwork(network);
  for (const [name, number, ...more] of [
    ['source', 1],
    ['sink', 2, '--publish', `${port}:${port}`],
  ] as const) {
    const where = ['--constraint', `node.hostname==swarm${number}`, '--network', network, ...more];
    const how = ['-d', '--no-resolve-image', '--name', name, ...where];
    await swarm.docker(1, 'service', 'create', ...how, image, ...waiting);
  }
  const client = await swarmTask(swarm, 'source', 1, network);
  const server = await swarmTask(swarm, 'sink', 2, network);
  const outside: Place = { name: 'outside', address: '', enter: [] };
  const [from, to] = [swarmHost(swarm, 1), swarmHost(swarm, 2)];
  const virtual = await swarmVirtualAddress(swarm, 'sink', network);
  const paths = {
    hosts: { client: from, server: to, target: to.address },
    direct: { client, server, target: server.address },
    virtual: { client, server, target: virtual },
    published: { client: outside, server, target: from.address },
  };
  const acceptor = await Acceptor.start(server, port);
  try {
    const answers = async (path: Path): Promise<boolean> => {
      const { perSecond } = await connections(path.client, path.target, port, 1);
      if (perSecond === 0)
        console.log(`bench: the peer does not answer at ${path.target}: no IPVS?`);
      return perSecond > 0;
    };
    return {
      ...paths,
      virtual: (await answers(paths.virtual)) ? paths.virtual : undefined,
      published: (await answers(paths.published)) ? paths.published : undefined,
    };
  } finally {
    await acceptor.close();
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

type Measure = () => Promise<number>;

/** Both in turns, another first each time; what is undefined is left out. */
async function inTurns(ours: Measure, peer: Measure | undefined): Promise<[number[], number[]]> {
  const results: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++)
    for (const side of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      const measure = side === 0 ? ours : peer;
      if (measure !== undefined) results[side].push(await measure());
    }
  return results;
}

const told = (values: readonly number[]): string =>
  values.map((value) => String(Number(value.toPrecision(3)))).join(' ') || '-';

interface Bar {
  readonly min: number;
  readonly of: string;
}

async function row(
  name: string,
  unit: string,
  measures: readonly [Measure, Measure | undefined],
  bar: Bar | undefined,
): Promise<Row> {
  const [ours, peer] = await inTurns(...measures);
  console.log(`bench: ${name}: ours ${told(ours)}, peer ${told(peer)} ${unit}`);
  const ratio =
    peer.length === 0 ? null : median(ours.map((our, i) => our / (peer[i] ?? Number.NaN)));
  return {
    name,
    unit,
    ours: median(ours),
    peer: peer.length === 0 ? null : median(peer),
    ratio,
    bar: bar === undefined ? null : `>= ${bar.min} x ${bar.of}`,
    ok: bar === undefined || ratio === null ? null : ratio >= bar.min,
  };
}

const docker = (min: number): Bar => ({ min, of: "Docker's overlay" });
const direct: Bar = { min: 0.9, of: 'direct' };

async function throughputRows(ours: Paths, peer: Paths | undefined): Promise<readonly Row[]> {
  if (!iperfIsInstalled()) {
    console.log('bench: iperf3 is not installed: no throughput');
    return [];
  }
  const by =
    (path: Path): Measure =>
    () =>
      throughput(path.client, path.server, path.target, seconds);
  const unit = 'Gbit/s';
  const rows = [
    await row(
      'iperf3, host to host',
      unit,
      [by(ours.hosts), peer === undefined ? undefined : by(peer.hosts)],
      undefined,
    ),
    await row(
      'iperf3, task to task across hosts',
      unit,
      [by(ours.direct), peer === undefined ? undefined : by(peer.direct)],
      docker(1),
    ),
  ];
  if (ours.virtual !== undefined)
    rows.push(
      await row(
        'iperf3, by virtual address (peer: direct)',
        unit,
        [by(ours.virtual), by(ours.direct)],
        direct,
      ),
    );
  return rows;
}

async function connectionRows(ours: Paths, peer: Paths | undefined): Promise<readonly Row[]> {
  const servers = [ours.direct.server, ...(peer === undefined ? [] : [peer.direct.server])];
  const acceptors: Acceptor[] = [];
  let failed = 0;
  const by =
    (path: Path): Measure =>
    async () => {
      const report = await connections(path.client, path.target, port, seconds);
      failed += report.failed;
      return report.perSecond;
    };
  const unit = 'connections/s';
  const measured = async (
    name: string,
    our: Path | undefined,
    their: Path | undefined,
    bar: Bar | undefined,
  ): Promise<readonly Row[]> => {
    if (our === undefined) return [];
    return [await row(name, unit, [by(our), their && by(their)], bar)];
  };
  try {
    for (const server of servers) acceptors.push(await Acceptor.start(server, port));
    const rows = [
      ...(await measured('short connections, direct', ours.direct, peer?.direct, docker(1))),
      ...(await measured(
        'short connections, by virtual address (peer: direct)',
        ours.virtual,
        ours.direct,
        direct,
      )),
      ...(await measured(
        'short connections, by published port of another host',
        ours.published,
        peer?.published,
        peer?.published && docker(1),
      )),
    ];
    if (peer?.virtual !== undefined)
      rows.push(
        ...(await measured(
          'short connections, by virtual address',
          ours.virtual,
          peer.virtual,
          docker(1),
        )),
      );
    if (failed > 0) console.log(`bench: ${failed} short connections failed`);
    return rows;
  } finally {
    for (const acceptor of acceptors) await acceptor.close();
  }
}

export async function bench(): Promise<readonly Row[]> {
  const lab = await Lab.up('benchnet', 2, 1);
  let swarm: SwarmLab | undefined;
  try {
    const ours = await ourPaths(lab);
    if (swarmIsInstalled()) swarm = await startSwarm(2, image);
    else console.log('bench: dockerd is not installed: no peer');
    const peer = swarm === undefined ? undefined : await swarmPaths(swarm);
    return [...(await throughputRows(ours, peer)), ...(await connectionRows(ours, peer))];
  } finally {
    await swarm?.close();
    await lab.close();
  }
}
