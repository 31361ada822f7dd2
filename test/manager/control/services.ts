import test from 'ava';
import type { ExecutionContext } from 'ava';
import {
  ContainerSpec,
  CreateServiceRequest,
  EndpointSpec,
  GetServiceRequest,
  ListTasksRequest,
  NodeRole,
  NodeState,
  NodeStatus,
  PortConfig,
  PublishMode,
  RegistryAuth,
  ReplicatedMode,
  RemoveServiceRequest,
  Service,
  ServiceSpec,
  TaskSpec,
  TaskState,
  TaskStatus,
  UpdateConfig,
  UpdateServiceRequest,
  UpdateState,
  UpdateStatus,
  WatchRequest,
} from '#proto';
import type { Task } from '#proto';
import {
  aCall,
  aReadyNode,
  aSpec,
  makeTestControl,
  refusal,
  withContainer,
} from '../../_support/control.ts';
import type { TestControl } from '../../_support/control.ts';
import { aTask } from '../../_support/objects.ts';

const call = aCall();

async function create(own: TestControl, spec: ServiceSpec = aSpec()): Promise<Service> {
  const { service } = await own.control.createService(CreateServiceRequest.create({ spec }), call);
  return service as Service;
}

function update(
  own: TestControl,
  present: Service,
  change: Partial<ServiceSpec>,
  init: Partial<UpdateServiceRequest> = {},
): Promise<Service> {
  const request = UpdateServiceRequest.create({
    ref: present.id,
    version: present.meta?.version ?? 0,
    spec: { ...(present.spec as ServiceSpec), ...change },
    ...init,
  });
  return own.control.updateService(request, call).then(({ service }) => service as Service);
}

async function get(own: TestControl, ref: string): Promise<Service> {
  const answer = await own.control.getService(GetServiceRequest.create({ ref }), call);
  return answer.service as Service;
}

const replicas = (count: number): Partial<ServiceSpec> => ({
  mode: { kind: 'replicated', replicated: ReplicatedMode.create({ replicas: count }) },
});
const image = (name: string): Partial<ServiceSpec> => ({
  task: withContainer({ image: name }).task,
});

test('a created service is there at once, with its defaults filled in', async (t) => {
  const own = await makeTestControl();
  const created = await create(own);
  t.is(created.id.length, 25);
  t.true((created.meta?.version ?? 0) > 0);
  t.is(created.spec?.task?.containers[0]?.name, 'main');
  t.deepEqual(await get(own, 'web'), created);
});

test('a service without a name gets one', async (t) => {
  const own = await makeTestControl();
  const created = await create(own, aSpec({ name: '' }));
  t.regex(created.spec?.name ?? '', /^[a-z]+-[a-z]+-\d{4}$/);
});

test('a name that is taken is refused, whatever its case, also while it is being removed', async (t) => {
  const own = await makeTestControl();
  await create(own);
  const again = (): Promise<string> => refusal(create(own, aSpec({ name: 'WEB' })));
  t.is(
    await again(),
    'ALREADY_EXISTS: service WEB already exists: choose another --name or remove it with' +
      " 'tsctl service rm WEB'",
  );
  await own.control.removeService(RemoveServiceRequest.create({ ref: 'web' }), call);
  t.is(
    await again(),
    'ALREADY_EXISTS: service WEB is still being removed: try again when it is gone, or choose' +
      ' another --name',
  );
});

test('a service is found by id, by the beginning of its id and by name', async (t) => {
  const own = await makeTestControl();
  const { id } = await create(own);
  for (const ref of [id, id.slice(0, 12), 'web', 'Web']) t.is((await get(own, ref)).id, id);
  t.is(await refusal(get(own, 'db')), "NOT_FOUND: service db not found: see 'tsctl service ls'");
  t.is(await refusal(get(own, '')), 'INVALID_ARGUMENT: no service given: name one, or give its id');
  t.is(
    await refusal(get(own, 'a\nb')),
    String.raw`NOT_FOUND: service "a\nb" not found: see 'tsctl service ls'`,
  );
});

test('the beginning of two ids is ambiguous', async (t) => {
  const own = await makeTestControl();
  await own.store.update((tx) => {
    tx.create('service', Service.create({ id: 'abc1', spec: aSpec({ name: 'one' }) }));
    tx.create('service', Service.create({ id: 'abc2', spec: aSpec({ name: 'two' }) }));
  });
  t.is(
    await refusal(get(own, 'abc')),
    'AMBIGUOUS_NAME: service abc is ambiguous: it begins the ids abc1, abc2: use an id',
  );
});

test('spec_version moves when tasks must be replaced, and only then', async (t) => {
  const own = await makeTestControl();
  const first = await create(own);
  const scaled = await update(own, first, replicas(5));
  t.is(scaled.specVersion, first.specVersion);
  const labelled = await update(own, scaled, { labels: { a: 'b' } });
  t.is(labelled.specVersion, first.specVersion);
  const changed = await update(own, labelled, image('registry/web:2'));
  t.true(changed.specVersion > first.specVersion);
  const task = changed.spec?.task as TaskSpec;
  const forced = await update(own, changed, { task: { ...task, forceUpdate: 1 } });
  t.true(forced.specVersion > changed.specVersion);
  const ports = [PortConfig.create({ targetPort: 80, mode: PublishMode.HOST })];
  const published = await update(own, forced, { endpoint: EndpointSpec.create({ ports }) });
  t.true(published.specVersion > forced.specVersion);
});

test('an update from a stale version is refused and changes nothing', async (t) => {
  const own = await makeTestControl();
  const first = await create(own);
  const second = await update(own, first, replicas(5));
  const text = await refusal(update(own, first, replicas(7)));
  t.regex(text, /^STALE_VERSION: service web has changed since version \d+ \(now \d+\): read it/);
  t.deepEqual(await get(own, 'web'), second);
  t.regex(
    await refusal(update(own, first, replicas(7), { version: 0 })),
    /^INVALID_ARGUMENT: the update of service web names no version/,
  );
});

test('a service is neither renamed nor given another mode', async (t) => {
  const own = await makeTestControl();
  const first = await create(own);
  t.regex(
    await refusal(update(own, first, { name: 'db' })),
    /^UNIMPLEMENTED: renaming services is not supported: web cannot become db/,
  );
  t.regex(
    await refusal(update(own, first, { mode: { kind: 'global', global: {} } })),
    /^UNIMPLEMENTED: service mode change is not allowed: web is replicated/,
  );
});

test('rollback goes back to the previous spec, and a second one forth again', async (t) => {
  const own = await makeTestControl();
  const first = await create(own);
  const rollback = (): Promise<Service> =>
    update(own, first, {}, { rollback: true, version: 0, spec: undefined });
  t.is(
    await refusal(rollback()),
    'FAILED_PRECONDITION: service web has no previous spec to go back to: it was never updated',
  );
  const second = await update(own, first, image('registry/web:2'));
  const back = await rollback();
  t.deepEqual(back.spec, first.spec);
  t.deepEqual(back.previousSpec, second.spec);
  t.true(back.specVersion > second.specVersion);
  t.is(back.updateStatus?.state, UpdateState.ROLLBACK_STARTED);
  t.deepEqual((await rollback()).spec, second.spec);
});

test('a paused update stays paused when only the replicas change', async (t) => {
  const own = await makeTestControl();
  const first = await create(own);
  const updateStatus = UpdateStatus.create({ state: UpdateState.PAUSED });
  await own.store.update((tx) =>
    tx.update('service', { ...(tx.get('service', first.id) as Service), updateStatus }),
  );
  const scaled = await update(own, await get(own, 'web'), replicas(9));
  t.is(scaled.updateStatus?.state, UpdateState.PAUSED);
  const config = UpdateConfig.create({ parallelism: 2 });
  t.is((await update(own, scaled, { update: config })).updateStatus, undefined);
});

test('remove marks the service, twice too, and it takes no update any more', async (t) => {
  const own = await makeTestControl();
  const first = await create(own);
  const remove = RemoveServiceRequest.create({ ref: 'web' });
  t.is((await own.control.removeService(remove, call)).id, first.id);
  const removing = await get(own, 'web');
  t.true(removing.isRemoving);
  await own.control.removeService(remove, call);
  t.deepEqual(await get(own, 'web'), removing);
  t.is(
    await refusal(update(own, removing, replicas(1))),
    'FAILED_PRECONDITION: service web is being removed: create it anew',
  );
});

test('registry credentials are never read back, and survive an update that sends none', async (t) => {
  const own = await makeTestControl();
  const registryAuth = RegistryAuth.create({ username: 'me', password: 'hunter2' });
  const first = await create(own, withContainer({ registryAuth }));
  const second = await update(own, first, replicas(1));
  const third = await update(own, second, image('registry/web:2'));
  const stored = own.store.view((tx) => tx.get('service', first.id));
  t.deepEqual(stored?.spec?.task?.containers[0]?.registryAuth, registryAuth);
  t.is(second.specVersion, first.specVersion, 'credentials alone replace no task');

  await own.store.update((tx) =>
    tx.create('task', aTask({ serviceId: first.id, spec: stored?.spec?.task })),
  );
  const { services } = await own.control.listServices({ afterId: '' }, call);
  const { tasks } = await own.control.listTasks(ListTasksRequest.create(), call);
  const { task } = await own.control.getTask({ ref: 't1' }, call);
  for (const seen of [first, second, third, await get(own, 'web'), services, tasks, task])
    t.false(JSON.stringify(seen).includes('hunter2'));
});

test('credentials do not follow to another repository', async (t) => {
  const own = await makeTestControl();
  const registryAuth = RegistryAuth.create({ username: 'me', password: 'hunter2' });
  const first = await create(own, withContainer({ registryAuth }));
  await update(own, first, image('elsewhere/web:1'));
  const stored = own.store.view((tx) => tx.get('service', first.id));
  t.is(stored?.spec?.task?.containers[0]?.registryAuth, undefined);
});

function aRunningTask(id: string, serviceId: string, init: Partial<Task> = {}): Task {
  return aTask({
    id,
    serviceId,
    nodeId: 'n1',
    desiredState: TaskState.RUNNING,
    status: TaskStatus.create({ state: TaskState.RUNNING }),
    ...init,
  });
}

async function withTasks(t: ExecutionContext): Promise<TestControl & { service: Service }> {
  const own = await makeTestControl();
  const service = await create(own);
  const failed = TaskStatus.create({ state: TaskState.FAILED });
  const down = NodeStatus.create({ state: NodeState.DOWN });
  await own.store.update((tx) => {
    tx.create('node', aReadyNode('n1', 'host1'));
    tx.create('node', aReadyNode('n2', 'host2', { status: down }));
    tx.create('task', aRunningTask('a1', service.id, { slot: 1 }));
    tx.create('task', aRunningTask('a2', service.id, { slot: 2, nodeId: 'n2' }));
    const old = { slot: 3, status: failed, desiredState: TaskState.SHUTDOWN } as const;
    tx.create('task', aRunningTask('a3', service.id, old));
    const pending = TaskStatus.create({ state: TaskState.PENDING });
    tx.create('task', aRunningTask('a4', service.id, { slot: 3, status: pending, nodeId: '' }));
  });
  t.is(
    own.store.view((tx) => tx.count('task')),
    4,
  );
  return { ...own, service };
}

test('counts tell what runs on nodes that are not down, and what should', async (t) => {
  const own = await withTasks(t);
  const { counts } = await own.control.getService(GetServiceRequest.create({ ref: 'web' }), call);
  t.like(counts, { running: 1, desired: 3, completed: 0, serviceId: own.service.id });
  const list = await own.control.listServices({ afterId: '' }, call);
  t.deepEqual(list.counts, [counts]);
});

test('tasks are listed by service and node, the finished ones on demand', async (t) => {
  const own = await withTasks(t);
  const ids = async (init: Partial<ListTasksRequest>): Promise<string> => {
    const { tasks } = await own.control.listTasks(ListTasksRequest.create(init), call);
    return tasks.map((task) => task.id).join();
  };
  t.is(await ids({}), 'a1,a2,a4');
  t.is(await ids({ includeHistory: true }), 'a1,a2,a3,a4');
  t.is(await ids({ serviceRef: 'web', nodeRef: 'host2' }), 'a2');
  t.is(await ids({ nodeRef: 'host1', includeHistory: true }), 'a1,a3');
  t.is(await ids({ afterId: 'a1' }), 'a2,a4');
  t.is(
    await refusal(ids({ nodeRef: 'host9' })),
    "NOT_FOUND: node host9 not found: see 'tsctl node ls'",
  );
});

test('a task is found by id, by its beginning and as SERVICE.SLOT', async (t) => {
  const own = await withTasks(t);
  const find = async (ref: string): Promise<string> =>
    (await own.control.getTask({ ref }, call)).task?.id ?? '';
  t.is(await find('a2'), 'a2');
  t.is(await find('web.3'), 'a4');
  t.is(await find('web.3.a3'), 'a3');
  t.regex(await refusal(find('web.9')), /^NOT_FOUND: task web.9 not found/);
  t.regex(await refusal(find('a')), /^AMBIGUOUS_NAME: task a is ambiguous/);
});

test('a list that one answer cannot hold comes in pages', async (t) => {
  const own = await makeTestControl();
  const service = await create(own);
  const spec = withContainer({ args: ['x'.repeat(100_000)] }).task;
  const all = Array.from({ length: 70 }, (_, i) => `t${100 + i}`);
  await own.store.batch(all, (tx, id) =>
    tx.create('task', aRunningTask(id, service.id, { spec, slot: 1 })),
  );
  const seen: string[] = [];
  let afterId = '';
  let calls = 0;
  do {
    const page = await own.control.listTasks(ListTasksRequest.create({ afterId }), call);
    seen.push(...page.tasks.map((task) => task.id));
    afterId = page.nextAfterId;
    calls++;
  } while (afterId !== '');
  t.deepEqual(seen, all);
  t.is(calls, 7);
});

test('a fixed host port with more replicas than nodes is worth a warning', async (t) => {
  const own = await makeTestControl();
  await own.store.update((tx) => tx.create('node', aReadyNode('n1', 'host1')));
  const port = PortConfig.create({ targetPort: 80, publishedPort: 80, mode: PublishMode.HOST });
  const spec = aSpec({ endpoint: EndpointSpec.create({ ports: [port] }) });
  const { warnings } = await own.control.createService({ spec }, call);
  t.deepEqual(warnings, [
    '3 replicas publish port 80 of their host, one fits on a node, and active nodes are 1',
  ]);
});

test('only local callers and managers may use the control API; others are counted', async (t) => {
  const refusals: string[] = [];
  const nothing = { set: () => undefined, observe: () => undefined };
  const own = await makeTestControl({
    metrics: {
      counter: (name) => ({ inc: (labels) => refusals.push(`${name} ${labels?.['method']}`) }),
      gauge: () => nothing,
      observedGauge: () => undefined,
      histogram: () => nothing,
    },
  });
  const worker = aCall({ kind: 'node', nodeId: 'n9', role: NodeRole.WORKER });
  const manager = aCall({ kind: 'node', nodeId: 'n1', role: NodeRole.MANAGER });
  const spec = aSpec();
  t.is(
    await refusal(own.control.createService({ spec }, worker)),
    'PERMISSION_DENIED: node n9 may not use the control API: run tsctl on a manager, or with its' +
      ' certificate',
  );
  const iterate = async (context = worker): Promise<void> => {
    for await (const _ of own.control.watch(WatchRequest.create(), context)) return;
  };
  t.regex(await refusal(iterate()), /^PERMISSION_DENIED/);
  t.regex(await refusal(iterate(aCall({ kind: 'anonymous' }))), /^PERMISSION_DENIED: anonymous/);
  t.is(
    own.store.view((tx) => tx.count('service')),
    0,
  );
  t.is(await refusal(own.control.createService({ spec }, manager)), 'accepted');
  t.is(await refusal(iterate(manager)), 'accepted');
  t.deepEqual(refusals, [
    'tessera_control_refused_total createService',
    'tessera_control_refused_total watch',
    'tessera_control_refused_total watch',
  ]);
});

test('a container without a name that another one has is still told apart', async (t) => {
  const own = await makeTestControl();
  const containers = [ContainerSpec.create({ image: 'a' }), ContainerSpec.create({ image: 'b' })];
  const { spec } = await create(own, aSpec({ task: TaskSpec.create({ containers }) }));
  t.deepEqual(
    spec?.task?.containers.map(({ name }) => name),
    ['main', 'main-2'],
  );
});
