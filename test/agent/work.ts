import test from 'ava';
import { ClusterError, seededRandom, silentLogger, silentMetrics } from '#lib';
import { LogOptions, WorkRequest } from '#proto';
import type { WorkDown, WorkUp } from '#proto';
import { SimulatedRuntime } from '#agent';
import type { ContainerPlan, TaskView, WorkLink } from '#agent';
import { TaskRecord } from '#agent/task/task-record';
import { Worker, workMax } from '#agent/work/worker';
import { assigned } from '#test/_support/agent-world';
import { VirtualClock, settle } from '#test/_support/virtual-clock';

/** The manager's side of one stream of work. */
class PlayedWork implements WorkLink {
  readonly sent: WorkUp[] = [];
  isClosed = false;
  readonly #down: WorkDown[] = [];
  #bell = Promise.withResolvers<void>();
  #end: { readonly error: unknown } | undefined;

  send(message: WorkUp): Promise<void> {
    this.sent.push(message);
    return Promise.resolve();
  }

  readonly incoming: AsyncIterable<WorkDown> = this.#incoming();

  close(): void {
    this.isClosed = true;
  }

  push(...chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) this.#down.push({ body: { kind: 'chunk', chunk } });
    this.#ring();
  }

  finish(): void {
    this.#down.push({ body: { kind: 'end', end: true } });
    this.#ring();
  }

  hangUp(error?: unknown): void {
    this.#end = { error };
    this.#ring();
  }

  /** What came up, as `log a`, `done` or `done CODE: text`. */
  get told(): readonly string[] {
    return this.sent.map(({ body }) => {
      switch (body?.kind) {
        case 'log':
          return `log ${body.log.containerName} ${new TextDecoder().decode(body.log.line)}`;
        case 'done':
          return body.done.errorCode === '' ? 'done' : `done ${body.done.errorCode}`;
        case 'imageProgress':
          return `${body.imageProgress.image} ${body.imageProgress.status}`;
        case 'images':
          return `images ${body.images.images.map(({ names }) => names.join()).join()}`;
        default:
          return body?.kind ?? '';
      }
    });
  }

  #ring(): void {
    this.#bell.resolve();
    this.#bell = Promise.withResolvers();
  }

  async *#incoming(): AsyncGenerator<WorkDown> {
    for (;;) {
      const next = this.#down.shift();
      if (next !== undefined) yield next;
      else if (this.#end === undefined) await this.#bell.promise;
      else if (this.#end.error === undefined) return;
      else throw this.#end.error;
    }
  }
}

class WorkWorld {
  readonly clock = new VirtualClock();
  readonly runtime = new SimulatedRuntime({ clock: this.clock, random: seededRandom(3) });
  readonly tasks: TaskView[] = [];
  readonly links: PlayedWork[] = [];
  readonly worker = new Worker({
    nodeId: 'node1',
    runtime: this.runtime,
    line: {
      openSession: () => {
        throw new ClusterError('UNIMPLEMENTED', 'not played');
      },
      openWork: () => {
        const link = new PlayedWork();
        this.links.push(link);
        return link;
      },
    },
    clock: this.clock,
    log: silentLogger,
    metrics: silentMetrics,
    tasks: () => this.tasks,
  });
  #requests = 0;

  ask(kind: NonNullable<WorkRequest['kind']>): PlayedWork {
    this.worker.begin(WorkRequest.create({ id: `w${++this.#requests}`, kind }));
    const link = this.links[this.links.length - 1];
    if (link === undefined) throw new Error('no stream was opened');
    return link;
  }

  /** A task with a started container. */
  async running(id: string): Promise<void> {
    const signal = new AbortController().signal;
    this.tasks.push(
      new TaskRecord(assigned(id), { targetsOf: () => [], areNetworksSettled: () => true }),
    );
    const pull = this.runtime.images.pull('web:1', undefined, () => undefined, signal);
    await this.clock.resolve(pull, 10_000);
    const plan = { ...emptyPlan, id: `${id}.main`, taskId: id };
    await this.clock.resolve(this.runtime.create(plan, signal), 10_000);
    await this.clock.resolve(this.runtime.start(plan.id, signal), 10_000);
  }
}

const emptyPlan: ContainerPlan = {
  id: '',
  taskId: '',
  containerName: 'main',
  image: 'web:1',
  args: ['serve'],
  env: [],
  workingDirectory: '/',
  user: '',
  groups: [],
  hostname: 'h',
  mounts: [],
  isRootReadOnly: false,
  capabilityAdd: [],
  capabilityDrop: [],
  tty: false,
  sysctls: {},
  limits: undefined,
  reservations: undefined,
  networkNamespacePath: '',
  labels: {},
};

test('logs of the tasks asked for come up, then the end', async (t) => {
  const world = new WorkWorld();
  await world.running('t1');
  await world.running('t2');
  const logs = { taskIds: ['t1', 'elsewhere'], options: LogOptions.create() };
  const link = world.ask({ kind: 'logs', logs });
  await world.clock.until(() => link.isClosed, 10_000);
  t.deepEqual(link.told, ['id', 'log main started serve', 'done']);
});

test('followed logs go on until the manager hangs up', async (t) => {
  const world = new WorkWorld();
  await world.running('t1');
  const logs = { taskIds: ['t1'], options: LogOptions.create({ follow: true }) };
  const link = world.ask({ kind: 'logs', logs });
  await world.clock.advance(5_000);
  t.false(link.isClosed);
  world.runtime.exit('t1.main', 0);
  await world.clock.advance(5_000);
  t.deepEqual(link.told.slice(0, 3), ['id', 'log main started serve', 'log main exited 0']);
  link.hangUp();
  await world.clock.until(() => link.isClosed, 10_000);
});

test('work is cancelled by its id, and all of it by a new session', async (t) => {
  const world = new WorkWorld();
  await world.running('t1');
  const logs = { taskIds: ['t1'], options: LogOptions.create({ follow: true }) };
  const first = world.ask({ kind: 'logs', logs });
  const second = world.ask({ kind: 'logs', logs });
  await world.clock.advance(1_000);
  world.worker.cancel('w1');
  await world.clock.until(() => first.isClosed, 10_000);
  t.false(second.isClosed);
  world.worker.reset();
  await world.clock.until(() => second.isClosed, 10_000);
});

test('an archive is loaded when it came to its end, and refused when it did not', async (t) => {
  const world = new WorkWorld();
  const whole = world.ask({ kind: 'loadImage', loadImage: { name: 'web:2' } });
  whole.push(new Uint8Array(10), new Uint8Array(10));
  whole.finish();
  await world.clock.until(() => whole.isClosed, 10_000);
  t.deepEqual(whole.told, ['id', 'web:2 loaded', 'done']);
  const torn = world.ask({ kind: 'loadImage', loadImage: { name: 'web:3' } });
  torn.push(new Uint8Array(10));
  torn.hangUp();
  await world.clock.until(() => torn.isClosed, 10_000);
  t.deepEqual(torn.told, ['id', 'done CANCELLED']);
  t.false(world.runtime.images.has('web:3'));
});

test('an image is pulled with progress, listed and removed', async (t) => {
  const world = new WorkWorld();
  const pull = world.ask({ kind: 'pullImage', pullImage: { image: 'web:9' } });
  await world.clock.until(() => pull.isClosed, 10_000);
  t.deepEqual(pull.told, [
    'id',
    'web:9 pulling',
    'web:9 pulled',
    'web:9 pulled sha256:web:9',
    'done',
  ]);
  const list = world.ask({ kind: 'listImages', listImages: {} });
  await world.clock.until(() => list.isClosed, 10_000);
  t.deepEqual(list.told, ['id', 'images web:9', 'done']);
  const remove = world.ask({ kind: 'removeImage', removeImage: { image: 'web:9', force: false } });
  await world.clock.until(() => remove.isClosed, 10_000);
  t.deepEqual(remove.told, ['id', 'web:9 removed', 'done']);
  const again = world.ask({ kind: 'removeImage', removeImage: { image: 'web:9', force: false } });
  await world.clock.until(() => again.isClosed, 10_000);
  t.deepEqual(again.told, ['id', 'done NOT_FOUND']);
});

test('no more pieces of work at once than the limit; the same one is begun once', async (t) => {
  const world = new WorkWorld();
  await world.running('t1');
  const logs = { taskIds: ['t1'], options: LogOptions.create({ follow: true }) };
  for (let count = 0; count < workMax; count++) world.ask({ kind: 'logs', logs });
  world.worker.begin(WorkRequest.create({ id: 'w1', kind: { kind: 'logs', logs } }));
  t.is(world.links.length, workMax);
  const refused = world.ask({ kind: 'logs', logs });
  await settle();
  t.deepEqual(refused.told, ['id', 'done LIMIT_EXCEEDED']);
});
