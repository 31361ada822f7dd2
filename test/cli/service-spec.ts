import test from 'ava';
import { MountKind, RestartCondition, ServiceSpec, UpdateOrder, toJson } from '#proto';
import { UsageError } from '#cli/cli';
import { specFromFlags } from '#cli/service/create-spec';
import { optionKey } from '#cli/service/settings';
import { changedSpec } from '#cli/service/update-spec';

const sources = { env: { HERE: 'yes' }, readFile: () => 'A=file\nB=file\n' };
const create = (flags: Record<string, unknown>): ServiceSpec =>
  specFromFlags('busybox:latest', ['sh'], flags, sources);
const container = (spec: ServiceSpec) => spec.task?.containers[0];
const usage = { instanceOf: UsageError };

test('nothing but an image makes one replica and says nothing else', (t) => {
  t.deepEqual(toJson(ServiceSpec, create({})), {
    task: {
      containers: [{ image: 'busybox:latest', args: ['sh'], isReadOnly: false, tty: false }],
      forceUpdate: 0,
    },
    replicated: { replicas: 1 },
  });
});

test('every flag reaches its field', (t) => {
  const spec = create({
    name: 'web',
    replicas: '3',
    label: ['tier=front', 'flag'],
    containerLabel: ['a=b'],
    constraint: ['node.labels.zone==a', 'node.role==worker'],
    placementPref: ['spread=node.labels.zone'],
    replicasMaxPerNode: '2',
    entrypoint: '/bin/sh -c',
    workdir: '/srv',
    user: 'app:app',
    hostname: 'box',
    tty: true,
    readOnly: true,
    stopSignal: 'usr1',
    stopGracePeriod: '1m30s',
    limitCpu: '0.5',
    limitMemory: '64m',
    limitPids: '100',
    reserveCpu: '0.25',
    reserveMemory: '32m',
    restartCondition: 'on-failure',
    restartDelay: '2s',
    restartMaxDelay: '1m',
    restartMaxAttempts: '5',
    restartWindow: '1h',
    publish: ['mode=host,published=8080,target=80'],
    mount: ['type=tmpfs,target=/tmp'],
    group: ['extra'],
    capAdd: ['NET_ADMIN'],
    capDrop: ['CHOWN'],
    sysctl: ['net.core.somaxconn=1024'],
    env: ['A=1', 'HERE'],
  });
  t.is(spec.name, 'web');
  t.deepEqual(spec.mode, { kind: 'replicated', replicated: { replicas: 3 } });
  t.deepEqual(spec.labels, { tier: 'front', flag: '' });
  t.like(spec.task?.placement, {
    constraints: ['node.labels.zone==a', 'node.role==worker'],
    preferences: ['spread=node.labels.zone'],
    replicasMaxPerNode: 2,
    platforms: [],
  });
  t.like(container(spec), {
    command: ['/bin/sh', '-c'],
    workingDirectory: '/srv',
    user: 'app:app',
    tty: true,
    isReadOnly: true,
    stopSignal: 'SIGUSR1',
    stopGracePeriodMs: 90_000,
    labels: { a: 'b' },
    groups: ['extra'],
    capabilityAdd: ['NET_ADMIN'],
    capabilityDrop: ['CHOWN'],
    sysctls: { 'net.core.somaxconn': '1024' },
    env: ['A=1', 'HERE=yes'],
  });
  t.is(container(spec)?.mounts[0]?.kind, MountKind.TMPFS);
  t.is(spec.task?.hostname, 'box');
  t.like(spec.task?.resources?.limits, { cpuNano: 5e8, memoryBytes: 64 << 20, pids: 100 });
  t.like(spec.task?.resources?.reservations, { cpuNano: 25e7, memoryBytes: 32 << 20 });
  t.deepEqual(spec.task?.restart, {
    condition: RestartCondition.ON_FAILURE,
    delayMs: 2_000,
    delayMaxMs: 60_000,
    attemptsMax: 5,
    windowMs: 3_600_000,
  });
  t.is(spec.endpoint?.ports[0]?.publishedPort, 8080);
});

test('one update flag leaves the others at their defaults', (t) => {
  const spec = create({ updateOrder: 'start-first' });
  t.like(spec.update, { order: UpdateOrder.START_FIRST, parallelism: 1, monitorMs: 5_000 });
  t.is(spec.rollback, undefined);
});

test('a global service has no replicas', (t) => {
  t.is(create({ mode: 'global' }).mode?.kind, 'global');
  t.regex(
    t.throws(() => create({ mode: 'global', replicas: '3' }), usage).message,
    /--replicas: a global service runs once on every node/,
  );
});

test('--env wins over --env-file', (t) => {
  t.deepEqual(container(create({ envFile: ['f'], env: ['B=flag'] }))?.env, ['A=file', 'B=flag']);
});

test('wrong values name the flag and the value', (t) => {
  const cases: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ replicas: 'x' }, "--replicas 'x': use a whole number, 0 to 100000"],
    [{ mode: 'swarm' }, "--mode 'swarm': use one of replicated, global"],
    [{ limitCpu: 'lots' }, "--limit-cpu 'lots': write a number of processors as in 0.5 or 2"],
    [{ limitMemory: '5q' }, "--limit-memory '5q': write a size as in 64m, 1.5g or 1GiB"],
    [{ restartCondition: 'x' }, "--restart-condition 'x': use one of any, on-failure, none"],
    [{ updateMaxFailureRatio: '2' }, "--update-max-failure-ratio '2': use a number of 0 to 1"],
    [{ stopSignal: '9' }, "--stop-signal '9': use a signal's name as in SIGTERM"],
    [{ label: ['=x'] }, "--label '=x': write it as KEY=VALUE"],
    [
      { rollbackFailureAction: 'rollback' },
      "--rollback-failure-action 'rollback': use one of pause, continue",
    ],
  ];
  for (const [flags, message] of cases) t.is(t.throws(() => create(flags), usage).message, message);
});

test('an update changes what its flags say and keeps the rest', (t) => {
  const before = create({
    env: ['A=1', 'B=2'],
    label: ['x=1'],
    mount: ['type=volume,src=data,dst=/data'],
    publish: ['mode=host,published=8080,target=80'],
    limitMemory: '64m',
  });
  const after = changedSpec(
    before,
    {
      envAdd: ['B=3', 'C=4'],
      envRm: ['A'],
      labelRm: ['x'],
      mountRm: ['/data'],
      mountAdd: ['type=bind,src=/srv,dst=/data'],
      publishRm: ['80'],
      publishAdd: ['mode=host,published=9090,target=80'],
      image: 'busybox:2',
      args: 'sleep 5',
      limitCpu: '1',
      readOnly: false,
    },
    {},
  );
  t.deepEqual(container(after)?.env, ['B=3', 'C=4']);
  t.deepEqual(after.labels, {});
  t.is(container(after)?.mounts[0]?.source, '/srv');
  t.is(container(after)?.mounts.length, 1);
  t.deepEqual(
    after.endpoint?.ports.map((port) => port.publishedPort),
    [9090],
  );
  t.is(container(after)?.image, 'busybox:2');
  t.deepEqual(container(after)?.args, ['sleep', '5']);
  t.like(after.task?.resources?.limits, { cpuNano: 1e9, memoryBytes: 64 << 20 });
});

test('an update without flags is the same spec, byte for byte', (t) => {
  const before = create({ env: ['A=1'], replicas: '3', constraint: ['node.role==worker'] });
  t.deepEqual(changedSpec(before, {}, {}), before);
});

test('--force counts up', (t) => {
  t.is(changedSpec(create({}), { force: true }, {}).task?.forceUpdate, 1);
});

test('flags have the names that commander gives their values', (t) => {
  t.is(optionKey('-w, --workdir'), 'workdir');
  t.is(optionKey('--restart-max-attempts'), 'restartMaxAttempts');
});
