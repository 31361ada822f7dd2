import test from 'ava';
import { Availability, ControlService, GetNodeResponse, ListTasksResponse } from '#proto';
import { NodeSpec, NodeState, TaskState, UpdateNodeResponse } from '#proto';
import type { Node, Task } from '#proto';
import { whyLeft } from '#cli/service/drain';
import { FakeDaemon, tsctl } from '#test/_support/fake-cli';
import { nodeOf, taskOf } from '#test/_support/placement';

const { ACTIVE, DRAIN, PAUSE } = Availability;
const { PENDING, RUNNING, SHUTDOWN } = TaskState;

/** A cluster of one node, whose tasks `tasksAt` gives for the first, second ... look at them. */
class Cluster {
  node: Node;
  looks = 0;
  readonly daemon: FakeDaemon;

  constructor(
    availability: Availability,
    tasksAt: (look: number) => readonly Task[] = () => [],
    ofService: () => readonly Task[] = () => [],
  ) {
    this.node = nodeOf('host2', { availability });
    this.daemon = new FakeDaemon()
      .on(ControlService.getNode, () => GetNodeResponse.create({ node: this.node }))
      .on(ControlService.updateNode, ({ spec }) => {
        this.node = { ...this.node, spec };
        return UpdateNodeResponse.create({ node: this.node });
      })
      .on(ControlService.listTasks, ({ nodeRef }) => {
        const tasks = nodeRef === '' ? ofService() : tasksAt(this.looks++);
        return ListTasksResponse.create({ tasks: [...tasks] });
      });
  }

  get availability(): Availability | undefined {
    return this.node.spec?.availability;
  }
}

const web = (slot: number, more: Parameters<typeof taskOf>[1] = {}): Task =>
  taskOf(`web-${slot}`, { service: 'web', slot, nodeId: 'host2', state: RUNNING, ...more });

test('cordon pauses a node, uncordon takes that back, and both say when there is nothing to do', async (t) => {
  const cluster = new Cluster(ACTIVE);
  const say = async (...args: readonly string[]): Promise<string> =>
    (await tsctl(cluster.daemon, ['node', ...args, 'host2'])).out;
  t.is(await say('cordon'), 'Node host2 is cordoned: it takes no new tasks.\n');
  t.is(cluster.availability, PAUSE);
  t.is(await say('cordon'), 'Node host2 is already cordoned.\n');
  t.is(await say('uncordon'), 'Node host2 takes tasks again.\n');
  t.is(cluster.availability, ACTIVE);
});

test('cordon keeps labels and taints', async (t) => {
  const cluster = new Cluster(ACTIVE);
  const { taints } = nodeOf('x', { taints: ['disk=slow:NoSchedule'] }).spec ?? NodeSpec.create();
  cluster.node = { ...cluster.node, spec: NodeSpec.create({ labels: { zone: 'a' }, taints }) };
  await tsctl(cluster.daemon, ['node', 'cordon', 'host2']);
  t.deepEqual(
    cluster.node.spec,
    NodeSpec.create({ labels: { zone: 'a' }, taints, availability: PAUSE }),
  );
});

test('drain --wait returns when the node is empty, and says what goes on', async (t) => {
  const cluster = new Cluster(ACTIVE, (look) =>
    look < 2 ? [web(1), web(2)] : look < 4 ? [web(2)] : [],
  );
  const { code, out, err } = await tsctl(cluster.daemon, ['node', 'drain', 'host2', '--wait']);
  t.is(code, 0);
  t.is(err, '');
  t.is(cluster.availability, DRAIN);
  t.deepEqual(out.split('\n'), [
    'Node host2 is draining: its tasks move to other nodes.',
    'host2: 2 tasks left',
    'host2: 1 task left',
    'host2: empty',
    '',
  ]);
});

test('drain --wait names the tasks that found no other node', async (t) => {
  const stuck = taskOf('web-9', { service: 'web', slot: 1, state: PENDING });
  const error = '0/2 nodes are available: 2 Insufficient cpu.';
  const replacement: Task = {
    ...stuck,
    status: { ...web(1).status, state: PENDING, error } as Task['status'],
  };
  const cluster = new Cluster(
    ACTIVE,
    (look) => (look < 1 ? [web(1)] : []),
    () => [replacement],
  );
  const { code, err } = await tsctl(cluster.daemon, ['node', 'drain', 'host2', '--wait']);
  t.is(code, 0);
  t.is(err, `tsctl: warning: web.1 has no node: ${error}\n`);
});

test('at the time-out the tasks that are left are named with the reason, and the exit code is 1', async (t) => {
  const error = '0/2 nodes are available: 2 Insufficient cpu.';
  const moved: Task = {
    ...taskOf('web-3', { service: 'web', slot: 3 }),
    status: { ...web(3).status, state: PENDING, error } as Task['status'],
  };
  const cluster = new Cluster(
    ACTIVE,
    () => [web(1), web(2, { desired: SHUTDOWN })],
    () => [web(1), web(2, { desired: SHUTDOWN }), moved],
  );
  const args = ['node', 'drain', 'host2', '--wait', '--timeout', '3s'];
  const { code, err } = await tsctl(cluster.daemon, args);
  t.is(code, 1);
  t.deepEqual(err.split('\n'), [
    "tsctl: warning: web.1 is still on host2: its service's disruption budget does not let it go" +
      ` while web.3 does not run: ${error}`,
    'tsctl: warning: web.2 is still on host2: it was told to stop and has not stopped yet',
    'tsctl: not empty after 3s: host2; the drain goes on in the background',
    '',
  ]);
});

test('tasks on a node that is down wait for it to come back', (t) => {
  const node = nodeOf('host2', { state: NodeState.DOWN });
  t.is(whyLeft(web(1), node, []), 'the node is down: it stops its tasks when it comes back');
});

test('a time-out without --wait is a mistake', async (t) => {
  const { code, err } = await tsctl(new FakeDaemon(), ['node', 'drain', 'a', '--timeout', '3s']);
  t.is(code, 2);
  t.regex(err, /--timeout goes with --wait/);
});

test('Ctrl-C leaves the drain going and says so', async (t) => {
  const stop = new AbortController();
  const cluster = new Cluster(ACTIVE, (look) => {
    if (look === 2) stop.abort();
    return [web(1)];
  });
  const args = ['node', 'drain', 'host2', '--wait'];
  const { code, out } = await tsctl(cluster.daemon, args, { signal: stop.signal });
  t.is(code, 0);
  t.regex(out, /The drain goes on in the background\.\nUse 'tsctl node ps host2'/);
  t.is(cluster.availability, DRAIN);
});
