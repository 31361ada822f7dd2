import test from 'ava';
import { ContainerSpec, Mount, MountKind, TaskSpec, TaskState } from '#proto';
import { AgentWorld, assigned } from '#test/_support/agent-world';

const { REJECTED, RUNNING } = TaskState;

test('a volume that must exist is not made: without it the task is rejected', async (t) => {
  const world = new AgentWorld();
  await world.begin();
  const mount = Mount.create({
    kind: MountKind.VOLUME,
    source: 'data',
    target: '/data',
    isExisting: true,
  });
  const containers = [ContainerSpec.create({ image: 'web:1', mounts: [mount] })];
  const spec = TaskSpec.create({ containers });
  world.manager.assign([assigned('a', { spec })]);
  await world.reaches('a', REJECTED);
  t.is(world.manager.statuses.get('a')?.error, 'volume data is not on this host');
  t.deepEqual(await world.files.listVolumes(), []);
  await world.files.volume('data');
  world.manager.assign([assigned('b', { spec })]);
  await world.reaches('b', RUNNING);
});
