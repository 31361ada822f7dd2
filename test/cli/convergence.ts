import test from 'ava';
import {
  ControlService,
  ListNodesResponse,
  RestartCondition,
  RestartPolicy,
  Service,
  ServiceSpec,
  Task,
  TaskSpec,
  TaskState,
  TaskStatus,
  UpdateState,
  UpdateStatus,
  WatchEvent,
  WatchEventKind,
  WatchResponse,
} from '#proto';
import { ClusterError } from '#lib';
import { Convergence } from '#cli/service/convergence';
import { FakeDaemon, tsctl } from '#test/_support/fake-cli';

interface Shape {
  readonly replicas?: number;
  readonly specVersion?: number;
  readonly update?: UpdateState;
  readonly condition?: RestartCondition;
}

const serviceId = 's1';

function service({ replicas = 2, specVersion = 1, update, condition }: Shape): WatchEvent {
  const restart = condition === undefined ? undefined : RestartPolicy.create({ condition });
  return WatchEvent.create({
    kind: WatchEventKind.UPDATE,
    object: {
      kind: 'service',
      service: Service.create({
        id: serviceId,
        specVersion,
        spec: ServiceSpec.create({
          name: 'web',
          task: TaskSpec.create({ restart }),
          mode: { kind: 'replicated', replicated: { replicas } },
        }),
        updateStatus:
          update === undefined
            ? undefined
            : UpdateStatus.create({ state: update, specVersion, message: 'because' }),
      }),
    },
  });
}

interface TaskShape {
  readonly desired?: TaskState;
  readonly specVersion?: number;
  readonly error?: string;
  readonly createdAtMs?: number;
}

function task(id: string, slot: number, state: TaskState, shape: TaskShape = {}): WatchEvent {
  return WatchEvent.create({
    kind: WatchEventKind.UPDATE,
    object: {
      kind: 'task',
      task: Task.create({
        id,
        serviceId,
        serviceName: 'web',
        slot,
        specVersion: shape.specVersion ?? 1,
        desiredState: shape.desired ?? TaskState.RUNNING,
        meta: { version: 1, createdAtMs: shape.createdAtMs ?? 1, updatedAtMs: 1 },
        status: TaskStatus.create({ state, error: shape.error ?? '' }),
      }),
    },
  });
}

function model(...events: readonly WatchEvent[]): Convergence {
  const made = new Convergence(serviceId, { isRollback: false });
  made.apply(WatchResponse.create({ isSnapshot: true, events }));
  return made;
}

test('a service is settled when every slot runs the present spec', (t) => {
  const made = model(service({}), task('a', 1, TaskState.RUNNING), task('b', 2, TaskState.READY));
  t.like(made.view(), { done: 1, desired: 2, isSettled: false });
  made.apply(WatchResponse.create({ events: [task('b', 2, TaskState.RUNNING)] }));
  t.like(made.view(), { done: 2, desired: 2, isSettled: true });
});

test('tasks of the spec before do not count, and must go first', (t) => {
  const made = model(
    service({ replicas: 1, specVersion: 2 }),
    task('new', 1, TaskState.RUNNING, { specVersion: 2, createdAtMs: 2 }),
    task('old', 1, TaskState.RUNNING, { specVersion: 1 }),
  );
  t.like(made.view(), { done: 1, isSettled: false });
  const over = task('old', 1, TaskState.RUNNING, { specVersion: 1, desired: TaskState.SHUTDOWN });
  made.apply(WatchResponse.create({ events: [over] }));
  t.true(made.view().isSettled);
});

test('tasks of the spec before count once the update says that they may stay', (t) => {
  const kept = task('kept', 1, TaskState.RUNNING, { specVersion: 1 });
  const added = task('added', 2, TaskState.RUNNING, { specVersion: 2, createdAtMs: 2 });
  t.like(model(service({ specVersion: 2 }), kept, added).view(), { done: 1, isSettled: false });
  const over = service({ specVersion: 2, update: UpdateState.COMPLETED });
  t.like(model(over, kept, added).view(), { done: 2, isSettled: true });
});

test('a scale-down is not settled while a slot too many is wanted', (t) => {
  const made = model(
    service({ replicas: 1 }),
    task('a', 1, TaskState.RUNNING),
    task('b', 2, TaskState.RUNNING),
  );
  t.false(made.view().isSettled);
  const removed = task('b', 2, TaskState.RUNNING, { desired: TaskState.REMOVE });
  made.apply(WatchResponse.create({ events: [removed] }));
  t.true(made.view().isSettled);
});

test('a scale-down may keep any slots: those that stay are the ones that count', (t) => {
  const { RUNNING, REMOVE, PREPARING } = TaskState;
  const slots = [1, 2, 3, 4, 5];
  const made = model(
    service({ replicas: 3 }),
    ...slots.map((slot) => task(`t${slot}`, slot, RUNNING)),
  );
  t.false(made.view().isSettled);
  const gone = [1, 3].map((slot) => task(`t${slot}`, slot, RUNNING, { desired: REMOVE }));
  made.apply(WatchResponse.create({ events: gone }));
  t.like(made.view(), { done: 3, desired: 3, isSettled: true });
  t.deepEqual(
    made.view().places.map(({ label }) => label),
    ['1/3', '2/3', '3/3'],
  );
  made.apply(WatchResponse.create({ events: [service({ replicas: 4 })] }));
  const states = () => made.view().places.map(({ state }) => state);
  t.deepEqual(states(), ['new', 'running', 'running', 'running'], 'the lowest free is next');
  made.apply(WatchResponse.create({ events: [task('t6', 1, PREPARING)] }));
  t.deepEqual(states(), ['preparing', 'running', 'running', 'running']);
});

test('a running update keeps it open, a paused one is a failure, an old one says nothing', (t) => {
  const running = task('a', 1, TaskState.RUNNING);
  t.false(model(service({ replicas: 1, update: UpdateState.UPDATING }), running).view().isSettled);
  t.is(
    model(service({ replicas: 1, update: UpdateState.PAUSED }), running).view().failure,
    'update paused: because',
  );
  const rolledBack = service({ replicas: 1, update: UpdateState.ROLLBACK_COMPLETED });
  t.is(model(rolledBack, running).view().failure, 'rolled back: because');
  const wanted = new Convergence(serviceId, { isRollback: true });
  wanted.apply(WatchResponse.create({ isSnapshot: true, events: [rolledBack, running] }));
  t.is(wanted.view().failure, undefined);
  t.true(wanted.view().isSettled);
});

test('the error of the try before is shown until the next one runs', (t) => {
  const failed = task('a', 1, TaskState.FAILED, { desired: TaskState.SHUTDOWN, error: 'exit 1' });
  const next = task('b', 1, TaskState.STARTING, { createdAtMs: 2 });
  const made = model(service({ replicas: 1 }), failed, next);
  t.like(made.view().places[0], { state: 'starting', error: 'exit 1', isDone: false });
  made.apply(
    WatchResponse.create({ events: [task('b', 1, TaskState.RUNNING, { createdAtMs: 2 })] }),
  );
  t.like(made.view().places[0], { state: 'running', error: '', isDone: true });
});

test('tasks that fail and are never restarted end the wait', (t) => {
  const never = service({ replicas: 1, condition: RestartCondition.NONE });
  const lost = task('a', 1, TaskState.REJECTED, {
    error: 'no such image',
    desired: TaskState.SHUTDOWN,
  });
  t.is(
    model(never, lost).view().failure,
    '1 of 1 tasks failed and are not restarted: 1/1: no such image',
  );
  t.is(model(service({ replicas: 1 }), lost).view().failure, undefined);
});

test('a removed service no longer exists', (t) => {
  const made = model(service({ replicas: 0 }));
  t.true(made.view().exists);
  const gone = { ...service({ replicas: 0 }), kind: WatchEventKind.REMOVE };
  made.apply(WatchResponse.create({ events: [gone] }));
  t.false(made.view().exists);
});

/** What one call of Watch brings before it ends, or fails with the error. */
type Stream = readonly (WatchResponse | ClusterError)[];

function* played(stream: Stream): Generator<WatchResponse> {
  for (const part of stream) {
    if (part instanceof ClusterError) throw part;
    yield part;
  }
}

/** Each call of Watch gets the next of `streams`; also: the versions the calls went on from. */
async function createWith(...streams: readonly Stream[]) {
  const from: number[] = [];
  const fake = daemon().on(ControlService.watch, ({ fromVersion }) => {
    from.push(fromVersion);
    return played(streams[Math.min(from.length, streams.length) - 1] ?? []);
  });
  return { ...(await tsctl(fake, ['service', 'create', 'busybox'])), from };
}

const lost = new ClusterError('UNAVAILABLE', 'the manager went');
const snapshotOf = (version: number, ...events: readonly WatchEvent[]): WatchResponse =>
  WatchResponse.create({ version, isSnapshot: true, events });
const commitOf = (version: number, ...events: readonly WatchEvent[]): WatchResponse =>
  WatchResponse.create({ version, events });

test('a wait that loses its manager goes on from what it has heard', async (t) => {
  const { code, out, err, from } = await createWith(
    [snapshotOf(7, service({}), task('a', 1, TaskState.RUNNING)), commitOf(8), lost],
    [commitOf(9, task('b', 2, TaskState.RUNNING))],
    [commitOf(9)],
  );
  t.is(code, 0, err);
  t.regex(out, /overall progress: 1 out of 2 tasks\noverall progress: 2 out of 2 tasks\n/);
  t.deepEqual(from.slice(0, 3), [0, 8, 9]);
});

test('a wait that was away for too long begins with the present state', async (t) => {
  const gone = task('old', 3, TaskState.RUNNING, { specVersion: 0 });
  for (const code of ['VERSION_COMPACTED', 'VERSION_UNKNOWN'] as const) {
    const outcome = await createWith(
      [snapshotOf(7, service({ replicas: 1 }), gone), lost],
      [new ClusterError(code, 'not from there')],
      [snapshotOf(20, service({ replicas: 1 }), task('a', 1, TaskState.RUNNING))],
      [commitOf(20)],
    );
    t.is(outcome.code, 0, outcome.err);
    t.deepEqual(outcome.from.slice(0, 4), [0, 7, 0, 20]);
  }
});

test('what is cut off in the middle of a commit counts only once it came as a whole', async (t) => {
  const part = { ...commitOf(8, task('a', 1, TaskState.RUNNING)), hasMore: true };
  const { code, err, out, from } = await createWith(
    [{ ...snapshotOf(7, service({})), hasMore: true }, snapshotOf(7), part, lost],
    [part, commitOf(8, task('b', 2, TaskState.RUNNING))],
    [commitOf(8)],
  );
  t.is(code, 0, err);
  t.deepEqual(from.slice(0, 3), [0, 7, 8]);
  t.notRegex(out, /1 out of 2/);
});

function daemon(...messages: readonly WatchResponse[]): FakeDaemon {
  return new FakeDaemon()
    .on(ControlService.createService, () => ({
      service: Service.create({ id: serviceId }),
      warnings: [],
    }))
    .on(ControlService.listNodes, () => ListNodesResponse.create())
    .on(ControlService.watch, () => messages);
}

test('create waits until the service is stable and says so', async (t) => {
  const snapshot = WatchResponse.create({
    isSnapshot: true,
    events: [service({}), task('a', 1, TaskState.RUNNING), task('b', 2, TaskState.RUNNING)],
  });
  const { code, out, err } = await tsctl(daemon(snapshot), ['service', 'create', 'busybox']);
  t.is(code, 0, err);
  t.is(
    out,
    [
      serviceId,
      'overall progress: 2 out of 2 tasks',
      'verify: Waiting 2 seconds to verify that tasks are stable...',
      'verify: Service converged',
      '',
    ].join('\n'),
  );
});

test('create ends with 1 and the reason when it cannot get there', async (t) => {
  const snapshot = WatchResponse.create({
    isSnapshot: true,
    events: [
      service({ replicas: 1, condition: RestartCondition.NONE }),
      task('a', 1, TaskState.FAILED, { error: 'exit 3', desired: TaskState.SHUTDOWN }),
    ],
  });
  const { code, err } = await tsctl(daemon(snapshot), ['service', 'create', 'busybox']);
  t.is(code, 1);
  t.regex(err, /^tsctl: service not converged: 1 of 1 tasks failed .*exit 3\n$/);
});
