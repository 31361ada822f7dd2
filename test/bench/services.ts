/**
 * `service create --replicas N` until all run, and `service rm` until the last container is gone, on three
 * hosts of this machine, beside Docker Swarm on three hosts of this machine in the same run, in turn.
 */
import { join } from 'node:path';
import { ControlService, TaskState } from '#proto';
import { callServerStream, grpc } from '#proto/rpc';
import { run } from '#test/_support/command';
import { Lab } from '#test/_support/lab';
import { poll } from '#test/_support/poll';
import { startSwarm, swarmIsInstalled } from './peers/swarm.ts';
import type { SwarmLab } from './peers/swarm.ts';
import type { Row } from './row.ts';

const rounds = 3;

/** What the tasks run, ours and the peer's alike. */
const programs = {
  /** A shell answers a signal when its child ends: up to a second of a removal is the program's own. */
  loop: 'trap "exit 0" TERM; while :; do sleep 1; done',
  /** Ends as soon as it is told: what a removal takes is the orchestrator's. */
  prompt: 'trap "exit 0" TERM; sleep 1000000 & wait',
} as const;
type Program = keyof typeof programs;

interface Sample {
  readonly create: number;
  readonly remove: number;
}

/** The tasks of a service that run, as the cluster's own watch tells it; costs nothing between changes. */
async function untilRunning(client: grpc.Client, service: string, replicas: number): Promise<void> {
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

/** Every container of the lab, asked of each containerd from outside. */
async function containersLeft(lab: Lab): Promise<number> {
  const lists = await Promise.all(
    lab.hosts.map((host) => {
      const socket = join(lab.stateOf(host), 'run/containerd/containerd.sock');
      return run(['ctr', '-a', socket, '-n', 'tessera', 'tasks', 'ls', '-q']);
    }),
  );
  return lists.join('').split('\n').filter(Boolean).length;
}

async function measureOurs(
  lab: Lab,
  name: string,
  replicas: number,
  program: Program,
): Promise<Sample> {
  const socket = join(lab.stateOf('host1'), 'run/tessera/tessera.sock');
  const client = new grpc.Client(`unix:${socket}`, grpc.credentials.createInsecure(), {
    'grpc.default_authority': 'localhost',
  });
  const createdAt = performance.now();
  const shape = ['--name', name, '--replicas', String(replicas)];
  const run = ['sh', '-c', programs[program]];
  await lab.tsctl(['service', 'create', '-d', ...shape, 'busybox:latest', ...run]);
  await untilRunning(client, name, replicas);
  const create = (performance.now() - createdAt) / 1000;
  client.close();
  // Not only our own word for it: containerd must agree, outside the measured time.
  await lab.awaitRunning(name, replicas);
  const removedAt = performance.now();
  await lab.tsctl(['service', 'rm', name]);
  await poll('the last container is gone', async () => (await containersLeft(lab)) === 0, {
    everyMs: 10,
  });
  return { create, remove: (performance.now() - removedAt) / 1000 };
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

export async function bench(): Promise<Row[]> {
  const lab = await Lab.up('bench', 3, 3);
  let swarm: SwarmLab | undefined;
  try {
    swarm = swarmIsInstalled() ? await startSwarm(3, 'busybox:latest') : undefined;
    const rows: Row[] = [];
    for (const [replicas, program] of [
      [30, 'loop'],
      [30, 'prompt'],
      [60, 'loop'],
    ] as const) {
      const ours: Sample[] = [];
      const theirs: Sample[] = [];
      for (let round = 0; round < rounds; round++) {
        const name = `b${replicas}-${program}-${round}`;
        ours.push(await measureOurs(lab, name, replicas, program));
        if (swarm === undefined) continue;
        theirs.push(await swarm.measure(name, replicas, 'busybox:latest', programs[program]));
      }
      const create = (sample: Sample): number => sample.create;
      const remove = (sample: Sample): number => sample.remove;
      const note = program === 'prompt' ? ', exiting at once' : '';
      rows.push(
        row(
          `service create --replicas ${replicas}${note}`,
          ours.map(create),
          theirs.map(create),
          0.25,
        ),
        row(`service rm of ${replicas} tasks${note}`, ours.map(remove), theirs.map(remove), 0.35),
      );
    }
    return rows;
  } finally {
    await swarm?.close();
    await lab.close();
  }
}
