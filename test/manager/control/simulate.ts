import test from 'ava';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusterSpec, ContainerSpec, ControlService, GlobalMode, NodeRole } from '#proto';
import {
  PreemptionPolicy,
  SchedulingSpec,
  SchedulingStrategy,
  ServiceSpec,
  TaskSpec,
  TaskState,
} from '#proto';
import type { Node, Service, Task } from '#proto';
import { parseToleration } from '#cli/parse/taint';
import { ImageIndex } from '#scheduler';
import { aCall, makeTestControl } from '#test/_support/control';
import type { TestControl } from '#test/_support/control';
import { FakeDaemon, tsctl } from '#test/_support/fake-cli';
import type { Outcome } from '#test/_support/fake-cli';
import { aServiceOf } from '#test/_support/orchestration';
import { nodeOf, taskOf } from '#test/_support/placement';
import type { TaskShape } from '#test/_support/placement';

async function worldOf(
  nodes: readonly Node[],
  services: readonly Service[],
  tasks: readonly Task[],
  images = new ImageIndex(),
): Promise<TestControl> {
  const own = await makeTestControl({ images });
  await own.store.update((tx) => {
    for (const node of nodes) tx.create('node', node);
    for (const service of services) tx.create('service', service);
    for (const task of tasks) tx.create('task', task);
  });
  return own;
}

/** `tsctl simulate` over the real control API. */
async function simulate(own: TestControl, ...args: readonly string[]): Promise<Outcome> {
  const daemon = new FakeDaemon().on(
    ControlService.simulate,
    (request) => own.control.simulate(request, aCall()) as never,
  );
  return tsctl(daemon, ['simulate', ...args]);
}

/** A service of tasks that run, one on each of the named nodes. */
function running(name: string, nodeIds: readonly string[], shape: TaskShape = {}): readonly Task[] {
  return nodeIds.map((nodeId, at) =>
    taskOf(`${name}${at}`, {
      service: name,
      slot: at + 1,
      nodeId,
      state: TaskState.RUNNING,
      ...shape,
    }),
  );
}

function serviceOf(name: string, tasks: readonly Task[]): Service {
  return aServiceOf(name, { replicas: tasks.length, task: tasks[0]?.spec ?? {} });
}

const zone = (id: string, value: string): Node => nodeOf(id, { labels: { zone: value } });

test('a drained node: what moves where, and how full the nodes are then', async (t) => {
  const tasks = running('web', ['host1', 'host2', 'host2'], { cpus: 1 });
  const own = await worldOf(
    [nodeOf('host1'), nodeOf('host2'), nodeOf('host3')],
    [serviceOf('web', tasks)],
    tasks,
  );
  const { out, err } = await simulate(own, '--drain', 'host2');
  t.is(err, '');
  t.is(
    out,
    `If: drain host2. Nothing is changed.

2 tasks move.

TASK    FROM    TO
web.2   host2   host3
web.3   host2   host1

NODE    TASKS    CPU RESERVED   MEMORY RESERVED
host1   1 -> 2   1 -> 2 of 4    0B of 8GiB
host2   2 -> 0   2 -> 0 of 4    0B of 8GiB        drained
host3   0 -> 1   0 -> 1 of 4    0B of 8GiB
`,
  );
});

test('a lost zone: what finds no node says why; a new node takes it', async (t) => {
  const tasks = running('web', ['a1', 'b1', 'b2'], { cpus: 3 });
  const nodes = [zone('a1', 'a'), zone('b1', 'b'), zone('b2', 'b'), nodeOf('c1', { cpus: 2 })];
  const own = await worldOf(nodes, [serviceOf('web', tasks)], tasks);
  const lost = (await simulate(own, '--lose', 'zone=a')).out;
  t.regex(lost, /^If: lose zone=a \(1 nodes\)\. Nothing is changed\.$/m);
  t.regex(
    lost,
    /^1 task would wait for a node:\n {2}web \(1 task\): 0\/4 nodes are available: 1 node\(s\) were not ready, 3 Insufficient cpu\.$/m,
  );
  const helped = (await simulate(own, '--lose', 'zone=a', '--add-nodes', '1,cpu=8,label=zone=a'))
    .out;
  t.regex(helped, /^If: lose zone=a \(1 nodes\), then add 1 node\./);
  t.regex(helped, /^web\.1 +a1 +new-5$/m);
  t.notRegex(helped, /would wait/);
});

test('tasks that tolerate a lost node move after their seconds, or stay', async (t) => {
  const nodes = [zone('a1', 'a'), zone('b1', 'b'), zone('b2', 'b')];
  const lost = async (toleration: string): Promise<string> => {
    const tolerations = [parseToleration('t', toleration)];
    const tasks = running('web', ['a1', 'b1'], { tolerations });
    const own = await worldOf(nodes, [serviceOf('web', tasks)], tasks);
    return (await simulate(own, '--lose', 'zone=a')).out;
  };
  t.regex(await lost('node.tessera.io/unreachable:NoExecute:7200'), /^web\.1 +a1 +b2$/m);
  const staying = await lost('node.tessera.io/unreachable:NoExecute');
  t.regex(staying, /^Note: 1 task stays on nodes that are down, until those are back or removed/m);
  t.regex(staying, /^Nothing moves\.$/m);
});

test('most nodes lost at once: the managers would leave the tasks alone, and simulate says so', async (t) => {
  const tasks = running('web', ['a1', 'a2', 'b1']);
  const nodes = [zone('a1', 'a'), { ...zone('a2', 'a'), role: NodeRole.MANAGER }, zone('b1', 'b')];
  const own = await worldOf(nodes, [serviceOf('web', tasks)], tasks);
  const { out } = await simulate(own, '--lose', 'zone=a');
  t.regex(out, /^Note: 2 of 3 nodes go at once, more than half/m);
  t.regex(out, /^Note: 1 of 1 managers go: without a majority nothing is moved at all\.$/m);
  t.regex(out, /^Nothing moves\.$/m);
  const removed = (await simulate(own, '--remove', 'a1', '--remove', 'a2')).out;
  t.regex(removed, /^2 tasks move\.$/m);
});

test('scaling, and global services on new nodes', async (t) => {
  const web = running('web', ['host1']);
  const agents = running('agent', ['host1'], { slot: 0 });
  const mode = { kind: 'global', global: GlobalMode.create() } as const;
  const global = aServiceOf('agent', { task: agents[0]?.spec ?? {} });
  const own = await worldOf(
    [nodeOf('host1')],
    [serviceOf('web', web), { ...global, spec: ServiceSpec.create({ ...global.spec, mode }) }],
    [...web, ...agents],
  );
  const { out } = await simulate(own, '--add-nodes', '1', '--scale', 'web=3');
  t.regex(out, /^Nothing moves, 3 more would run\.$/m);
  t.regex(out, /^host1 +2 -> 3 [^]*^new-2 +0 -> 2 |^host1 +2 [^]*^new-2 +0 -> 3 /m);
  t.regex((await simulate(own, '--scale', 'web=0')).out, /^Nothing moves, 1 fewer would run\.$/m);
});

test('a simulation changes nothing: the store has the version that it had', async (t) => {
  const tasks = running('web', ['host1', 'host2']);
  const own = await worldOf([nodeOf('host1'), nodeOf('host2')], [serviceOf('web', tasks)], tasks);
  const before = own.store.view((tx) => [tx.version, [...tx.list('node')], [...tx.list('task')]]);
  await simulate(own, '--drain', 'host1', '--scale', 'web=9', '--remove', 'host1');
  t.deepEqual(
    own.store.view((tx) => [tx.version, [...tx.list('node')], [...tx.list('task')]]),
    before,
  );
});

test('a cluster described in a file', async (t) => {
  const own = await makeTestControl();
  const folder = mkdtempSync(join(tmpdir(), 'tessera-simulate-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'plan.yaml');
  writeFileSync(
    path,
    `strategy: binpack
score-weight: balance=0
nodes:
  - {name: a, count: 2, cpu: 4, memory: 8GiB, labels: {zone: a}}
  - {name: b, cpu: 2, memory: 4GiB, taints: ["disk=slow:NoSchedule"]}
services:
  - {name: web, replicas: 4, reserve-cpu: 0.5, reserve-memory: 64MiB}
  - name: db
    reserve-cpu: 2
    constraint: [node.labels.zone==b]
  - {name: agent, mode: global}
`,
  );
  const { out, err } = await simulate(own, '--from', path);
  t.is(err, '');
  t.regex(out, /^ {2}db \(1 task\): 0\/3 nodes are available: /m);
  t.regex(out, /^a-[12] +5 +2 of 4 +256MiB of 8GiB$/m);
  t.regex(out, /^a-[12] +1 +0 of 4 +0B of 8GiB$/m);
  t.regex(out, /^b +0 +0 of 2/m, 'the agent does not tolerate its taint');
  const more = (await simulate(own, '--from', path, '--scale', 'web=20')).out;
  t.regex(more, /^Nothing moves, 12 more would run\.$/m);
  t.regex(more, /^ {2}web \(4 tasks\): 0\/3 nodes are available: .*2 Insufficient cpu/m);
});

test('wrong steps and files say what is wrong and where', async (t) => {
  const own = await worldOf([nodeOf('host1')], [], []);
  const error = async (...args: readonly string[]): Promise<string> =>
    (await simulate(own, ...args)).err.trim();
  t.is(await error('--drain', 'nope'), 'tsctl: node nope is not in the simulation');
  t.is(await error('--lose', 'zone=q'), 'tsctl: --lose zone=q: no node has that label');
  t.is(await error('--scale', 'web=2'), 'tsctl: service web is not in the simulation');
  t.regex(await error('--add-nodes', '1,disk=2'), /--add-nodes '1,disk=2': write it as N\[,cpu/);
  t.regex(await error(), /nothing to simulate: give --drain/);
  const folder = mkdtempSync(join(tmpdir(), 'tessera-simulate-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = (text: string): readonly string[] => {
    const path = join(folder, 'x.yaml');
    writeFileSync(path, text);
    return ['--from', path];
  };
  t.regex(await error(...file('nodes: []')), /the file has no nodes/);
  t.regex(await error(...file('nodes: [{cpus: 4}]')), /nodes\[0\]: there is no 'cpus': use name,/);
  t.regex(
    await error(...file('nodes: [{}]\nservices: [{name: w, replicas: x}]')),
    /services\[0\]: --replicas 'x': use a whole number/,
  );
  t.regex(
    await error(...file('nodes: [{}]\nservices: [{name: w, constraint: [zone=a]}]')),
    /constraint "zone=a": has neither == nor !=/,
  );
});

const pushedOut = (shape: TaskShape, nodes: number): Promise<TestControl> => {
  const low = running('batch', ['host1', 'host1', 'host2', 'host2'].slice(0, nodes * 2), {
    cpus: 2,
  });
  const high = running('shop', ['host3'], { cpus: 3, priority: 100, ...shape });
  const hosts = ['host1', 'host2', 'host3'].filter((id) => nodes === 2 || id !== 'host2');
  return worldOf(
    hosts.map((id) => nodeOf(id)),
    [serviceOf('batch', low), serviceOf('shop', high)],
    [...low, ...high],
  );
};

test('1.8: less important tasks make room in a simulation as they would for real', async (t) => {
  const { out } = await simulate(await pushedOut({}, 2), '--lose', 'node.hostname=host3');
  t.regex(out, /^Note: 2 tasks of batch make room for shop\.$/m);
  t.regex(out, /^shop\.1 +host3 +host[12]$/m);
  t.regex(
    out,
    /^2 tasks would wait for a node:\n {2}batch \(2 tasks\): 0\/3 nodes are available: 1 node\(s\) were not ready, 2 Insufficient cpu\.$/m,
  );
});

test('1.8: who may not preempt waits in a simulation, and says so', async (t) => {
  const placement = { priority: 100, preemptionPolicy: PreemptionPolicy.NEVER };
  const own = await pushedOut({ placement }, 2);
  const { out } = await simulate(own, '--lose', 'node.hostname=host3');
  t.notRegex(out, /make room/);
  t.regex(out, /shop \(1 task\): .* preemption: not eligible due to preemptionPolicy=Never\.$/m);
});

test('1.8: what makes room goes where there is room for it', async (t) => {
  const own = await pushedOut({}, 2);
  const { out } = await simulate(own, '--lose', 'node.hostname=host3', '--add-nodes', '1,cpu=4');
  t.regex(out, /^batch\.\d +host[12] +new-4$/m);
  t.notRegex(out, /would wait/);
});

test('1.8: a task that room is being made for goes there in a simulation too', async (t) => {
  const own = await pushedOut({}, 1);
  await own.store.update((tx) => {
    const [shop] = tx.tasksOfService('shop');
    if (shop === undefined) return;
    const status = { ...shop.status, state: TaskState.PENDING } as typeof shop.status;
    tx.update('task', { ...shop, nodeId: '', nominatedNodeId: 'host1', status });
    for (const low of tx.tasksOfService('batch'))
      tx.update('task', { ...low, desiredState: TaskState.SHUTDOWN });
  });
  const { out } = await simulate(own, '--drain', 'host3');
  t.notRegex(out, /make room/);
  t.regex(out, /^host1 +1 /m);
});

test('1.7: nodes that have the image are preferred in a simulation', async (t) => {
  const images = new ImageIndex();
  images.set('host3', [{ names: ['registry/app:1'], sizeBytes: 2 * 2 ** 30 }]);
  const tasks = running('web', ['host1'], { cpus: 1 });
  const spec = {
    ...tasks[0]?.spec,
    containers: [ContainerSpec.create({ image: 'registry/app:1' })],
  };
  const own = await worldOf(
    ['host1', 'host2', 'host3', 'host4'].map((id) => nodeOf(id)),
    [aServiceOf('web', { task: spec })],
    tasks.map((task) => ({ ...task, spec: TaskSpec.create(spec) })),
    images,
  );
  await own.store.update((tx) => {
    for (const cluster of tx.list('cluster'))
      tx.update('cluster', {
        ...cluster,
        spec: ClusterSpec.create({
          ...cluster.spec,
          scheduling: SchedulingSpec.create({ strategy: SchedulingStrategy.SPREAD }),
        }),
      });
  });
  t.regex((await simulate(own, '--drain', 'host1')).out, /^web\.1 +host1 +host3$/m);
});
