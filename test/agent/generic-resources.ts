/** Which of a host's named resources a task gets. */
import test from 'ava';
import { ContainerSpec, ResourceRequirements, Resources, TaskSpec, TaskState } from '#proto';
import { genericCounts, takeResources } from '#agent/task/generic-resources';
import { AgentWorld, assigned } from '#test/_support/agent-world';

const { RUNNING, REJECTED, SHUTDOWN } = TaskState;
const host = new Map<string, number | readonly string[]>([
  ['gpu', ['u1', 'u2', 'u3']],
  ['nic', 4],
]);

test('names are counted for the scheduler', (t) => {
  t.deepEqual(genericCounts(host), { gpu: 3, nic: 4 });
});

test('a task gets the first names that nobody has; counted kinds have none', (t) => {
  t.deepEqual(takeResources(host, { gpu: 2, nic: 1, other: 1 }, []), { gpu: ['u1', 'u2'] });
  t.deepEqual(takeResources(host, { gpu: 1 }, [{ gpu: ['u1'] }, { gpu: ['u3'] }]), {
    gpu: ['u2'],
  });
  t.deepEqual(takeResources(host, { gpu: 0 }, []), {});
  t.throws(() => takeResources(host, { gpu: 2 }, [{ gpu: ['u1', 'u3'] }]), {
    code: 'LIMIT_EXCEEDED',
    message: '2 of gpu are asked for, 1 are free on this host',
  });
});

/** A task of one container that reserves so many. */
function asking(id: string, gpu: number) {
  const reservations = Resources.create({ generic: { gpu } });
  const spec = TaskSpec.create({
    containers: [ContainerSpec.create({ image: 'web:1' })],
    resources: ResourceRequirements.create({ reservations }),
  });
  return assigned(id, { spec });
}

const held = (world: AgentWorld, id: string) => world.container(id)?.labels['tessera.resource.gpu'];

async function two(): Promise<AgentWorld> {
  const world = new AgentWorld(1, host);
  await world.begin();
  world.manager.assign([asking('a', 1), asking('b', 1)]);
  await world.reaches('a', RUNNING);
  await world.reaches('b', RUNNING);
  return world;
}

test('tasks that start together get different ones, and what ends frees its own', async (t) => {
  const world = await two();
  const freed = held(world, 'a') ?? '';
  t.deepEqual(new Set([freed, held(world, 'b')]), new Set(['u1', 'u2']));
  world.manager.desire('a', SHUTDOWN);
  await world.reaches('a', SHUTDOWN);
  world.manager.assign([asking('c', 2)]);
  await world.reaches('c', RUNNING);
  t.is(held(world, 'c'), `${freed},u3`);
});

test('an agent that was killed knows who has what, and gives it to nobody else', async (t) => {
  const world = await two();
  await world.crash();
  world.manager.assign([asking('c', 1)]);
  await world.reaches('c', RUNNING);
  t.is(held(world, 'c'), 'u3');
  world.manager.assign([asking('d', 1)]);
  await world.reaches('d', REJECTED);
  t.is(world.manager.statuses.get('d')?.error, '1 of gpu are asked for, 0 are free on this host');
});
