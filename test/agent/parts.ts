/** The small parts of the agent, each by itself. */
import test from 'ava';
import { ClusterError, seededRandom, silentLogger, silentMetrics } from '#lib';
import { AgentState, Assignments, TaskState, TaskStatus } from '#proto';
import { ManagerAddresses, SimulatedRuntime } from '#agent';
import { AssignmentOrder } from '#agent/assignments';
import { ImageResolver } from '#agent/image-resolver';
import { Lane } from '#agent/lane';
import { StateSaver } from '#agent/state-saver';
import { StatusOutbox, batchUpdatesMax } from '#agent/status-outbox';
import { judge } from '#agent/task/failure';
import type { Verdict } from '#agent/task/failure';
import { assigned } from '#test/_support/agent-world';
import { VirtualClock, settle } from '#test/_support/virtual-clock';

const never = new AbortController().signal;
const status = (state: TaskState) => TaskStatus.create({ state });

test('assignments: a full set in parts is one change, then increments follow', (t) => {
  const order = new AssignmentOrder();
  const part = (sequence: number, id: string, isContinued: boolean) =>
    Assignments.create({ sequence, isFull: true, isContinued, tasks: [assigned(id)] });
  t.is(order.take(part(1, 'a', true)), 'nothing');
  const change = order.take(part(2, 'b', false));
  t.true(typeof change === 'object' && change.isFull && change.upserted.length === 2);
  t.is(order.take(part(2, 'b', false)), 'nothing');
  const next = order.take(Assignments.create({ sequence: 3, removedTaskIds: ['a'] }));
  t.deepEqual(next, { isFull: false, upserted: [], removedIds: ['a'] });
});

test('assignments: after a gap nothing is taken until the next session', (t) => {
  const order = new AssignmentOrder();
  order.take(Assignments.create({ sequence: 1, isFull: true }));
  t.is(order.take(Assignments.create({ sequence: 3 })), 'gap');
  t.is(order.take(Assignments.create({ sequence: 2 })), 'gap');
  order.reset();
  t.is(typeof order.take(Assignments.create({ sequence: 1, isFull: true })), 'object');
});

test('assignments: an increment before the full set is a gap', (t) => {
  t.is(new AssignmentOrder().take(Assignments.create({ sequence: 1 })), 'gap');
});

test('outbox: only the latest status of a task goes out, once', (t) => {
  const outbox = new StatusOutbox();
  outbox.put('a', status(TaskState.ACCEPTED), 0);
  outbox.put('a', status(TaskState.RUNNING), 0);
  const batch = outbox.next(0);
  t.deepEqual(
    batch?.updates.map((update) => update.status?.state),
    [TaskState.RUNNING],
  );
  t.is(outbox.next(0), undefined);
  t.true(outbox.isAwaiting);
  outbox.accepted(1);
  t.is(outbox.size, 0);
});

test('outbox: a status that changed after it was sent stays when the old one is accepted', (t) => {
  const outbox = new StatusOutbox();
  outbox.put('a', status(TaskState.RUNNING), 0);
  outbox.next(0);
  outbox.put('a', status(TaskState.FAILED), 0);
  outbox.accepted(1);
  t.is(outbox.size, 1);
  t.is(outbox.next(0)?.sequence, 2);
});

test('outbox: what is not due waits, and is due as early as any of its states was', (t) => {
  const outbox = new StatusOutbox();
  outbox.put('a', status(TaskState.PREPARING), 100);
  t.is(outbox.next(99), undefined);
  t.is(outbox.nextDueAtMs, 100);
  outbox.put('a', status(TaskState.STARTING), 200);
  t.is(outbox.nextDueAtMs, 100);
  outbox.put('a', status(TaskState.RUNNING), 50);
  t.is(outbox.next(50)?.updates.length, 1);
});

test('outbox: a new session sends everything again, numbered anew, in bounded batches', (t) => {
  const outbox = new StatusOutbox();
  for (let id = 0; id < batchUpdatesMax + 1; id++) outbox.put(`t${id}`, status(512), 0);
  t.is(outbox.next(0)?.updates.length, batchUpdatesMax);
  outbox.resetSession();
  const batches = [outbox.next(0), outbox.next(0), outbox.next(0)];
  t.deepEqual(
    batches.map((batch) => batch?.updates.length),
    [batchUpdatesMax, 1, undefined],
  );
  t.deepEqual(
    batches.map((batch) => batch?.sequence),
    [1, 2, undefined],
  );
});

test('addresses: the leader that a follower names is next, then each known one in turn', (t) => {
  const addresses = new ManagerAddresses(['a', 'b', 'c'], seededRandom(1));
  const first = addresses.pick();
  const notLeader = (leaderAddress: string) =>
    new ClusterError('NOT_LEADER', 'no', { details: { leaderAddress } });
  addresses.failed(first, notLeader('z'));
  t.is(addresses.pick(), 'z');
  addresses.failed('z', new ClusterError('UNAVAILABLE', 'gone'));
  const seen = new Set<string>();
  for (let at = 0; at < 3; at++) {
    const address = addresses.pick();
    seen.add(address);
    addresses.failed(address, new ClusterError('UNAVAILABLE', 'gone'));
  }
  t.deepEqual([...seen].toSorted(), ['a', 'b', 'c']);
});

test('addresses: the one that worked is tried first; an empty list is ignored', (t) => {
  const addresses = new ManagerAddresses(['a', 'b', 'c'], seededRandom(1));
  addresses.worked('b');
  addresses.update(['x', 'b', 'y']);
  t.is(addresses.pick(), 'b');
  addresses.update([]);
  t.deepEqual(addresses.known, ['x', 'b', 'y']);
});

test('addresses: with none known the error says what to do', (t) => {
  const addresses = new ManagerAddresses([], seededRandom(1));
  t.throws(() => addresses.pick(), { message: /join the cluster first/ });
});

test('lane: no more at once than its width, the urgent first', async (t) => {
  const lane = new Lane(1);
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const work = (name: string) => () => {
    order.push(name);
    return gate.promise;
  };
  const all = [
    lane.run('normal', never, work('first')),
    lane.run('normal', never, work('second')),
    lane.run('urgent', never, work('urgent')),
  ];
  await settle();
  t.deepEqual(order, ['first']);
  gate.resolve();
  await Promise.all(all);
  t.deepEqual(order, ['first', 'urgent', 'second']);
  t.is(lane.runningCount, 0);
});

test('lane: work given up while it waits is not begun, and frees its place', async (t) => {
  const lane = new Lane(1);
  const gate = Promise.withResolvers<void>();
  const first = lane.run('normal', never, () => gate.promise);
  const controller = new AbortController();
  const second = lane.run('normal', controller.signal, () => Promise.resolve(t.fail()));
  const third = lane.run('normal', never, () => Promise.resolve('third'));
  controller.abort(new Error('given up'));
  gate.resolve();
  await first;
  await t.throwsAsync(second, { message: 'given up' });
  t.is(await third, 'third');
});

test('images: a pull goes on while one task wants it, and ends with the last', async (t) => {
  const clock = new VirtualClock();
  const runtime = new SimulatedRuntime({ clock, random: seededRandom(1) });
  runtime.images.pullMs = [1_000, 1_000];
  const resolver = new ImageResolver(runtime.images);
  const [one, two] = [new AbortController(), new AbortController()];
  const first = resolver.resolve('web:1', undefined, one.signal);
  const second = resolver.resolve('web:1', undefined, two.signal);
  await clock.advance(100);
  one.abort(new Error('first is gone'));
  await t.throwsAsync(first, { message: 'first is gone' });
  await clock.advance(100);
  two.abort(new Error('second is gone'));
  await t.throwsAsync(second, { message: 'second is gone' });
  await clock.advance(5_000);
  t.false(runtime.images.has('web:1'));
  const third = resolver.resolve('web:1', undefined, never);
  t.is((await clock.resolve(third, 5_000)).digest, 'sha256:web:1');
});

test('saver: who asks while a save is under way gets the next one, shared', async (t) => {
  const clock = new VirtualClock();
  const gates: PromiseWithResolvers<void>[] = [];
  let collected = 0;
  const saver = new StateSaver({
    what: 'assignments',
    soonMs: 500,
    write: () => {
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      return gate.promise;
    },
    clock,
    log: silentLogger,
    metrics: silentMetrics,
    collect: () => {
      collected++;
      return { state: AgentState.create(), saved: () => undefined };
    },
  });
  const first = saver.saveNow();
  const others = [saver.saveNow(), saver.saveNow()];
  await settle();
  t.is(collected, 1);
  gates[0]?.resolve();
  t.true(await first);
  await settle();
  t.is(collected, 2);
  gates[1]?.reject(new Error('disk full'));
  t.deepEqual(await Promise.all(others), [false, false]);
});

type StepKind = Parameters<typeof judge>[0]['kind'];

const verdicts: readonly (readonly [StepKind, ClusterError, number, Verdict['kind']])[] = [
  ['image', new ClusterError('IMAGE_NOT_FOUND', 'x'), 1, 'reject'],
  ['image', new ClusterError('REGISTRY_UNAUTHORIZED', 'x'), 1, 'reject'],
  ['image', new ClusterError('REGISTRY_UNAVAILABLE', 'x'), 3, 'retry'],
  ['image', new ClusterError('REGISTRY_UNAVAILABLE', 'x'), 4, 'reject'],
  ['create', new ClusterError('RUNTIME_UNAVAILABLE', 'x'), 100, 'retry'],
  ['create', new ClusterError('IMAGE_NOT_FOUND', 'x'), 1, 'relist'],
  ['create', new ClusterError('IMAGE_NOT_FOUND', 'x'), 4, 'reject'],
  ['create', new ClusterError('INVALID_SPEC', 'x'), 1, 'reject'],
  ['attach', new ClusterError('FAILED_PRECONDITION', 'x'), 1, 'reject'],
  ['attach', new ClusterError('RUNTIME_ERROR', 'x'), 3, 'retry'],
  ['attach', new ClusterError('RUNTIME_ERROR', 'x'), 4, 'reject'],
  ['start', new ClusterError('RUNTIME_ERROR', 'x'), 1, 'fail'],
  ['start', new ClusterError('NOT_FOUND', 'x'), 1, 'relist'],
  ['start', new ClusterError('DEADLINE_EXCEEDED', 'x'), 9, 'relist'],
  ['remove', new ClusterError('RUNTIME_ERROR', 'x'), 100, 'retry'],
  ['detach', new ClusterError('INTERNAL', 'x'), 100, 'retry'],
];
for (const [kind, error, tries, expected] of verdicts)
  test(`failure: ${kind} with ${error.code}, try ${tries}: ${expected}`, (t) => {
    const step = { kind } as Parameters<typeof judge>[0];
    t.is(judge(step, error, tries, false).kind, expected);
  });

test('failure: a port that is being freed is waited for', (t) => {
  const error = new ClusterError('FAILED_PRECONDITION', 'port taken');
  t.is(judge({ kind: 'attach' }, error, 1, true).kind, 'retry');
});

test('failure: an error nobody expected rejects with its text', (t) => {
  t.deepEqual(judge({ kind: 'attach' }, new TypeError('oops'), 1, false), {
    kind: 'reject',
    error: 'oops',
  });
});
