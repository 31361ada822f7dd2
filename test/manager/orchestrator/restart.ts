import test from 'ava';
import fc from 'fast-check';
import { seededRandom } from '#lib';
import { Meta, RestartCondition, RestartPolicy, TaskSpec, TaskState, TaskStatus } from '#proto';
import type { Task } from '#proto';
import { decideRestart, restartDelayOf, stableAtLeastMs } from '#manager/orchestrator/restart';
import { restartConfigOf } from '#manager/orchestrator/service-config';
import { aTask } from '#test/_support/objects';
import { aServiceOf, OrchestrationWorld } from '#test/_support/orchestration';

const random = seededRandom(1);
const { ANY, ON_FAILURE, NONE } = RestartCondition;
const { COMPLETE, FAILED, REJECTED, SHUTDOWN, ORPHANED, RUNNING } = TaskState;

interface Past {
  readonly state: TaskState;
  readonly ranMs?: number;
  readonly restartCount?: number;
  readonly endedAtMs?: number;
  readonly specVersion?: number;
}

function past({
  state,
  ranMs = 0,
  restartCount = 0,
  endedAtMs = 1e6,
  specVersion = 1,
}: Past): Task {
  return aTask({
    id: `t${endedAtMs}`,
    meta: Meta.create({ createdAtMs: endedAtMs - ranMs }),
    status: TaskStatus.create({ state, changedAtMs: endedAtMs, runningAtMs: endedAtMs - ranMs }),
    restartCount,
    specVersion,
  });
}

function config(policy: Partial<RestartPolicy> = {}): ReturnType<typeof restartConfigOf> {
  return restartConfigOf(TaskSpec.create({ restart: RestartPolicy.create(policy) }));
}

const conditions: readonly (readonly [RestartCondition, TaskState, boolean])[] = [
  [ANY, COMPLETE, true],
  [ANY, FAILED, true],
  [ANY, REJECTED, true],
  [ANY, SHUTDOWN, true],
  [ANY, ORPHANED, true],
  [ANY, RUNNING, true],
  [ON_FAILURE, COMPLETE, false],
  [ON_FAILURE, FAILED, true],
  [ON_FAILURE, REJECTED, true],
  [ON_FAILURE, SHUTDOWN, true],
  [NONE, COMPLETE, false],
  [NONE, FAILED, false],
  [NONE, SHUTDOWN, false],
];
for (const [condition, state, expected] of conditions) {
  test(`condition ${condition}: a slot whose task is ${state} ${expected ? 'gets' : 'does not get'} another`, (t) => {
    const last = past({ state });
    const decision = decideRestart([last], last, config({ condition }), random);
    t.is(decision.kind === 'restart', expected);
  });
}

const delays: readonly (readonly [string, Past, number, number])[] = [
  ['the first failure', { state: FAILED }, 1_000, 1],
  ['the second failure in a row', { state: FAILED, restartCount: 1 }, 2_000, 2],
  ['the sixth failure in a row', { state: FAILED, restartCount: 5 }, 32_000, 6],
  ['the seventh failure in a row, at the cap', { state: FAILED, restartCount: 6 }, 60_000, 7],
  ['the hundredth failure in a row', { state: FAILED, restartCount: 99 }, 60_000, 100],
  ['a short good run', { state: COMPLETE, ranMs: 5_000, restartCount: 2 }, 4_000, 3],
  ['a minute of running', { state: FAILED, ranMs: stableAtLeastMs, restartCount: 4 }, 1_000, 1],
  [
    'a minute after a delay of a minute',
    { state: FAILED, ranMs: 60_000, restartCount: 9 },
    60_000,
    10,
  ],
  [
    'two minutes after a delay of a minute',
    { state: FAILED, ranMs: 120_000, restartCount: 9 },
    1_000,
    1,
  ],
  ['being stopped by the cluster', { state: SHUTDOWN, restartCount: 3 }, 0, 3],
  ['being lost', { state: ORPHANED, restartCount: 3 }, 0, 3],
];
for (const [what, last, fullMs, restartCount] of delays) {
  test(`after ${what} the next task waits ${fullMs} ms, less a little chance`, (t) => {
    const task = past(last);
    const decision = decideRestart([task], task, config(), random);
    if (decision.kind !== 'restart') return t.fail();
    t.is(decision.restartCount, restartCount);
    t.true(decision.delayMs <= fullMs && decision.delayMs >= fullMs * 0.9, `${decision.delayMs}`);
  });
}

test('attempts are counted for one version and within the window', (t) => {
  const failures = [1, 2, 3].map((at) => past({ state: FAILED, endedAtMs: at * 1_000 }));
  const [, , last] = failures;
  if (last === undefined) return t.fail();
  const decide = (policy: Partial<RestartPolicy>, tasks: readonly Task[] = failures) =>
    decideRestart(tasks, last, config(policy), random).kind;
  t.is(decide({ attemptsMax: 3 }), 'restart');
  t.is(decide({ attemptsMax: 2 }), 'leave');
  t.is(decide({ attemptsMax: 2, windowMs: 1_500 }), 'restart');
  t.is(decide({ attemptsMax: 1, windowMs: 1_500 }), 'leave');
  const older = [past({ state: FAILED, endedAtMs: 500, specVersion: 0 }), ...failures];
  t.is(decide({ attemptsMax: 3 }, older), 'restart');
});

test('delays grow, never past the cap, and a delay of nothing stays nothing', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e6 }),
      fc.integer({ min: 0, max: 1e6 }),
      fc.integer({ min: 0, max: 1_000 }),
      (delayMs, delayMaxMs, count) => {
        const policy = config({ delayMs, delayMaxMs });
        const drawn = restartDelayOf(policy, count, random);
        t.true(drawn >= 0 && drawn <= policy.delayMaxMs);
        if (delayMs === 0) t.is(drawn, 0);
      },
    ),
    { seed: 3, numRuns: 300 },
  );
});

test('scenario 15: the replacement exists at once and runs only after the delay', async (t) => {
  const world = new OrchestrationWorld();
  await world.addNodes(1);
  world.lead();
  await world.createService(aServiceOf('web'));
  await world.untilRunning('web', 1);
  const [first] = world.running('web');
  await world.endTask(first?.id ?? '', FAILED);
  const failedAt = world.clock.now();
  await world.clock.advance(100);
  const next = world.tasks('web').find(({ id }) => id !== first?.id);
  t.is(next?.desiredState, TaskState.READY);
  t.is(next?.status?.state, TaskState.READY);
  t.is(next?.restartCount, 1);
  await world.untilRunning('web', 1);
  const tookMs = world.clock.now() - failedAt;
  t.true(tookMs >= 900 && tookMs <= 1_050, `${tookMs} ms`);
});

test('scenario 17: a new leader finishes the delays of the old one and replaces what died', async (t) => {
  const world = new OrchestrationWorld();
  await world.addNodes(2);
  world.lead();
  const restart = RestartPolicy.create({ delayMs: 20_000 });
  await world.createService(aServiceOf('web', { replicas: 3, task: { restart } }));
  await world.untilRunning('web', 3);
  const [first, second, third] = world.running('web').map(({ id }) => id);
  await world.endTask(first ?? '', FAILED);
  const failedAt = world.clock.now();
  await world.clock.advance(5_000);
  await world.resign();
  await world.endTask(second ?? '', FAILED);
  await world.clock.advance(5_000);
  t.is(world.tasks('web').length, 4);
  world.lead();
  await world.clock.advance(1_000);
  t.is(world.tasks('web').length, 5);
  await world.untilRunning('web', 2);
  const tookMs = world.clock.now() - failedAt;
  t.true(tookMs >= 18_000 && tookMs <= 20_100, `${tookMs} ms`);
  await world.untilRunning('web', 3);
  t.true(world.running('web').some(({ id }) => id === third));
});

test('a slot that used up its attempts stays as it is until the service changes', async (t) => {
  const world = new OrchestrationWorld();
  await world.addNodes(1);
  world.agents.fate = () => ({ afterMs: 2, state: FAILED });
  world.lead();
  const restart = RestartPolicy.create({ attemptsMax: 2, delayMs: 10 });
  const service = aServiceOf('web', { task: { restart } });
  await world.createService(service);
  await world.clock.advance(60_000);
  t.is(world.tasks('web').length, 3);
  world.agents.fate = () => undefined;
  await world.clock.advance(60_000);
  t.is(world.tasks('web').length, 3);
  await world.changeService('web', (present) => {
    const { spec } = aServiceOf('web', { task: { restart, forceUpdate: 1 } });
    return { ...present, spec, specVersion: 2 };
  });
  await world.untilRunning('web', 1);
  t.pass();
});

test('a task that ends well is not run again when only failures are', async (t) => {
  const world = new OrchestrationWorld();
  await world.addNodes(1);
  world.agents.fate = () => ({ afterMs: 2, state: COMPLETE });
  world.lead();
  const restart = RestartPolicy.create({ condition: ON_FAILURE });
  await world.createService(aServiceOf('once', { replicas: 2, task: { restart } }));
  await world.clock.advance(60_000);
  t.deepEqual(
    world.tasks('once').map((task) => task.status?.state),
    [COMPLETE, COMPLETE],
  );
  await world.resign();
  world.lead();
  await world.clock.advance(60_000);
  t.is(world.tasks('once').length, 2);
});
