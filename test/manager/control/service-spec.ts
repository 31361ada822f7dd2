import test from 'ava';
import fc from 'fast-check';
import {
  ContainerSpec,
  EndpointSpec,
  Mount,
  MountKind,
  Placement,
  PortConfig,
  Protocol,
  PublishMode,
  ReplicatedMode,
  ResourceRequirements,
  Resources,
  RestartPolicy,
  ServiceSpec,
  TaskSpec,
  UpdateConfig,
} from '#proto';
import { parseImageReference } from '#manager/control/image-reference';
import { normaliseSpec } from '#manager/control/normalise-spec';
import { aCall, aSpec, makeTestControl, refusal, withContainer } from '../../_support/control.ts';

const container = ContainerSpec.create({ image: 'web' });
const task = (init: Partial<TaskSpec>): ServiceSpec =>
  aSpec({ task: TaskSpec.create({ containers: [container], ...init }) });
const limit = (init: Partial<Resources>): ServiceSpec =>
  task({ resources: ResourceRequirements.create({ limits: Resources.create(init) }) });
const reserve = (init: Partial<Resources>, limits?: Partial<Resources>): ServiceSpec =>
  task({
    resources: ResourceRequirements.create({
      reservations: Resources.create(init),
      limits: limits === undefined ? undefined : Resources.create(limits),
    }),
  });
const place = (init: Partial<Placement>): ServiceSpec =>
  task({ placement: Placement.create(init) });
const restart = (init: Partial<RestartPolicy>): ServiceSpec =>
  task({ restart: RestartPolicy.create(init) });
const host = (init: Partial<PortConfig>): PortConfig =>
  PortConfig.create({ targetPort: 80, mode: PublishMode.HOST, ...init });
const publish = (...ports: PortConfig[]): ServiceSpec =>
  aSpec({ endpoint: EndpointSpec.create({ ports }) });
const mounts = (...list: Partial<Mount>[]): ServiceSpec =>
  withContainer({ mounts: list.map((mount) => Mount.create(mount)) });

const refused: readonly (readonly [ServiceSpec, string])[] = [
  [
    aSpec({ name: 'we b' }),
    'INVALID_SPEC: --name "we b" is not valid: use letters and digits, with - and _ between them, at most 63',
  ],
  [
    aSpec({ name: '-web' }),
    'INVALID_SPEC: --name "-web" is not valid: use letters and digits, with - and _ between them, at most 63',
  ],
  [
    aSpec({ name: 'a'.repeat(64) }),
    `INVALID_SPEC: --name "${'a'.repeat(64)}" is not valid: use letters and digits, with - and _ between them, at most 63`,
  ],
  [
    aSpec({
      mode: { kind: 'replicated', replicated: ReplicatedMode.create({ replicas: 100_001 }) },
    }),
    'INVALID_SPEC: --replicas is 100001: use a whole number from 0 to 100000',
  ],
  [
    ServiceSpec.create({ name: 'web' }),
    'INVALID_SPEC: the service has no task spec: name an image',
  ],
  [aSpec({ task: TaskSpec.create() }), 'INVALID_SPEC: the service has no container: name an image'],
  [
    aSpec({ labels: { 'a b': '1' } }),
    'INVALID_SPEC: --label "a b" is not a label name: use no spaces and no \'=\', at most 256',
  ],
  [
    aSpec({ labels: { a: 'x'.repeat(4097) } }),
    'INVALID_SPEC: --label "a": the value is longer than 4096 characters',
  ],
  [withContainer({ image: '' }), 'INVALID_SPEC: no image given: name one, as in registry/path:tag'],
  [
    withContainer({ image: 'Web' }),
    'INVALID_SPEC: image "Web" is not a valid reference: the name must be lower-case',
  ],
  [
    withContainer({ image: 'web:' }),
    'INVALID_SPEC: image "web:" is not a valid reference: the tag after \':\' is missing',
  ],
  [
    withContainer({ image: 'web@sha256:12' }),
    'INVALID_SPEC: image "web@sha256:12" is not a valid reference: the digest is not sha256: with 64' +
      ' (or sha512: with 128) lower-case hex digits',
  ],
  [
    withContainer({ name: 'Main' }),
    'INVALID_SPEC: container name "Main" is not valid: use lower-case letters, digits and -, at most 63',
  ],
  [
    task({ containers: [container, ContainerSpec.create({ image: 'b', name: 'main' })] }),
    'INVALID_SPEC: two containers are named "main": give each its own name',
  ],
  [withContainer({ env: ['A'] }), 'INVALID_SPEC: --env "A": write it as NAME=VALUE'],
  [withContainer({ env: ['=1'] }), 'INVALID_SPEC: --env "=1": write it as NAME=VALUE'],
  [
    withContainer({ env: [`A=${'x'.repeat(131_072)}`] }),
    'INVALID_SPEC: --env "A" is longer than 131072 bytes: shorten it',
  ],
  [
    withContainer({ env: Array.from({ length: 1001 }, (_, i) => `A${i}=1`) }),
    'INVALID_SPEC: --env: 1001 entries are too many: use at most 1000',
  ],
  [
    withContainer({ command: ['a\0b'] }),
    'INVALID_SPEC: --entrypoint holds a NUL character: remove it',
  ],
  [
    withContainer({ workingDirectory: 'tmp' }),
    'INVALID_SPEC: --workdir "tmp" is not an absolute path without \'..\'',
  ],
  [
    withContainer({ user: 'a b' }),
    'INVALID_SPEC: --user "a b" is not valid: write uid, name, uid:gid or name:group',
  ],
  [
    withContainer({ capabilityAdd: ['net admin'] }),
    'INVALID_SPEC: --cap-add "NET ADMIN" is not valid: write a capability as in CAP_NET_ADMIN, or ALL',
  ],
  [
    withContainer({ stopSignal: 'TERM!' }),
    'INVALID_SPEC: --stop-signal "TERM!" is not valid: write a name as in SIGTERM',
  ],
  [
    withContainer({ stopGracePeriodMs: 31_536_000_001 }),
    'INVALID_SPEC: --stop-grace-period (ms) is 31536000001: use a whole number from 0 to 31536000000',
  ],
  [
    withContainer({ sysctls: { 'no spaces': '1' } }),
    'INVALID_SPEC: --sysctl "no spaces" is not valid: write a name as in net.ipv4.ip_forward',
  ],
  [
    mounts({ kind: MountKind.BIND, source: '/a' }),
    'INVALID_SPEC: --mount has no target: add target=/path',
  ],
  [
    mounts({ kind: MountKind.BIND, target: '/a' }),
    'INVALID_SPEC: --mount of "/a" has no source: add source=/path',
  ],
  [
    mounts({ kind: MountKind.BIND, source: '/a/../b', target: '/a' }),
    'INVALID_SPEC: --mount source of "/a" "/a/../b" is not an absolute path without \'..\'',
  ],
  [
    mounts({ kind: MountKind.VOLUME, source: 'v', target: 'data' }),
    'INVALID_SPEC: --mount target "data" is not an absolute path without \'..\'',
  ],
  [
    mounts({ kind: MountKind.VOLUME, source: '/srv', target: '/data' }),
    'INVALID_SPEC: --mount source "/srv" is not a volume name: use letters, digits, _ . -, at most' +
      ' 128 (a path needs type=bind)',
  ],
  [
    mounts({ kind: MountKind.TMPFS, source: 'x', target: '/data' }),
    'INVALID_SPEC: --mount of "/data" is a tmpfs: it takes no source',
  ],
  [
    mounts({ kind: MountKind.VOLUME, target: '/data', tmpfsSizeBytes: 1 }),
    'INVALID_SPEC: --mount of "/data": tmpfs-size and tmpfs-mode need type=tmpfs',
  ],
  [
    mounts(
      { kind: MountKind.VOLUME, source: 'a', target: '/data' },
      { kind: MountKind.VOLUME, source: 'b', target: '/data/' },
    ),
    'INVALID_SPEC: two --mount have the target "/data": give each its own',
  ],
  [
    mounts({ kind: MountKind.TMPFS, target: '/' }),
    "INVALID_SPEC: --mount target '/' would hide the image: use a directory in it",
  ],
  [
    limit({ cpuNano: 999_999 }),
    'INVALID_SPEC: --limit-cpu 0.000999999 is out of range: use 0.001 to 4096',
  ],
  [
    limit({ memoryBytes: (4 << 20) - 1 }),
    'INVALID_SPEC: --limit-memory 4194303 bytes is too little: use at least 4MiB',
  ],
  [
    reserve({ memoryBytes: 1 }),
    'INVALID_SPEC: --reserve-memory 1 bytes is too little: use at least 4MiB',
  ],
  [
    reserve({ cpuNano: 2e9 }, { cpuNano: 1e9 }),
    'INVALID_SPEC: --reserve-cpu 2 is above --limit-cpu 1: lower it, or raise the limit',
  ],
  [
    place({ constraints: ['node.labels.zone'] }),
    'INVALID_SPEC: constraint "node.labels.zone": has neither == nor !=; write KEY==VALUE or' +
      ' KEY!=VALUE, as in node.labels.zone==a',
  ],
  [
    place({ preferences: ['binpack'] }),
    'INVALID_SPEC: placement preference "binpack" is not understood; write spread=node.labels.NAME',
  ],
  [
    restart({ delayMs: 2000, delayMaxMs: 1000 }),
    'INVALID_SPEC: --restart-delay-max 1000 ms is below --restart-delay 2000 ms: raise it',
  ],
  [
    task({ hostname: 'no_underscore' }),
    'INVALID_SPEC: --hostname "no_underscore" is not a host name: use letters, digits, - and dots',
  ],
  [
    aSpec({ update: UpdateConfig.create({ maxFailureRatio: 1.5 }) }),
    'INVALID_SPEC: --update-max-failure-ratio 1.5 is out of range: use 0 to 1',
  ],
  [
    aSpec({ rollback: UpdateConfig.create({ failureAction: 2 }) }),
    'INVALID_SPEC: --rollback-failure-action rollback is not possible: use pause or continue',
  ],
  [
    publish(host({ targetPort: 0 })),
    'INVALID_SPEC: --publish target is 0: use a whole number from 1 to 65535',
  ],
  [
    publish(host({ publishedPort: 65_536 })),
    'INVALID_SPEC: --publish published is 65536: use a whole number from 1 to 65535',
  ],
  [
    publish(host({ publishedPort: 80 }), host({ publishedPort: 80, targetPort: 81 })),
    'INVALID_SPEC: two --publish ask for port 80/tcp of the host: give each its own',
  ],
  [
    publish(host({ hostIp: `${':'.repeat(4_000)}x` })),
    'INVALID_SPEC: --publish host_ip is too long for an IP address',
  ],
  [
    publish(host({ hostIp: 'localhost' })),
    'INVALID_SPEC: --publish host_ip "localhost" is not an IP address: write one, or leave it out',
  ],
  [
    aSpec({
      mode: { kind: 'global', global: {} },
      task: TaskSpec.create({
        containers: [container],
        placement: Placement.create({ replicasMaxPerNode: 1 }),
      }),
    }),
    'INVALID_SPEC: --replicas-max-per-node needs --mode replicated: a global service has one task per' +
      ' node',
  ],
  [
    withContainer({ args: Array.from({ length: 3 }, () => 'x'.repeat(100_000)) }),
    'INVALID_SPEC: the spec of service web takes 300051 bytes: shorten it to at most 262144',
  ],
];

test('every fault of a service spec is refused with one line that says what to do', async (t) => {
  const { control, store } = await makeTestControl();
  for (const [spec, text] of refused)
    t.is(await refusal(control.createService({ spec }, aCall())), text);
  t.is(
    store.view((tx) => tx.count('service')),
    0,
    'nothing half-done',
  );
  for (const [, text] of refused) t.false(text.includes('\n'));
});

const accepted: readonly ServiceSpec[] = [
  aSpec(),
  aSpec({ name: 'a' }),
  aSpec({ name: `a${'_-'.repeat(30)}9` }),
  aSpec({ mode: { kind: 'replicated', replicated: ReplicatedMode.create({ replicas: 0 }) } }),
  aSpec({ mode: { kind: 'global', global: {} } }),
  aSpec({ labels: { 'traefik.http.routers.a.tls.domains[0].main': 'x', 'com.example/a': '' } }),
  withContainer({ user: '1000:1000', workingDirectory: '/srv', env: ['A=', 'B=c=d'] }),
  withContainer({ capabilityAdd: ['net_admin', 'ALL'], stopSignal: 'sigusr1' }),
  limit({ cpuNano: 1_000_000, memoryBytes: 4 << 20, pids: 1 }),
  place({ constraints: ['node.labels.zone != a'], preferences: ['spread=node.labels.rack'] }),
  publish(host({ publishedPort: 53 }), host({ publishedPort: 53, protocol: Protocol.UDP })),
  publish(
    host({ publishedPort: 80, hostIp: '10.0.0.1' }),
    host({ publishedPort: 80, hostIp: '::1' }),
  ),
  publish(host({}), host({})),
];

test('specs at the edge of what is allowed are accepted', async (t) => {
  for (const spec of accepted) {
    const { control } = await makeTestControl();
    t.is(await refusal(control.createService({ spec }, aCall())), 'accepted');
  }
});

test('two services may publish the same port of the host: the scheduler keeps them apart', async (t) => {
  const { control } = await makeTestControl();
  const port = publish(host({ publishedPort: 80 }));
  await control.createService({ spec: { ...port, name: 'a' } }, aCall());
  t.is(await refusal(control.createService({ spec: { ...port, name: 'b' } }, aCall())), 'accepted');
});

test('image references are taken apart', (t) => {
  const cases = [
    ['web', '', 'web', '', ''],
    ['web:1.0', '', 'web', '1.0', ''],
    ['a/b/c', '', 'a/b/c', '', ''],
    ['localhost/a', 'localhost', 'a', '', ''],
    ['host:5000/a:b', 'host:5000', 'a', 'b', ''],
    ['[::1]:5000/a', '[::1]:5000', 'a', '', ''],
    ['registry.example.com/a__b.c-d', 'registry.example.com', 'a__b.c-d', '', ''],
    [`a@sha256:${'0'.repeat(64)}`, '', 'a', '', `sha256:${'0'.repeat(64)}`],
  ] as const;
  for (const [text, registry, path, tag, digest] of cases)
    t.deepEqual(parseImageReference(text), { registry, path, tag, digest }, text);
  for (const bad of ['', ':', '@', 'a b', 'A', 'a//b', 'a:b:c', '-a', 'a-', 'http://a/b', 'a@b'])
    t.is(typeof parseImageReference(bad), 'string', bad);
});

test('a normalised spec is normal, and equal maps in another order encode the same', (t) => {
  const spec = fc
    .tuple(fc.dictionary(fc.string(), fc.string()), fc.array(fc.constantFrom('', 'a', 'b')))
    .map(([labels, names]) =>
      aSpec({
        labels,
        task: TaskSpec.create({
          containers: names.map((name) => ContainerSpec.create({ name, image: 'x', labels })),
        }),
      }),
    );
  fc.assert(
    fc.property(spec, (given) => {
      const once = normaliseSpec(given);
      t.deepEqual(normaliseSpec(once), once);
      const labels = Object.fromEntries(Object.entries(given.labels).toReversed());
      t.deepEqual(
        ServiceSpec.encode(normaliseSpec({ ...given, labels })),
        ServiceSpec.encode(normaliseSpec(given)),
      );
    }),
    { numRuns: 50 },
  );
});
