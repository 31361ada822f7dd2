import test from 'ava';
import type { Clock } from '#lib';
import { ContainerSpec, ControlService, GlobalMode, Network, NetworkSpec, NodeState } from '#proto';
import { RestartCondition, RestartPolicy, Service, ServiceSpec, TaskSpec, TaskState } from '#proto';
import { NetworkAttachmentConfig, NodeStatus, Placement, TaskStatus } from '#proto';
import { Availability, DisruptionConfig, NodeSpec } from '#proto';
import { ClusterSpec, SchedulingSpec, SchedulingStrategy } from '#proto';
import type { Node, Task } from '#proto';
import { ImageIndex } from '#scheduler';
import { parseToleration } from '#cli/parse/taint';
import { aCall, makeTestControl, refusal } from '#test/_support/control';
import type { TestControl } from '#test/_support/control';
import { FakeDaemon, startMs, tsctl } from '#test/_support/fake-cli';
import type { Outcome } from '#test/_support/fake-cli';
import { aServiceOf } from '#test/_support/orchestration';
import { aService } from '#test/_support/objects';
import { nodeOf, taskOf, tasksOf } from '#test/_support/placement';
import type { TaskShape } from '#test/_support/placement';

/** It is always the same moment, and nothing has to be waited for. */
const stillClock: Clock = {
  now: () => startMs,
  monotonic: () => 0,
  after: (_, fn) => {
    const timer = setImmediate(fn);
    return { cancel: () => clearImmediate(timer) };
  },
};

interface World {
  readonly nodes: readonly Node[];
  readonly services?: readonly Service[];
  readonly tasks: readonly Task[];
  readonly networks?: readonly Network[];
  readonly images?: ImageIndex;
}

async function worldOf(world: World): Promise<TestControl> {
  const own = await makeTestControl({
    clock: stillClock,
    ...(world.images === undefined ? {} : { images: world.images }),
  });
  await own.store.update((tx) => {
    for (const node of world.nodes) tx.create('node', node);
    for (const service of world.services ?? []) tx.create('service', service);
    for (const network of world.networks ?? []) tx.create('network', network);
    for (const task of world.tasks) tx.create('task', task);
  });
  return own;
}

/** `tsctl why` over the real control API. */
async function why(own: TestControl, ...args: readonly string[]): Promise<Outcome> {
  const daemon = new FakeDaemon().on(
    ControlService.explainPlacement,
    (request) => own.control.explainPlacement(request, aCall()) as never,
  );
  return tsctl(daemon, ['why', ...args]);
}

const minuteAgo = startMs - 60_000;
const web = (slot: number, shape: TaskShape = {}): Task =>
  taskOf(`web${slot}`, { service: 'web', slot, changedAtMs: minuteAgo, ...shape });
const running = { state: TaskState.RUNNING } as const;

test('a pending service: the summary, every node with have and need, and what would place it', async (t) => {
  const own = await worldOf({
    nodes: [
      nodeOf('host1', { cpus: 4 }),
      nodeOf('host2', { cpus: 2 }),
      nodeOf('host3', { taints: ['disk=slow:NoSchedule'] }),
    ],
    services: [aService('web', 'web', 3)],
    tasks: [
      web(1, { ...running, nodeId: 'host1', cpus: 2.5 }),
      web(2, { cpus: 2.5 }),
      web(3, { cpus: 2.5 }),
    ],
  });
  const { out, code } = await why(own, 'web');
  t.is(code, 0);
  t.is(
    out,
    `web: 1 of 3 tasks run.

2 tasks (web.2 and 1 more): Pending for about a minute
0/3 nodes are available: 1 node(s) had untolerated taint {disk: slow}, 2 Insufficient cpu.

NODE    REASON                                       NEED   HAVE
host1   Insufficient cpu                             2.5    1.5 of 4
host2   Insufficient cpu                             2.5    2 of 2
host3   node(s) had untolerated taint {disk: slow}

What would place it, the smallest change first:
  add toleration disk=slow:NoSchedule (places 1 of 2)
      tsctl service update --toleration-add disk=slow:NoSchedule web
  lower --reserve-cpu from 2.5 to 2 (places 1 of 2)
      tsctl service update --reserve-cpu 2 web
  take taint {disk: slow} off node host3 (places 1 of 2)
      tsctl node update --taint-rm disk:NoSchedule host3
`,
  );
});

test('a task that runs: the scores that would choose its node now', async (t) => {
  const own = await worldOf({
    nodes: [nodeOf('host1'), nodeOf('host2'), nodeOf('host3', { cpus: 0 })],
    services: [aService('web', 'web', 2)],
    tasks: [
      web(1, { ...running, nodeId: 'host1', cpus: 1 }),
      web(2, { ...running, nodeId: 'host2', cpus: 1 }),
    ],
  });
  t.is(
    (await why(own, 'web.1')).out,
    `web.1 (web1): Running for about a minute
it runs on host1

Where it could be, by the scores of now and as if it were not there; the best first:
NODE    TASKS OF SERVICE   TASKS
host1   0                  0       it is here
host2   1                  1

NODE    REASON             NEED   HAVE
host3   Insufficient cpu   1      0 of 0
`,
  );
  t.is((await why(own, 'web')).out, 'web: 2 of 2 tasks run.\n');
});

test('1.7: why counts the images that nodes hold, as the leader heard of them', async (t) => {
  const images = new ImageIndex();
  images.set('host2', [{ names: ['registry/app:1'], sizeBytes: 2 * 2 ** 30 }]);
  const containers = [ContainerSpec.create({ image: 'registry/app:1' })];
  const task = web(1, { ...running, nodeId: 'host1', cpus: 1 });
  const own = await worldOf({
    nodes: [nodeOf('host1'), nodeOf('host2')],
    services: [aService('web', 'web', 1)],
    tasks: [{ ...task, spec: TaskSpec.create({ ...task.spec, containers }) }],
    images,
  });
  await own.store.update((tx) => {
    const scheduling = SchedulingSpec.create({ strategy: SchedulingStrategy.SPREAD });
    for (const cluster of tx.list('cluster'))
      tx.update('cluster', {
        ...cluster,
        spec: ClusterSpec.create({ ...cluster.spec, scheduling }),
      });
  });
  const { out } = await why(own, 'web.1');
  t.regex(out, /^NODE +SCORE .*imageLocality x1/m);
  const scoreOf = (host: string): number =>
    Number(new RegExp(`^${host} +(\\d+)`, 'm').exec(out)?.[1]);
  // 2 GiB on one of two nodes count for all that one container is worth.
  t.is(scoreOf('host2') - scoreOf('host1'), 100);
});

test('JSON has the same with numbers', async (t) => {
  const own = await worldOf({
    nodes: [nodeOf('host1', { cpus: 1 })],
    services: [aService('web', 'web')],
    tasks: [web(1, { cpus: 2 })],
  });
  const answer: unknown = JSON.parse((await why(own, 'web.1', '--format', 'json')).out);
  t.like(answer, {
    explanations: [
      {
        taskName: 'web.1',
        state: 'PENDING',
        nodes: [
          {
            hostname: 'host1',
            filter: 'resources',
            shortages: [{ name: 'cpu', need: 2e9, have: 1e9, capacity: 1e9 }],
          },
        ],
        hints: [{ placed: 1, changes: [{ text: 'lower --reserve-cpu from 2 to 1' }] }],
      },
    ],
  });
});

/** What `why web.1` says after its head line, first line and details. */
async function said(
  world: Partial<World>,
  task: Task,
  history: readonly Task[] = [],
): Promise<string> {
  const own = await worldOf({
    nodes: [nodeOf('host1')],
    services: [aService('web', 'web')],
    ...world,
    tasks: [...history, task],
  });
  const { out } = await why(own, task.id);
  return out.split('\n\n')[0]?.split('\n').slice(1).join('; ') ?? '';
}

const on = { nodeId: 'host1' } as const;
const withStatus = (task: Task, status: Partial<TaskStatus>): Task => ({
  ...task,
  status: { ...TaskStatus.create(), ...task.status, ...status },
});

test('a task that waits for addresses names the network that has none', async (t) => {
  const network = Network.create({
    id: 'net1',
    spec: NetworkSpec.create({ name: 'back' }),
    error: 'subnet 10.0.0.0/29 is full',
  });
  const task = web(1, { state: TaskState.NEW });
  const networks = [NetworkAttachmentConfig.create({ network: 'net1' })];
  t.is(
    await said(
      { networks: [network] },
      { ...task, spec: TaskSpec.create({ ...task.spec, networks }) },
    ),
    'it has no address on network back: subnet 10.0.0.0/29 is full; ',
  );
});

test('a task on its way says how far it is', async (t) => {
  const containers = [ContainerSpec.create({ image: 'app:1' })];
  const task = web(1, { ...on, state: TaskState.PREPARING });
  t.regex(
    await said({}, { ...task, spec: TaskSpec.create({ ...task.spec, containers }) }),
    /^host1 prepares it: pulls app:1 where it is missing/,
  );
  t.regex(
    await said({}, withStatus(task, { message: 'pulling app:1', error: 'no route to registry' })),
    /^host1 prepares it: pulling app:1; error: no route to registry/,
  );
  t.regex(
    await said({}, web(1, { ...on, state: TaskState.ASSIGNED })),
    /^it is assigned to host1, which has yet to take it/,
  );
});

test('a task that a delay holds back says until when and why', async (t) => {
  const failed = withStatus(
    web(7, { ...on, slot: 1, state: TaskState.FAILED, desired: TaskState.SHUTDOWN }),
    {
      error: 'exit code 3',
    },
  );
  const held = web(1, { ...on, state: TaskState.READY, desired: TaskState.READY });
  t.is(
    await said({}, { ...held, restartCount: 2, runNotBeforeMs: startMs + 4_000 }, [failed]),
    'it is ready on host1 and held back for a while;' +
      ' restart back-off after 2 failures in a row; the last: exit code 3; not before 4s from now; ',
  );
});

test('a task that ended says how and what follows', async (t) => {
  const failed = withStatus(web(1, { ...on, state: TaskState.FAILED }), { error: 'exit code 3' });
  t.is(await said({}, failed), 'it failed on host1: exit code 3; another follows; ');
  const restart = RestartPolicy.create({ condition: RestartCondition.NONE });
  const spec = ServiceSpec.create({
    ...aService('web', 'web').spec,
    task: TaskSpec.create({ restart }),
  });
  t.is(
    await said({ services: [Service.create({ id: 'web', spec })] }, failed),
    'it failed on host1: exit code 3; --restart-condition none: it is not restarted; ',
  );
});

test('a task on a node that is down says so', async (t) => {
  const nodes = [nodeOf('host1', { state: NodeState.DOWN })];
  t.regex(
    await said({ nodes }, web(1, { ...on, ...running })),
    /^it runs on host1; node host1 is down/,
  );
});

test('a task on a lost node that its service tolerates says until when it stays', async (t) => {
  const down = nodeOf('host1', { state: NodeState.DOWN });
  const status = NodeStatus.create({ ...down.status, changedAtMs: startMs - 100_000 });
  const words = (global: boolean, ...texts: readonly string[]): Promise<string> => {
    const tolerations = texts.map((text) => parseToleration('t', text));
    const task = TaskSpec.create({ placement: Placement.create({ tolerations }) });
    const service = aServiceOf('web', { task, isGlobal: global });
    return said(
      { nodes: [{ ...down, status }], services: [service] },
      web(1, { ...on, ...running, slot: global ? 0 : 1, tolerations }),
    );
  };
  const key = 'node.tessera.io/unreachable';
  t.regex(
    await words(false, `${key}:NoExecute:300`),
    /node host1 is down: the task is replaced if it is not back within 200 s \(--toleration node/,
  );
  t.regex(await words(false, key), /the task stays with it until it is back or removed/);
  t.regex(await words(false, `${key}:NoExecute:100`), /the task is replaced, unless most nodes/);
  t.regex(await words(true), /the task of a global service stays with it/);
});

test('a task on a drained node says which budget keeps it, and what to do', async (t) => {
  const words = (count: number, init: Partial<NodeSpec> = {}): Promise<string> => {
    const drained = nodeOf('host1', { availability: Availability.DRAIN });
    const spec = NodeSpec.create({ ...drained.spec, ...init });
    const disruption = DisruptionConfig.create({ maxUnavailable: { kind: 'count', count } });
    const service = aServiceOf('web', { replicas: 2, spec: { disruption } });
    return said(
      { nodes: [{ ...drained, spec }, nodeOf('host2')], services: [service] },
      web(1, { ...on, ...running }),
      [web(2, { nodeId: 'host2', state: TaskState.STARTING })],
    );
  };
  t.is(
    await words(0),
    'it runs on host1; node host1 is drained, but the task never leaves it: by its budget (--max-unavailable) no task of' +
      ' web may be missing; raise the budget, or do without the budget: tsctl node drain --ignore-budgets host1',
  );
  t.regex(
    await words(1),
    /host1 is drained, and the task waits for its budget \(--max-unavailable\): 1 of 2 tasks run, and 1 may be missing; it leaves when/,
  );
  t.regex(await words(2), /node host1 is drained: the task is about to leave it/);
  t.regex(await words(0, { drainIgnoresBudgets: true }), /the task is about to leave it/);
});

test('a global service tells of the nodes that it leaves out', async (t) => {
  const mode = { kind: 'global', global: GlobalMode.create() } as const;
  const service = aService('agent', 'agent');
  const task = taskOf('a1', { service: 'agent', slot: 0, nodeId: 'host1', ...running });
  const own = await worldOf({
    nodes: [nodeOf('host1'), nodeOf('host2', { taints: ['gpu=:NoSchedule'] })],
    services: [
      { ...service, spec: ServiceSpec.create({ ...service.spec, mode, task: task.spec }) },
    ],
    tasks: [task],
  });
  t.is(
    (await why(own, 'agent')).out,
    'agent: 1 of 1 tasks run.\n1 of 2 nodes get no new task of this global service:' +
      ' 1 node(s) had untolerated taint {gpu: }.\n',
  );
});

test('why changes nothing, and says what it does not know', async (t) => {
  const own = await worldOf({
    nodes: [nodeOf('host1', { cpus: 1 })],
    services: [aService('web', 'web', 30)],
    tasks: tasksOf(30, { service: 'web', cpus: 2 }),
  });
  const version = own.store.view((tx) => tx.version);
  await why(own, 'web');
  t.is(
    own.store.view((tx) => tx.version),
    version,
  );
  t.is(
    await refusal(own.control.explainPlacement({ ref: 'nope' }, aCall())),
    'NOT_FOUND: no service or task is named "nope": see \'tsctl service ls\'',
  );
});
