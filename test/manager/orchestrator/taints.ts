import test from 'ava';
import { NodeSpec, Placement, TaskState } from '#proto';
import type { Task } from '#proto';
import { taintId } from '#scheduler';
import { parseTaint, parseToleration } from '#cli/parse/taint';
import { aServiceOf, OrchestrationWorld } from '#test/_support/orchestration';

const withTolerations = (...texts: readonly string[]) => ({
  placement: Placement.create({ tolerations: texts.map((text) => parseToleration('t', text)) }),
});

async function started(...tolerations: readonly string[]): Promise<OrchestrationWorld> {
  const world = new OrchestrationWorld();
  await world.addNodes(2);
  world.lead();
  await world.createService(
    aServiceOf('web', { replicas: 4, task: withTolerations(...tolerations) }),
  );
  await world.untilRunning('web', 4);
  return world;
}

/** As the control API does it. */
function taint(world: OrchestrationWorld, nodeId: string, ...texts: readonly string[]) {
  const taints = texts.map((text) => parseTaint('t', text));
  const nowMs = world.clock.now();
  return world.changeNode(nodeId, (node) => ({
    ...node,
    spec: { ...NodeSpec.create(), ...node.spec, taints },
    taintedAtMs: Object.fromEntries(taints.map((one) => [taintId(one), nowMs])),
  }));
}

const on = (world: OrchestrationWorld, nodeId: string): readonly Task[] =>
  world.running('web').filter((task) => task.nodeId === nodeId);

test('1.1: a NoExecute taint ends at once what does not tolerate it, NoSchedule nothing', async (t) => {
  const world = await started();
  await taint(world, 'n1', 'k=v:NoSchedule');
  await world.clock.advance(10_000);
  t.is(on(world, 'n1').length, 2);
  await taint(world, 'n1', 'k=v:NoExecute');
  await world.clock.until(() => on(world, 'n2').length === 4, 5_000, 'all run on n2');
  const messages = world
    .tasks('web')
    .filter(({ nodeId }) => nodeId === 'n1')
    .map((task) => task.desiredState);
  t.deepEqual(messages, [TaskState.SHUTDOWN, TaskState.SHUTDOWN]);
});

test('1.1: a task leaves after its seconds, not before, and not when the taint goes', async (t) => {
  const world = await started('k=v:NoExecute:60');
  await taint(world, 'n1', 'k=v:NoExecute');
  await world.clock.advance(59_000);
  t.is(on(world, 'n1').length, 2);
  await taint(world, 'n1');
  await world.clock.advance(120_000);
  t.is(on(world, 'n1').length, 2, 'the taint went in time');
  await taint(world, 'n1', 'k=v:NoExecute');
  await world.clock.advance(59_000);
  const before = on(world, 'n1').map(({ id }) => id);
  t.is(before.length, 2, 'the time starts anew');
  await world.clock.until(
    () => on(world, 'n1').every(({ id }) => !before.includes(id)),
    2_000,
    'the tasks have left',
  );
});

test('1.1: the seconds survive a change of leader', async (t) => {
  const world = await started('k=v:NoExecute:60');
  await taint(world, 'n1', 'k=v:NoExecute', 'full:NoSchedule');
  await world.clock.advance(40_000);
  await world.resign();
  await world.clock.advance(10_000);
  world.lead();
  await world.clock.advance(9_000);
  t.is(on(world, 'n1').length, 2, 'after 59 s they still run');
  await world.clock.until(() => on(world, 'n2').length === 4, 1_500, 'after 60 s they have left');
  t.pass();
});

test('1.1: seconds that ran out without a leader end the stay as soon as there is one', async (t) => {
  const world = await started('k=v:NoExecute:60');
  await taint(world, 'n1', 'k=v:NoExecute', 'full:NoSchedule');
  await world.resign();
  await world.clock.advance(100_000);
  t.is(on(world, 'n1').length, 2);
  world.lead();
  await world.clock.until(() => on(world, 'n2').length === 4, 1_500, 'they leave at once');
  t.pass();
});

test('1.1 case 9: a service that loses its toleration loses the tasks beside the taint', async (t) => {
  const world = await started('k=v:NoExecute:100');
  await taint(world, 'n1', 'k=v:NoExecute');
  await world.clock.advance(5_000);
  await world.changeService('web', (service) => ({
    ...service,
    spec: aServiceOf('web', { replicas: 4, task: withTolerations() }).spec,
  }));
  await world.clock.until(() => on(world, 'n2').length === 4, 5_000, 'all run on n2');
  t.pass();
});

test('1.1: a task that is put on a tainted node leaves it after its own seconds', async (t) => {
  const world = new OrchestrationWorld();
  await world.addNodes(1);
  world.lead();
  await taint(world, 'n1', 'k=v:NoExecute');
  await world.clock.advance(100_000);
  const task = withTolerations('k=v:NoExecute:30');
  await world.createService(aServiceOf('web', { task }));
  await world.untilRunning('web', 1, 1_000);
  const [first] = world.running('web');
  await world.clock.advance(29_000);
  t.is(world.running('web')[0]?.id, first?.id);
  await world.clock.until(() => world.running('web')[0]?.id !== first?.id, 2_000, 'it has left');
  t.pass();
});

test('1.1: a global service runs beside taints that it tolerates, and only there', async (t) => {
  const world = new OrchestrationWorld();
  await world.addNodes(3);
  world.lead();
  await taint(world, 'n1', 'k=v:NoExecute');
  await taint(world, 'n2', 'k=w:NoSchedule');
  const nodes = (id: string): readonly string[] =>
    world
      .running(id)
      .map(({ nodeId }) => nodeId)
      .toSorted((a, b) => a.localeCompare(b));
  await world.createService(aServiceOf('all', { isGlobal: true, task: withTolerations('k') }));
  await world.createService(aServiceOf('some', { isGlobal: true, task: withTolerations('k=v') }));
  await world.createService(aServiceOf('plain', { isGlobal: true }));
  await world.clock.advance(5_000);
  t.deepEqual(nodes('all'), ['n1', 'n2', 'n3']);
  t.deepEqual(nodes('some'), ['n1', 'n3']);
  t.deepEqual(nodes('plain'), ['n3']);
  await taint(world, 'n3', 'x:NoExecute');
  await world.clock.advance(5_000);
  t.deepEqual(nodes('plain'), []);
  t.deepEqual(nodes('some'), ['n1']);
});
