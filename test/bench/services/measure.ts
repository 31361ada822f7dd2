/** `service create` and `service rm` of one service on the lab's hosts, in turns with Docker Swarm's. */
import { join } from 'node:path';
import { ContainerdConnection } from '#agent/containerd/connection-node';
import { ControlService, TaskState } from '#proto';
import * as wire from '#proto/containerd';
import { callServerStream, grpc } from '#proto/rpc';
import type { Lab } from '#test/_support/lab';
import { poll } from '#test/_support/poll';
import type { SwarmLab } from '../peers/swarm.ts';
import type { Row } from '../row.ts';

const rounds = 3;

/** What the tasks run, ours and the peer's alike. */
const programs = {
  /** A shell answers a signal when its child ends: up to a second of a removal is the program's own. */
  loop: 'trap "exit 0" TERM; while :; do sleep 1; done',
  /** Ends as soon as it is told: what a removal takes is the orchestrator's. */
  prompt: 'trap "exit 0" TERM; sleep 1000000 & wait',
} as const;
export type Program = keyof typeof programs;

interface Sample {
  readonly create: number;
  readonly remove: number;
}

export interface Case {
  readonly replicas: number;
  readonly program: Program;
  /** Of both sides; undefined = none. */
  readonly network?: string;
}

/** Until so many tasks of a service run; a watch that ends with its leader is begun again. */
async function untilRunning(client: grpc.Client, service: string, replicas: number): Promise<void> {
  await poll(`${replicas} tasks of ${service} run`, async () => {
    await untilWatched(client, service, replicas);
    return true;
  });
}

/** As the cluster's own watch tells it; costs nothing between changes. */
async function untilWatched(client: grpc.Client, service: string, replicas: number): Promise<void> {
  const states = new Map<string, boolean>();
  const request = ControlService.watch.request.create({ serviceRef: service });
  const commits = callServerStream(client, ControlService.watch, request, { deadlineMs: 120_000 });
  for await (const { events } of commits) {
    for (const { object } of events) {
      if (object?.kind !== 'task') continue;
      states.set(object.task.id, object.task.status?.state === TaskState.RUNNING);
    }
    if ([...states.values()].filter(Boolean).length >= replicas) return;
  }
  throw new Error(`the watch of ${service} ended early`);
}

/** Every container of the lab, running or not, as each containerd has it. */
async function containersLeft(runtimes: readonly ContainerdConnection[]): Promise<number> {
  const request = wire.ListContainersRequest.create();
  const answers = await Promise.all(
    runtimes.map((containerd) => containerd.call(wire.ContainersService.list, request)),
  );
  return answers.reduce((sum, { containers }) => sum + containers.length, 0);
}

async function measureOurs(
  lab: Lab,
  name: string,
  { replicas, program, network }: Case,
): Promise<Sample> {
  const socket = join(lab.stateOf('host1'), 'run/tessera/tessera.sock');
  const client = new grpc.Client(`unix:${socket}`, grpc.credentials.createInsecure(), {
    'grpc.default_authority': 'localhost',
  });
  const createdAt = performance.now();
  const on = network === undefined ? [] : ['--network', network];
  const shape = ['--name', name, '--replicas', String(replicas), ...on];
  const run = ['sh', '-c', programs[program]];
  await lab.tsctl(['service', 'create', '-d', ...shape, 'busybox:latest', ...run]);
  await untilRunning(client, name, replicas);
  const create = (performance.now() - createdAt) / 1000;
  client.close();
  // Not only our own word for it: containerd must agree, outside the measured time.
  await lab.awaitRunning(name, replicas);
  const runtimes = lab.hosts.map(
    (host) =>
      new ContainerdConnection({
        socketPath: join(lab.stateOf(host), 'run/containerd/containerd.sock'),
        namespace: 'tessera',
      }),
  );
  const removedAt = performance.now();
  await lab.tsctl(['service', 'rm', name]);
  await poll('the last container is gone', async () => (await containersLeft(runtimes)) === 0);
  const remove = (performance.now() - removedAt) / 1000;
  for (const runtime of runtimes) runtime.close();
  return { create, remove };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

function row(name: string, ours: readonly number[], peer: readonly number[], bar: number): Row {
  const our = median(ours);
  const their = peer.length === 0 ? null : median(peer);
  const ratio = their === null ? null : our / their;
  return {
    name,
    unit: 's',
    ours: our,
    peer: their,
    ratio,
    bar: `<= ${bar} x Swarm`,
    ok: ratio === null ? null : ratio <= bar,
  };
}

/** Creates and removes the service in turns with the peer's; a row for either. */
export async function measureCase(
  lab: Lab,
  swarm: SwarmLab | undefined,
  one: Case,
  bars: { readonly create: number; readonly remove: number },
): Promise<readonly Row[]> {
  const { replicas, program, network } = one;
  const ours: Sample[] = [];
  const theirs: Sample[] = [];
  for (let round = 0; round < rounds; round++) {
    const name = `b${replicas}-${program}-${round}`;
    ours.push(await measureOurs(lab, name, one));
    if (swarm === undefined) continue;
    const service = { name, replicas, network, script: programs[program] };
    theirs.push(await swarm.measure(service, 'busybox:latest'));
  }
  const told = (samples: readonly Sample[]): string =>
    samples.map((one) => `${one.create.toFixed(1)} / ${one.remove.toFixed(1)}`).join(', ');
  console.log(`  ${replicas}: create / rm: ours ${told(ours)}; Swarm ${told(theirs)}`);
  const create = (sample: Sample): number => sample.create;
  const remove = (sample: Sample): number => sample.remove;
  const where = network === undefined ? '' : ' --network ov';
  const note = program === 'prompt' ? ', exiting at once' : '';
  return [
    row(
      `service create${where} --replicas ${replicas}${note}`,
      ours.map(create),
      theirs.map(create),
      bars.create,
    ),
    row(
      `service rm of ${replicas} tasks${where}${note}`,
      ours.map(remove),
      theirs.map(remove),
      bars.remove,
    ),
  ];
}
