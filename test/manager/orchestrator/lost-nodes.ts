import test from 'ava';
import { NodeState, Placement, TaskState } from '#proto';
import type { Task } from '#proto';
import { parseToleration } from '#cli/parse/taint';
import { aServiceOf, OrchestrationWorld } from '#test/_support/orchestration';
import type { ServiceShape } from '#test/_support/orchestration';

const key = 'node.tessera.io/unreachable';
const hourMs = 3_600_000;

const tolerating = (...texts: readonly string[]) => ({
  placement: Placement.create({ tolerations: texts.map((text) => parseToleration('t', text)) }),
});

async function started(shape: ServiceShape): Promise<OrchestrationWorld> {
  const world = new OrchestrationWorld();
  await world.addNodes(3);
  world.lead();
  await world.createService(aServiceOf('db', shape));
  await world.untilRunning('db', 3);
  return world;
}

const on = (world: OrchestrationWorld, nodeId: string): readonly Task[] =>
  world.running('db').filter((task) => task.nodeId === nodeId);
const elsewhere = (world: OrchestrationWorld): number =>
  world.running('db').filter(({ nodeId }) => nodeId !== 'n1').length;

async function comeBack(world: OrchestrationWorld, nodeId: string): Promise<void> {
  world.silent.delete(nodeId);
  await world.setNodeState(nodeId, NodeState.READY);
  world.nudge();
}

test('1.1: a task stays on its lost node for its seconds, and is replaced after them', async (t) => {
  const world = await started({ replicas: 3, task: tolerating(`${key}:NoExecute:300`) });
  await world.loseNode('n1');
  await world.clock.advance(299_000);
  t.is(on(world, 'n1').length, 1);
  await world.clock.until(() => elsewhere(world) === 3, 2_000, 'it runs elsewhere');
  const [left] = world.tasks('db').filter(({ nodeId }) => nodeId === 'n1');
  t.is(left?.status?.message, 'its node has been down for as long as it tolerates');
});

test('1.1: a node that is back in time keeps its task, which was never stopped', async (t) => {
  const world = await started({ replicas: 3, task: tolerating(`${key}:NoExecute:300`) });
  const before = world.running('db').map(({ id }) => id);
  await world.loseNode('n1');
  await world.clock.advance(200_000);
  await comeBack(world, 'n1');
  await world.clock.advance(200_000);
  t.deepEqual(
    world.running('db').map(({ id }) => id),
    before,
  );
});

test('1.1: the seconds on a lost node survive a change of leader', async (t) => {
  const world = await started({ replicas: 3, task: tolerating(`${key}:NoExecute:300`) });
  await world.loseNode('n1');
  await world.clock.advance(200_000);
  await world.resign();
  await world.clock.advance(50_000);
  world.lead();
  await world.clock.advance(49_000);
  t.is(on(world, 'n1').length, 1, 'after 299 s');
  await world.clock.until(() => elsewhere(world) === 3, 2_000, 'after 300 s it runs elsewhere');
});

test('1.1: without seconds a task stays until its node is removed, for more than a day too', async (t) => {
  const world = await started({ replicas: 3, task: tolerating(`${key}:NoExecute`) });
  await world.loseNode('n1');
  await world.clock.advance(50 * hourMs);
  t.is(on(world, 'n1').length, 1);
  await world.write((tx) => tx.remove('node', 'n1'));
  await world.clock.until(() => elsewhere(world) === 3, 2_000, 'it runs elsewhere');
});

test('1.1: a toleration that is taken away sends the tasks on lost nodes elsewhere at once', async (t) => {
  const world = await started({ replicas: 3, task: tolerating(`${key}:NoExecute`) });
  await world.loseNode('n1');
  await world.clock.advance(hourMs);
  t.is(on(world, 'n1').length, 1);
  await world.changeService('db', (service) => ({
    ...service,
    spec: aServiceOf('db', { replicas: 3 }).spec,
  }));
  await world.clock.until(() => elsewhere(world) === 3, 2_000, 'it runs elsewhere');
});

test('a task of a global service stays on its lost node, and runs on when that is back', async (t) => {
  const world = await started({ isGlobal: true });
  const before = world.running('db').map(({ id }) => id);
  await world.loseNode('n1');
  await world.clock.advance(hourMs);
  t.is(on(world, 'n1').length, 1);
  await comeBack(world, 'n1');
  await world.clock.advance(60_000);
  t.deepEqual(
    world.running('db').map(({ id }) => id),
    before,
  );
});

test('a task of a global service on a node that is lost for a day is given up, and made anew', async (t) => {
  const world = await started({ isGlobal: true });
  await world.loseNode('n1');
  await world.clock.advance(25 * hourMs);
  t.deepEqual(
    world.tasks('db').flatMap(({ nodeId, status }) => (nodeId === 'n1' ? [status?.state] : [])),
    [TaskState.ORPHANED],
  );
  await comeBack(world, 'n1');
  await world.clock.until(() => on(world, 'n1').length === 1, 5_000, 'a new one runs');
});

test('a global service with seconds gives its task on a lost node up after them', async (t) => {
  const world = await started({ isGlobal: true, task: tolerating(`${key}:NoExecute:60`) });
  await world.loseNode('n1');
  await world.clock.advance(59_000);
  t.is(on(world, 'n1').length, 1);
  await world.clock.until(() => on(world, 'n1').length === 0, 2_000, 'it is to stop');
});
