/**
 * From a task's status RUNNING (the time its agent gave it) to the first answer of its service's virtual
 * address to a task on another host. A service of one task each time: one after the other, then thirty at once.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  ContainerSpec,
  ControlService,
  CreateServiceRequest,
  NetworkAttachmentConfig,
  Placement,
  RemoveServiceRequest,
  ReplicatedMode,
  ServiceSpec,
  TaskSpec,
} from '#proto';
import { callServerStream, callUnary, grpc } from '#proto/rpc';
import { Lab } from '#test/_support/lab';
import { labTask, waiting } from './network/place.ts';
import type { Place } from './network/place.ts';
import type { Row } from './row.ts';

const network = 'ov';
const alone = 100;
const atOnce = 30;
const rounds = 4;
const p99MaxMs = 200;
const deadlineMs = 60_000;

/** Serves, and ends as soon as it is told. */
const server = ['sh', '-c', 'trap "exit 0" TERM; httpd -f -p 80 -h /etc & wait'];

function specOf(name: string): ServiceSpec {
  return ServiceSpec.create({
    name,
    mode: { kind: 'replicated', replicated: ReplicatedMode.create({ replicas: 1 }) },
    task: TaskSpec.create({
      containers: [ContainerSpec.create({ image: 'busybox:latest', command: server })],
      placement: Placement.create({ constraints: ['node.hostname==host1'] }),
      networks: [NetworkAttachmentConfig.create({ network })],
    }),
  });
}

/** Tells when addresses first answered at a place. */
class Prober {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<string, (atMs: number) => void>();
  #count = 0;

  constructor(place: Place) {
    const script = join(import.meta.dirname, 'reachable/prober.ts');
    const [file, ...args] = [...place.enter, process.execPath, script];
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [number = '', atMs = ''] = line.split(' ');
      this.#waiting.get(number)?.(Number(atMs));
      this.#waiting.delete(number);
    });
    this.#child = child;
  }

  /** Milliseconds since the epoch. */
  firstAnswer(address: string): Promise<number> {
    const number = String(this.#count++);
    return new Promise((resolve) => {
      this.#waiting.set(number, resolve);
      this.#child.stdin?.write(`${number} ${address}\n`);
    });
  }

  close(): void {
    this.#child.stdin?.end();
  }
}

/** One start, from the creation of the service to its removal; milliseconds from RUNNING to the answer. */
async function start(client: grpc.Client, prober: Prober, name: string): Promise<number> {
  const create = CreateServiceRequest.create({ spec: specOf(name) });
  const { service } = await callUnary(client, ControlService.createService, create, { deadlineMs });
  const id = service?.id ?? '';
  const request = ControlService.watch.request.create({ serviceRef: id });
  const commits = callServerStream(client, ControlService.watch, request, { deadlineMs });
  let answer: Promise<number> | undefined;
  let runningAtMs = 0;
  for await (const { events } of commits) {
    for (const { object } of events) {
      const address = object?.kind === 'service' ? virtualOf(object.service.endpoint) : '';
      if (address !== '') answer ??= prober.firstAnswer(address);
      if (object?.kind === 'task') runningAtMs = object.task.status?.runningAtMs ?? 0;
    }
    if (answer !== undefined && runningAtMs > 0) break;
  }
  if (answer === undefined) throw new Error(`the watch of ${name} ended early`);
  const tookMs = (await answer) - runningAtMs;
  const remove = RemoveServiceRequest.create({ ref: id });
  await callUnary(client, ControlService.removeService, remove, { deadlineMs });
  return tookMs;
}

const virtualOf = (
  endpoint: { readonly virtualAddresses: readonly { readonly address: string }[] } | undefined,
): string => endpoint?.virtualAddresses[0]?.address ?? '';

function rows(what: string, tookMs: readonly number[], bar: number | undefined): readonly Row[] {
  const sorted = tookMs.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  const row = (name: string, ours: number): Row => ({
    ...{ name: `RUNNING to reachable by virtual address, ${what}: ${name}`, unit: 'ms', ours },
    ...{ peer: null, ratio: null, bar: null, ok: null },
  });
  const p99 = row(`p99 of ${tookMs.length}`, at(0.99));
  return [
    row('p50', at(0.5)),
    bar === undefined ? p99 : { ...p99, bar: `<= ${bar} ms`, ok: p99.ours <= bar },
    row('longest', sorted.at(-1) ?? Number.NaN),
  ];
}

export async function bench(): Promise<readonly Row[]> {
  const lab = await Lab.up('benchreach', 2, 1);
  let prober: Prober | undefined;
  const client = new grpc.Client(
    `unix:${lab.socketOf('host1')}`,
    grpc.credentials.createInsecure(),
    { 'grpc.default_authority': 'localhost' },
  );
  try {
    await lab.tsctl(['network', 'create', network]);
    const where = ['--constraint', 'node.hostname==host2', '--network', network];
    await lab.tsctl([
      'service',
      'create',
      '--name',
      'asker',
      ...where,
      'busybox:latest',
      ...waiting,
    ]);
    const asking = new Prober(await labTask(lab, 'asker', 'host2'));
    prober = asking;
    const single: number[] = [];
    for (let i = 0; i < alone; i++) single.push(await start(client, asking, `alone-${i}`));
    const many: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const names = Array.from({ length: atOnce }, (_, i) => `many-${round}-${i}`);
      many.push(...(await Promise.all(names.map((name) => start(client, asking, name)))));
    }
    return [
      ...rows('one start at a time', single, p99MaxMs),
      ...rows(`${atOnce} starts at once`, many, undefined),
    ];
  } finally {
    prober?.close();
    client.close();
    await lab.close();
  }
}
