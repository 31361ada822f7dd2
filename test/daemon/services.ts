/** Whole daemons with real managers, real TLS and simulated containers: the way of a service. */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import {
  ControlService,
  CreateServiceRequest,
  InitRequest,
  JoinRequest,
  ListImagesRequest,
  ListNodesRequest,
  ListServicesRequest,
  ListTasksRequest,
  LocalService,
  LogOptions,
  NodeState,
  ReplicatedMode,
  ServiceLogsRequest,
  TaskState,
  WatchRequest,
} from '#proto';
import type { Task } from '#proto';
import { callServerStream, grpc } from '#proto/rpc';
import { nodeManager } from '#manager/manager-node';
import { aSpec } from '../_support/control.ts';
import { poll } from '../_support/poll.ts';
import { TestDaemon } from '../_support/test-daemon.ts';

const deadlineMs = 60_000;

async function cluster(
  t: ExecutionContext,
): Promise<readonly [TestDaemon, TestDaemon, TestDaemon]> {
  const start = (name: string): Promise<TestDaemon> => TestDaemon.start(t, name, nodeManager);
  const daemons = [await start('one'), await start('two'), await start('three')] as const;
  const [one, ...others] = daemons;
  const own = { advertiseAddress: one.address, listenAddress: one.address };
  const { tokens } = await one.call(LocalService.init, InitRequest.create(own));
  for (const { address, ...other } of others.map((daemon) => ({
    daemon,
    address: daemon.address,
  }))) {
    const request = JoinRequest.create({
      token: tokens?.worker ?? '',
      remoteAddress: one.address,
      advertiseAddress: address,
      listenAddress: address,
    });
    await other.daemon.call(LocalService.join, request);
  }
  await poll('three nodes ready', async () => (await nodesIn(one, NodeState.READY)) === 3);
  return daemons;
}

async function nodesIn(daemon: TestDaemon, state: NodeState): Promise<number> {
  const { nodes } = await daemon.call(ControlService.listNodes, ListNodesRequest.create());
  return nodes.filter((node) => node.status?.state === state).length;
}

async function createWeb(one: TestDaemon, replicas: number): Promise<void> {
  const mode = { kind: 'replicated', replicated: ReplicatedMode.create({ replicas }) } as const;
  const request = CreateServiceRequest.create({ spec: aSpec({ mode }) });
  await one.call(ControlService.createService, request);
}

async function running(one: TestDaemon): Promise<readonly Task[]> {
  const { tasks } = await one.call(ControlService.listTasks, ListTasksRequest.create());
  return tasks.filter(
    (task) => task.status?.state === TaskState.RUNNING && task.desiredState === TaskState.RUNNING,
  );
}

function allRunning(one: TestDaemon, count: number): Promise<readonly Task[]> {
  return poll(`${count} tasks running`, async () => {
    const tasks = await running(one);
    return tasks.length === count && tasks;
  });
}

function clientOf(t: ExecutionContext, daemon: TestDaemon): grpc.Client {
  const client = new grpc.Client(`unix://${daemon.socket}`, grpc.credentials.createInsecure());
  t.teardown(() => client.close());
  return client;
}

test('a service runs on all nodes, is watched, read and removed, over real connections', async (t) => {
  const [one] = await cluster(t);
  const client = clientOf(t, one);
  await createWeb(one, 9);
  const request = WatchRequest.create({ serviceRef: 'web' });
  const seen = new Set<string>();
  for await (const message of callServerStream(client, ControlService.watch, request, {
    deadlineMs,
  })) {
    for (const { object } of message.events)
      if (object?.kind === 'task' && object.task.status?.state === TaskState.RUNNING)
        seen.add(object.task.id);
    if (seen.size === 9) break;
  }
  const tasks = await allRunning(one, 9);
  t.is(new Set(tasks.map((task) => task.nodeId)).size, 3);

  const from = new Set<string>();
  const logs = ServiceLogsRequest.create({ ref: 'web', options: LogOptions.create() });
  for await (const chunk of callServerStream(client, ControlService.serviceLogs, logs, {
    deadlineMs,
  })) {
    t.is(chunk.error, '');
    from.add(chunk.taskId);
  }
  t.deepEqual(
    [...from].toSorted(),
    tasks.map((task) => task.id),
    'a line of each task',
  );

  const images = await one.call(ControlService.listImages, ListImagesRequest.create());
  t.deepEqual(
    images.nodes.map((node) => [node.error, node.images.length]),
    [
      ['', 1],
      ['', 1],
      ['', 1],
    ],
  );

  await one.call(ControlService.removeService, { ref: 'web' });
  await poll('the service is gone', async () => {
    const left = await one.call(ControlService.listServices, ListServicesRequest.create());
    return left.services.length === 0 && (await running(one)).length === 0;
  });
});

test('a host that is lost is DOWN within its grace, and its tasks run elsewhere', async (t) => {
  const [one, two] = await cluster(t);
  await createWeb(one, 6);
  const before = await allRunning(one, 6);
  await two.stop();
  const startedAt = performance.now();
  await poll('a node is down', async () => (await nodesIn(one, NodeState.DOWN)) === 1);
  const after = await poll('its tasks run elsewhere', async () => {
    const tasks = await running(one);
    const nodes = new Set(tasks.map((task) => task.nodeId));
    return tasks.length === 6 && nodes.size === 2 && tasks;
  });
  t.log(`${Math.round(performance.now() - startedAt)} ms from the loss to all running`);
  const ids = new Set(after.map((task) => task.id));
  t.is(before.filter((task) => ids.has(task.id)).length, 4, 'the others were left alone');
});
