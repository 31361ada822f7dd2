import test from 'ava';
import {
  ContainerSpec,
  FailureAction,
  Placement,
  ReplicatedMode,
  ServiceSpec,
  TaskSpec,
} from '#proto';
import { TaskState, UpdateConfig, UpdateOrder, UpdateState } from '#proto';
import type { Service, Task } from '#proto';
import { aServiceOf, OrchestrationWorld } from '#test/_support/orchestration';

interface Change {
  readonly image?: string;
  readonly replicas?: number;
  readonly constraints?: readonly string[];
  readonly update?: Partial<UpdateConfig>;
  readonly rollback?: Partial<UpdateConfig>;
  readonly isStatusCleared?: boolean;
}

function specOf(service: Service, change: Change): ServiceSpec {
  const present = service.spec ?? ServiceSpec.create();
  const mode = present.mode;
  const replicas = change.replicas ?? (mode?.kind === 'replicated' ? mode.replicated.replicas : 0);
  const image = change.image ?? present.task?.containers[0]?.image ?? 'v1';
  const constraints = change.constraints ?? present.task?.placement?.constraints ?? [];
  const { update = present.update, rollback = present.rollback } = change;
  return {
    ...present,
    mode: { kind: 'replicated', replicated: ReplicatedMode.create({ replicas }) },
    task: TaskSpec.create({
      ...present.task,
      containers: [ContainerSpec.create({ name: 'main', image })],
      placement: Placement.create({ constraints }),
    }),
    update: update === undefined ? undefined : UpdateConfig.create(update),
    rollback: rollback === undefined ? undefined : UpdateConfig.create(rollback),
  };
}

/** As the control API does it: the version moves when the tasks' spec does. */
async function update(world: OrchestrationWorld, change: Change): Promise<void> {
  await world.changeService('web', (service) => {
    const spec = specOf(service, change);
    const isTaskChange = change.image !== undefined || change.constraints !== undefined;
    const specVersion = service.specVersion + (isTaskChange ? 1 : 0);
    return { ...service, spec, previousSpec: service.spec, specVersion };
  });
}

async function started(
  replicas: number,
  change: Change = {},
  nodes = 3,
): Promise<OrchestrationWorld> {
  const world = new OrchestrationWorld();
  await world.addNodes(nodes);
  world.lead();
  const service = aServiceOf('web', { replicas });
  const task = { image: 'v1', replicas, ...change };
  await world.createService({ ...service, spec: specOf(service, task) });
  await world.untilRunning('web', replicas);
  return world;
}

const imageOf = (task: Task): string => task.spec?.containers[0]?.image ?? '';
const images = (tasks: readonly Task[]): readonly string[] =>
  tasks.map(imageOf).toSorted((a, b) => a.localeCompare(b));
const stateOf = (world: OrchestrationWorld): UpdateState | undefined =>
  world.service('web')?.updateStatus?.state;
const badVersion = (task: Task) =>
  imageOf(task) === 'bad' ? ({ afterMs: 3, state: TaskState.FAILED } as const) : undefined;

function untilState(
  world: OrchestrationWorld,
  state: UpdateState,
  withinMs = 120_000,
): Promise<void> {
  return world.clock.until(() => stateOf(world) === state, withinMs, `update state ${state}`);
}

test('an update replaces one slot after the other and ends after the last was watched', async (t) => {
  const world = await started(3, { update: { parallelism: 1, monitorMs: 5_000 } });
  let leastRunning = 3;
  world.store.watch(() => {
    const running = world
      .tasks('web')
      .filter((task) => task.status?.state === TaskState.RUNNING).length;
    leastRunning = Math.min(leastRunning, running);
  });
  const startedAt = world.clock.now();
  await update(world, { image: 'v2' });
  await untilState(world, UpdateState.COMPLETED);
  t.deepEqual(images(world.running('web')), ['v2', 'v2', 'v2']);
  t.is(leastRunning, 2);
  const tookMs = world.clock.now() - startedAt;
  t.true(tookMs >= 5_000 && tookMs < 5_300, `${tookMs} ms`);
  const status = world.service('web')?.updateStatus;
  t.is(status?.message, 'update completed');
  t.true((status?.completedAtMs ?? 0) >= startedAt + 5_000);
  t.is(status?.specVersion, 2);
});

test('parallelism and delay pace an update', async (t) => {
  const world = await started(6, { update: { parallelism: 2, delayMs: 10_000 } });
  const startedAt = world.clock.now();
  await update(world, { image: 'v2' });
  await world.clock.advance(5_000);
  t.is(images(world.running('web')).filter((image) => image === 'v2').length, 2);
  await world.clock.advance(10_000);
  t.is(images(world.running('web')).filter((image) => image === 'v2').length, 4);
  await untilState(world, UpdateState.COMPLETED);
  t.true(world.clock.now() - startedAt >= 30_000);
});

test('parallelism 0 replaces all at once', async (t) => {
  const world = await started(6, { update: { parallelism: 0 } });
  await update(world, { image: 'v2' });
  await world.clock.advance(200);
  t.deepEqual(
    images(world.running('web')),
    Array.from({ length: 6 }, () => 'v2'),
  );
});

test('a change of the replica count alone replaces no task', async (t) => {
  const world = await started(2);
  const before = world.running('web').map(({ id }) => id);
  await update(world, { replicas: 4 });
  await world.untilRunning('web', 4);
  await world.clock.advance(10_000);
  t.true(before.every((id) => world.running('web').some((task) => task.id === id)));
  t.is(stateOf(world), undefined);
});

test('an update that replaces nothing says so', async (t) => {
  const world = await started(3);
  const ids = () => world.running('web').map(({ id }) => id);
  const before = ids();
  await update(world, { constraints: ['node.id!=elsewhere'] });
  await untilState(world, UpdateState.COMPLETED);
  t.regex(world.service('web')?.updateStatus?.message ?? '', /no task had to be replaced/);
  t.deepEqual(ids(), before);
});

test('a change of constraints alone replaces only tasks on nodes that no longer match', async (t) => {
  const world = await started(6, { update: { parallelism: 0 } });
  const kept = world.running('web').filter(({ nodeId }) => nodeId !== 'n1');
  await update(world, { constraints: ['node.id!=n1'] });
  await untilState(world, UpdateState.COMPLETED);
  const running = world.running('web');
  t.is(running.length, 6);
  t.true(kept.every(({ id }) => running.some((task) => task.id === id)));
  t.false(running.some(({ nodeId }) => nodeId === 'n1'));
});

test('scenario 21: start-first has the new tasks run before the old ones are asked to stop', async (t) => {
  const order = UpdateOrder.START_FIRST;
  const world = await started(3, { update: { parallelism: 0, order } });
  world.agents.stopMs = 8_000;
  let leastRunning = 3;
  world.store.watch(() => {
    leastRunning = Math.min(leastRunning, world.running('web').length);
  });
  await update(world, { image: 'v2' });
  await world.clock.advance(100);
  const tasks = world.tasks('web');
  t.is(tasks.length, 6);
  t.deepEqual(
    tasks
      .map((task) => `${imageOf(task)} ${task.desiredState}`)
      .toSorted((a, b) => a.localeCompare(b)),
    [
      ...Array.from({ length: 3 }, () => `v1 ${TaskState.SHUTDOWN}`),
      ...Array.from({ length: 3 }, () => `v2 ${TaskState.RUNNING}`),
    ],
  );
  await untilState(world, UpdateState.COMPLETED);
  t.is(leastRunning, 3);
});

test('scenario 19: with ratio 0 a failure pauses the update: N-1 old and 1 new', async (t) => {
  const world = await started(4);
  world.agents.fate = badVersion;
  await update(world, { image: 'bad' });
  await untilState(world, UpdateState.PAUSED);
  await world.clock.advance(60_000);
  t.deepEqual(images(world.running('web')), ['v1', 'v1', 'v1']);
  const status = world.service('web')?.updateStatus;
  t.regex(status?.message ?? '', /^update paused after a failure: task [0-9a-z]{12}: /);
  t.is(stateOf(world), UpdateState.PAUSED);
  // A new spec starts over, and continues whatever happens.
  await update(world, {
    image: 'v3',
    update: { failureAction: FailureAction.CONTINUE, parallelism: 1 },
  });
  await world.clock.until(() => images(world.running('web')).join() === 'v3,v3,v3,v3', 120_000);
  await untilState(world, UpdateState.COMPLETED);
});

test('scenario 43: five replicas, ratio 0.25, a bad image: paused with three that still run', async (t) => {
  const world = await started(5, {
    update: { parallelism: 1, maxFailureRatio: 0.25, monitorMs: 100 },
  });
  world.agents.fate = badVersion;
  await update(world, { image: 'bad' });
  await untilState(world, UpdateState.PAUSED);
  t.is(images(world.running('web')).filter((image) => image === 'v1').length, 3);
});

test('a failed update rolls back to the spec before it', async (t) => {
  const failureAction = FailureAction.ROLLBACK;
  const world = await started(4, { update: { parallelism: 2, failureAction } });
  world.agents.fate = badVersion;
  const untouched = world.running('web').map(({ id }) => id);
  await update(world, { image: 'bad' });
  await untilState(world, UpdateState.ROLLBACK_STARTED);
  t.regex(
    world.service('web')?.updateStatus?.message ?? '',
    /^rolling back after a failure: task /,
  );
  await untilState(world, UpdateState.ROLLBACK_COMPLETED);
  t.deepEqual(images(world.running('web')), ['v1', 'v1', 'v1', 'v1']);
  t.is(world.service('web')?.spec?.task?.containers[0]?.image, 'v1');
  t.is(world.running('web').filter(({ id }) => untouched.includes(id)).length, 2);
});

test('a rollback that fails is paused, never rolled back', async (t) => {
  const failureAction = FailureAction.ROLLBACK;
  const world = await started(3, { update: { parallelism: 3, failureAction } });
  world.agents.fate = () => ({ afterMs: 3, state: TaskState.FAILED });
  await update(world, { image: 'v2' });
  await untilState(world, UpdateState.ROLLBACK_PAUSED);
  await world.clock.advance(10_000);
  t.is(stateOf(world), UpdateState.ROLLBACK_PAUSED);
});

test('a rollback that a user asks for is called one', async (t) => {
  const world = await started(2);
  await update(world, { image: 'v2' });
  await untilState(world, UpdateState.COMPLETED);
  await world.changeService('web', (service) => ({
    ...service,
    spec: service.previousSpec,
    previousSpec: service.spec,
    specVersion: service.specVersion + 1,
    updateStatus: {
      state: UpdateState.ROLLBACK_STARTED,
      startedAtMs: world.clock.now(),
      completedAtMs: 0,
      message: '',
      specVersion: 0,
    },
  }));
  await untilState(world, UpdateState.ROLLBACK_COMPLETED);
  t.deepEqual(images(world.running('web')), ['v1', 'v1']);
});

test('a failure after the monitored time does not count against the update', async (t) => {
  const world = await started(2, { update: { parallelism: 1, delayMs: 20_000, monitorMs: 2_000 } });
  await update(world, { image: 'v2' });
  await world.clock.advance(10_000);
  const fresh = world.running('web').find((task) => imageOf(task) === 'v2');
  await world.endTask(fresh?.id ?? '', TaskState.FAILED);
  await untilState(world, UpdateState.COMPLETED);
  t.deepEqual(images(world.running('web')), ['v2', 'v2']);
});

test('a new spec in the middle of an update takes over', async (t) => {
  const world = await started(4, { update: { parallelism: 1, delayMs: 5_000 } });
  await update(world, { image: 'v2' });
  await world.clock.advance(7_000);
  await update(world, { image: 'v3' });
  await untilState(world, UpdateState.COMPLETED);
  t.deepEqual(images(world.running('web')), ['v3', 'v3', 'v3', 'v3']);
});

test('a start-first update whose new tasks find no node is paused and keeps the old ones', async (t) => {
  const order = UpdateOrder.START_FIRST;
  const world = await started(2, { update: { parallelism: 1, order } }, 2);
  await world.changeService('web', (service) => {
    const spec = specOf(service, { image: 'v2' });
    const placement = Placement.create({ replicasMaxPerNode: 1 });
    return {
      ...service,
      spec: { ...spec, task: TaskSpec.create({ ...spec.task, placement }) },
      previousSpec: service.spec,
      specVersion: 2,
    };
  });
  await untilState(world, UpdateState.PAUSED, 300_000);
  t.regex(
    world.service('web')?.updateStatus?.message ?? '',
    /reached the max replicas per node limit/,
  );
  t.deepEqual(images(world.running('web')), ['v1', 'v1']);
});

test('scenario 11: an outdated task that never had a node is ended without being assigned', async (t) => {
  const world = new OrchestrationWorld();
  world.lead();
  const service = aServiceOf('web', { replicas: 1 });
  await world.createService({ ...service, spec: specOf(service, { image: 'v1', replicas: 1 }) });
  await world.clock.advance(100);
  await update(world, { image: 'v2' });
  await world.clock.advance(100);
  const old = world.tasks('web').find((task) => imageOf(task) === 'v1');
  t.is(old?.status?.state, TaskState.SHUTDOWN);
  t.is(old?.nodeId, '');
  await world.addNodes(1);
  await world.untilRunning('web', 1);
  t.deepEqual(images(world.running('web')), ['v2']);
});

test('a new leader goes on with an update where the old one was', async (t) => {
  const world = await started(4, { update: { parallelism: 1, delayMs: 5_000 } });
  await update(world, { image: 'v2' });
  await world.clock.advance(7_000);
  await world.resign();
  const before = images(world.running('web'));
  await world.clock.advance(30_000);
  t.deepEqual(images(world.running('web')), before);
  world.lead();
  await untilState(world, UpdateState.COMPLETED);
  t.deepEqual(images(world.running('web')), ['v2', 'v2', 'v2', 'v2']);
  t.is(world.tasks('web').filter((task) => imageOf(task) === 'v2').length, 4);
});
