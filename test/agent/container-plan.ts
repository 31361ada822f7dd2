import test from 'ava';
import { ClusterError } from '#lib';
import { ContainerSpec, Mount, MountKind, ResourceRequirements, Resources, TaskSpec } from '#proto';
import type { Task } from '#proto';
import type { ImageConfig } from '#agent';
import { containerPlan, volumeNeeds } from '#agent/task/container-plan';
import type { HeldResources } from '#agent/task/generic-resources';
import { containersOf } from '#agent/task/task-spec';
import { assigned } from '#test/_support/agent-world';

const files = { hostsPath: '/h', hostnamePath: '/n', resolverPath: '/r' };
const bare: ImageConfig = {
  digest: 'sha256:1',
  entrypoint: [],
  command: [],
  env: [],
  workingDirectory: '',
  user: '',
  stopSignal: '',
  volumes: [],
};

function planOf(
  spec: Partial<ContainerSpec>,
  image: Partial<ImageConfig> = {},
  task: Partial<Task> = {},
  volumes: readonly (readonly [string, string])[] = [],
  held: HeldResources = {},
) {
  const containers = [ContainerSpec.create({ image: 'web:1', args: ['run'], ...spec })];
  const whole = assigned('abcdefghijklmnopqrstuvwxy', {
    spec: TaskSpec.create({ containers }),
    ...task,
  });
  const [container] = containersOf(whole);
  if (container === undefined) throw new Error('no container');
  return containerPlan({
    task: whole,
    container,
    image: { ...bare, ...image },
    volumes: new Map(volumes),
    files,
    networkNamespacePath: '/run/netns/x',
    attempt: 1,
    held,
  });
}

const commands: readonly (readonly [
  string,
  readonly string[],
  readonly string[],
  readonly string[],
  readonly string[],
  readonly string[],
])[] = [
  ['the image alone', [], [], ['/entry'], ['default'], ['/entry', 'default']],
  ['args replace the command', [], ['a'], ['/entry'], ['default'], ['/entry', 'a']],
  ['a command replaces entrypoint and command', ['/c'], [], ['/entry'], ['default'], ['/c']],
  ['both replace both', ['/c'], ['a'], ['/entry'], ['default'], ['/c', 'a']],
  ['an image without entrypoint', [], ['a', 'b'], [], ['default'], ['a', 'b']],
];

for (const [title, command, args, entrypoint, imageCommand, expected] of commands)
  test(`what runs, as docker has it: ${title}`, (t) => {
    t.deepEqual(planOf({ command, args }, { entrypoint, command: imageCommand }).args, expected);
  });

test('an image with nothing to run needs a command', (t) => {
  const error = t.throws(() => planOf({ args: [] }), { instanceOf: ClusterError });
  t.is(error?.code, 'INVALID_SPEC');
  t.is(error?.message, 'image web:1 has no command of its own: give one after the image');
});

test('environment: the spec wins, then ours, then the image, then the default', (t) => {
  const { env } = planOf(
    { env: ['A=spec', 'TESSERA_TASK_SLOT=9', 'EMPTY='] },
    { env: ['A=image', 'B=image', 'PATH=/image', 'TESSERA_NODE_ID=image'] },
  );
  t.deepEqual(env, [
    'PATH=/image',
    'HOSTNAME=abcdefghijkl',
    'A=spec',
    'B=image',
    'TESSERA_NODE_ID=node1',
    'TESSERA_TASK_ID=abcdefghijklmnopqrstuvwxy',
    'TESSERA_TASK_SLOT=9',
    'TESSERA_SERVICE_ID=service1',
    'TESSERA_SERVICE_NAME=web',
    'EMPTY=',
  ]);
});

test('user and working directory come from the spec, else from the image, else root in /', (t) => {
  t.is(planOf({}).workingDirectory, '/');
  t.is(planOf({}, { workingDirectory: '/w', user: 'www' }).workingDirectory, '/w');
  t.is(planOf({}, { user: 'www' }).user, 'www');
  t.is(planOf({ user: '1:2', workingDirectory: '/s' }, { user: 'www' }).user, '1:2');
});

test('the host name is as asked for, else the short id of the task', (t) => {
  t.is(planOf({}).hostname, 'abcdefghijkl');
  const containers = [ContainerSpec.create({ image: 'web:1', args: ['run'] })];
  const spec = TaskSpec.create({ containers, hostname: 'db' });
  t.is(planOf({}, {}, { spec }).hostname, 'db');
});

test('our labels cannot be overwritten', (t) => {
  const { labels } = planOf({ labels: { mine: '1', 'tessera.task.id': 'forged' } });
  t.is(labels['mine'], '1');
  t.is(labels['tessera.task.id'], 'abcdefghijklmnopqrstuvwxy');
});

test('mounts: our files, then short targets before long ones; a mount of the user wins', (t) => {
  const mount = (kind: MountKind, source: string, target: string) =>
    Mount.create({ kind, source, target });
  const { mounts } = planOf(
    {
      mounts: [
        mount(MountKind.VOLUME, 'data', '/a/b'),
        mount(MountKind.BIND, '/host', '/a'),
        mount(MountKind.BIND, '/my/hosts', '/etc/hosts'),
        Mount.create({ kind: MountKind.TMPFS, target: '/t', tmpfsSizeBytes: 1024, tmpfsMode: 448 }),
      ],
    },
    { volumes: ['/anonymous', '/a'] },
    {},
    [
      ['main//a/b', '/volumes/data/_data'],
      ['main//anonymous', '/tasks/x/1'],
    ],
  );
  t.deepEqual(
    mounts.map(({ kind, source, target }) => `${kind} ${source} ${target}`),
    [
      'bind /n /etc/hostname',
      'bind /r /etc/resolv.conf',
      'bind /host /a',
      'tmpfs  /t',
      'bind /volumes/data/_data /a/b',
      'bind /my/hosts /etc/hosts',
      'bind /tasks/x/1 /anonymous',
    ],
  );
  const tmpfs = mounts.find(({ kind }) => kind === 'tmpfs');
  t.is(tmpfs?.sizeBytes, 1024);
  t.is(tmpfs?.mode, 448);
});

test('volumes an image asks for are needed unless the spec mounts something there', (t) => {
  const mounts = [
    Mount.create({ kind: MountKind.BIND, source: '/host', target: '/data' }),
    Mount.create({ kind: MountKind.VOLUME, target: '/anonymous' }),
    Mount.create({ kind: MountKind.VOLUME, source: 'named', target: '/named' }),
  ];
  const containers = [ContainerSpec.create({ image: 'web:1', mounts })];
  const task = assigned('t', { spec: TaskSpec.create({ containers }) });
  const needs = volumeNeeds(task, new Map([['web:1', { ...bare, volumes: ['/data', '/more'] }]]));
  t.deepEqual(
    needs.map(({ key, kind, source }) => `${key} ${kind} ${source}`.trim()),
    [
      'main//data bind /host',
      'main//anonymous anonymous',
      'main//named named named',
      'main//more anonymous',
    ],
  );
});

test('what a task reserves of a host is in its environment, named ones also in its labels', (t) => {
  const reservations = Resources.create({ generic: { gpu: 2, 'a.b/c': 3, none: 0 } });
  const resources = ResourceRequirements.create({ reservations });
  const containers = [ContainerSpec.create({ image: 'web:1', args: ['run'] })];
  const task = { spec: TaskSpec.create({ containers, resources }) };
  const { env, labels } = planOf({}, {}, task, [], { gpu: ['u1', 'u2'] });
  t.deepEqual(
    env.filter((entry) => entry.startsWith('DOCKER_RESOURCE_')),
    ['DOCKER_RESOURCE_GPU=u1,u2', 'DOCKER_RESOURCE_A_B_C=3'],
  );
  t.is(labels['tessera.resource.gpu'], 'u1,u2');
  t.is(labels['tessera.resource.a.b/c'], undefined);
});

test('labels that agents read are theirs alone', (t) => {
  const { labels } = planOf({
    labels: { app: 'web', 'tessera.resource.gpu': 'u1', 'tessera.start.attempt': '3' },
  });
  t.is(labels['app'], 'web');
  t.is(labels['tessera.resource.gpu'], undefined);
  t.is(labels['tessera.start.attempt'], undefined);
});
