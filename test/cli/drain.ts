import test from 'ava';
import { Availability, ControlService, GetNodeResponse, GetServiceResponse } from '#proto';
import { ListNodesResponse, ListTasksResponse } from '#proto';
import { NodeSpec, NodeState, TaskState, UpdateNodeResponse } from '#proto';
import type { Node, Task } from '#proto';
import { whyLeft } from '#cli/service/drain';
import { FakeDaemon, tsctl } from '#test/_support/fake-cli';
import { aServiceOf } from '#test/_support/orchestration';
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
      .on(ControlService.listNodes, () => ListNodesResponse.create({ nodes: [this.node] }))
      .on(ControlService.getService, () =>
        GetServiceResponse.create({ service: aServiceOf('web') }),
      )
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
    (look) => (look < 2 ? [web(1)] : []),
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
  const around = { service: undefined, siblings: [], lost: new Map() };
  t.is(whyLeft(web(1), node, around), 'the node is down: it stops its tasks when it comes back');
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

const budget = (count: number) =>
  GetServiceResponse.create({
    service: aServiceOf('web', {
      spec: { disruption: { maxUnavailable: { kind: 'count', count } } },
    }),
  });

test('a budget of 0 is told at once, with two ways out', async (t) => {
  const cluster = new Cluster(ACTIVE, () => [web(1), web(2)]);
  cluster.daemon.on(ControlService.getService, () => budget(0));
  const { code, out, err } = await tsctl(cluster.daemon, ['node', 'drain', 'host2']);
  t.is(code, 0);
  t.is(out, 'Node host2 is draining: its tasks move to other nodes.\n');
  t.is(
    err,
    'tsctl: warning: web may have no task missing (--max-unavailable 0): its 2 tasks stay on host2;' +
      " raise it ('tsctl service update --max-unavailable 1 web') or do without" +
      " ('tsctl node drain --ignore-budgets host2')\n",
  );
});

test('drain --ignore-budgets asks for that, of a drain under way too, and warns of nothing', async (t) => {
  const cluster = new Cluster(ACTIVE, (look) => (look < 1 ? [web(1)] : []));
  cluster.daemon.on(ControlService.getService, () => budget(0));
  const say = async (...args: readonly string[]): Promise<string> => {
    const { out, err } = await tsctl(cluster.daemon, ['node', ...args, 'host2']);
    return `${out}${err}`;
  };
  await say('drain');
  t.is(cluster.node.spec?.drainIgnoresBudgets, false);
  const text =
    'Node host2 is draining: its tasks leave at once, whatever their disruption budgets.\n';
  t.is(await say('drain', '--ignore-budgets'), text);
  t.is(cluster.node.spec?.drainIgnoresBudgets, true);
  t.is(
    await say('drain', '--ignore-budgets'),
    'Node host2 is already draining, whatever the disruption budgets.\n',
  );
  t.is(await say('drain'), 'Node host2 is already draining.\n');
  t.is(cluster.node.spec?.drainIgnoresBudgets, true);
  await say('uncordon');
  t.is(cluster.node.spec?.drainIgnoresBudgets, false);
});

test('why a task is left names the budget and what is missing', (t) => {
  const node = nodeOf('host2');
  const around = (count: number, ...siblings: readonly Task[]) => ({
    service: budget(count).service,
    siblings,
    lost: new Map([['host9', 'far']]),
  });
  t.regex(
    whyLeft(web(1), node, around(0, web(1))),
    /^no task of its service may be missing \(--max-unavailable 0\), so it never leaves: raise it/,
  );
  t.is(
    whyLeft(web(1), node, around(1, web(1), web(2, { nodeId: 'host9' }))),
    "its service's disruption budget (--max-unavailable 1) does not let it go while web.2 does not run:" +
      ' its node far is down',
  );
  t.is(
    whyLeft(web(1), node, around(1, web(1), web(2))),
    "its service's disruption budget (--max-unavailable 1) does not let it go yet",
  );
});
