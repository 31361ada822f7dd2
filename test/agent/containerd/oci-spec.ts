import test from 'ava';
import { ClusterError } from '#lib';
import { Resources } from '#proto';
import type { ContainerPlan } from '#agent';
import {
  allCapabilities,
  capabilitySet,
  defaultCapabilities,
} from '#agent/containerd/capabilities';
import { cgroupResources, defaultPidsMax } from '#agent/containerd/cgroup-resources';
import { buildSpec } from '#agent/containerd/oci-spec';
import type { SpecContext } from '#agent/containerd/oci-spec';
import { seccompProfile } from '#agent/containerd/seccomp';
import { allowedSyscalls } from '#agent/containerd/seccomp-syscalls';
import { signalNumber } from '#agent/containerd/signals';
import { resolveUser } from '#agent/containerd/user';

const plan: ContainerPlan = {
  id: 'task1.main',
  taskId: 'task1',
  containerName: 'main',
  image: 'web:1',
  args: ['serve'],
  env: ['A=b'],
  workingDirectory: '',
  user: '',
  groups: [],
  hostname: 'box',
  mounts: [],
  isRootReadOnly: false,
  capabilityAdd: [],
  capabilityDrop: [],
  tty: false,
  sysctls: {},
  limits: undefined,
  reservations: undefined,
  networkNamespacePath: '/run/netns/ts-task1',
  labels: {},
};
const context: SpecContext = {
  user: { uid: 0, gid: 0, additionalGids: [] },
  cgroupParent: '/tessera/',
  cgroupVersion: 1,
  arch: 'x64',
  hasSeccomp: true,
};
const build = (init: Partial<ContainerPlan> = {}, around: Partial<SpecContext> = {}) =>
  buildSpec({ ...plan, ...init }, { ...context, ...around });
const namespaces = (spec: ReturnType<typeof build>) =>
  spec.linux.namespaces.map(({ type }) => type);
const code = (work: () => unknown): string => {
  try {
    work();
    return '';
  } catch (error) {
    return error instanceof ClusterError ? error.code : String(error);
  }
};

test('a container has namespaces of its own and joins the network of its task', (t) => {
  const spec = build();
  t.deepEqual(namespaces(spec), ['pid', 'ipc', 'uts', 'mount', 'network']);
  t.is(spec.linux.namespaces.at(-1)?.path, '/run/netns/ts-task1');
  t.is(spec.linux.cgroupsPath, '/tessera/task1.main');
  t.is(spec.annotations['io.containerd.runc.v2.group'], 'task1');
});

test('without a network of its own a container is in the network of the host, with the host its sysctls', (t) => {
  const spec = build({ networkNamespacePath: '' });
  t.false(namespaces(spec).includes('network'));
  t.deepEqual(spec.linux.sysctl, {});
});

test('on cgroup v2 a container has a cgroup namespace', (t) => {
  t.true(namespaces(build({}, { cgroupVersion: 2 })).includes('cgroup'));
});

test('root has the default capabilities, somebody else none that count', (t) => {
  const root = build().process.capabilities;
  t.deepEqual(root.effective.toSorted(), [...defaultCapabilities].toSorted());
  const other = build({}, { user: { uid: 1000, gid: 1000, additionalGids: [] } }).process;
  t.deepEqual(other.capabilities.effective, []);
  t.deepEqual(other.capabilities.permitted, []);
  t.true(other.noNewPrivileges);
});

test('capabilities are added and dropped by name, additions last', (t) => {
  t.true(capabilitySet(['net_admin'], []).includes('CAP_NET_ADMIN'));
  t.deepEqual(capabilitySet(['CAP_CHOWN'], ['ALL']), ['CAP_CHOWN']);
  t.false(capabilitySet([], ['NET_RAW']).includes('CAP_NET_RAW'));
  t.deepEqual(capabilitySet(['all'], []), allCapabilities);
  t.false(capabilitySet(['ALL'], ['SYS_ADMIN']).includes('CAP_SYS_ADMIN'));
  t.is(
    code(() => capabilitySet(['FLY'], [])),
    'INVALID_SPEC',
  );
});

test('what cannot be run is INVALID_SPEC', (t) => {
  t.is(
    code(() => build({ args: [] })),
    'INVALID_SPEC',
  );
  t.is(
    code(() => build({ workingDirectory: 'relative' })),
    'INVALID_SPEC',
  );
  const mount = { kind: 'tmpfs', source: '', isReadOnly: false, sizeBytes: 0, mode: 0 } as const;
  t.is(
    code(() => build({ mounts: [{ ...mount, target: 'no' }] })),
    'INVALID_SPEC',
  );
});

test('a mount replaces the one of the system at its place, and comes after those it lies in', (t) => {
  const mount = { kind: 'bind', source: '/s', isReadOnly: true, sizeBytes: 0, mode: 0 } as const;
  const spec = build({
    mounts: [
      { ...mount, target: '/data/inner/deep' },
      { ...mount, target: '/data' },
      { ...mount, kind: 'tmpfs', target: '/dev/shm', sizeBytes: 4096, isReadOnly: false },
    ],
  });
  const targets = spec.mounts.map(({ destination }) => destination);
  t.true(targets.indexOf('/data') < targets.indexOf('/data/inner/deep'));
  t.is(targets.filter((target) => target === '/dev/shm').length, 1);
  const shm = spec.mounts.find(({ destination }) => destination === '/dev/shm');
  t.true(shm?.options.includes('size=4096'));
  t.true(spec.mounts.find(({ destination }) => destination === '/data')?.options.includes('ro'));
});

test('a terminal gets TERM unless one is given', (t) => {
  t.true(build({ tty: true }).process.env.includes('TERM=xterm'));
  t.deepEqual(build({ tty: true, env: ['TERM=vt100'] }).process.env, ['TERM=vt100']);
});

test('sysctls of the task win over ours', (t) => {
  const name = 'net.ipv4.ip_unprivileged_port_start';
  t.is(build().linux.sysctl[name], '0');
  t.is(build({ sysctls: { [name]: '1024' } }).linux.sysctl[name], '1024');
});

test('without limits only processes are bounded', (t) => {
  const resources = cgroupResources(undefined, undefined);
  t.deepEqual(resources.pids, { limit: defaultPidsMax });
  t.is(resources.memory, undefined);
  t.is(resources.cpu, undefined);
});

test('limits and reservations become cgroup settings, swap included', (t) => {
  const limits = Resources.create({ cpuNano: 1_500_000_000, memoryBytes: 1 << 20, pids: 7 });
  const reservations = Resources.create({ cpuNano: 500_000_000, memoryBytes: 1 << 19 });
  const resources = cgroupResources(limits, reservations);
  t.deepEqual(resources.memory, { limit: 1 << 20, swap: 1 << 20, reservation: 1 << 19 });
  t.deepEqual(resources.cpu, { quota: 150_000, period: 100_000, shares: 512 });
  t.deepEqual(resources.pids, { limit: 7 });
  const tiny = cgroupResources(Resources.create({ cpuNano: 1 }), Resources.create({ cpuNano: 1 }));
  t.deepEqual(tiny.cpu, { quota: 1_000, period: 100_000, shares: 2 });
});

test('the seccomp profile names no call twice, nor one that capabilities open', (t) => {
  t.is(new Set(allowedSyscalls).size, allowedSyscalls.length);
  t.true(allowedSyscalls.every((name) => /^[a-z0-9_]+$/.test(name)));
  for (const name of [
    'mount',
    'bpf',
    'init_module',
    'setns',
    'unshare',
    'reboot',
    'clone',
    'socket',
  ])
    t.false(allowedSyscalls.includes(name), name);
});

test('a capability opens its system calls, and only its own', (t) => {
  const names = (capabilities: readonly string[]) =>
    new Set(seccompProfile(capabilities, 'x64')?.syscalls.flatMap((rule) => rule.names));
  t.false(names(defaultCapabilities).has('mount'));
  t.true(names(['CAP_SYS_ADMIN']).has('mount'));
  t.true(names(['CAP_SYS_TIME']).has('settimeofday'));
  t.false(names(['CAP_SYS_TIME']).has('mount'));
});

test('every capability there is means no profile, as does a machine without one', (t) => {
  t.is(build({ capabilityAdd: ['ALL'] }).linux.seccomp, undefined);
  t.is(build({}, { hasSeccomp: false }).linux.seccomp, undefined);
  t.is(build({}, { arch: 'riscv64' }).linux.seccomp, undefined);
  t.truthy(build({}, { arch: 'arm64' }).linux.seccomp);
});

const files = {
  passwd: 'root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/:/bin/sh\nbroken\n# none:x:5:5\n',
  group: 'root:x:0:\napp:x:1001:\nextra:x:1002:app,other\n',
};

test('a user is found by name or number, with its groups', (t) => {
  const app = { uid: 1000, gid: 1001, additionalGids: [1002] };
  t.deepEqual(resolveUser('app', [], files), app);
  t.deepEqual(resolveUser('1000', [], files), app);
  t.deepEqual(resolveUser('', [], files), { uid: 0, gid: 0, additionalGids: [] });
  t.deepEqual(resolveUser('77', [], files), { uid: 77, gid: 0, additionalGids: [] });
});

test('a named group replaces those of the user; extra groups come on top', (t) => {
  t.deepEqual(resolveUser('app:extra', [], files), { uid: 1000, gid: 1002, additionalGids: [] });
  t.deepEqual(resolveUser('5:6', ['extra', '9', '6'], files), {
    uid: 5,
    gid: 6,
    additionalGids: [1002, 9],
  });
});

test('a user or group that the image does not have is INVALID_SPEC', (t) => {
  for (const user of ['who', 'app:who', '4294967296', '1:4294967296'])
    t.is(
      code(() => resolveUser(user, [], files)),
      'INVALID_SPEC',
      user,
    );
  t.is(
    code(() => resolveUser('', ['who'], files)),
    'INVALID_SPEC',
  );
});

test('signals are known by name and number', (t) => {
  t.is(signalNumber('SIGTERM'), 15);
  t.is(signalNumber('term'), 15);
  t.is(signalNumber('9'), 9);
  t.is(signalNumber('RTMIN+3'), 37);
  t.is(signalNumber('SIGRTMAX-1'), 63);
  for (const name of ['SIGNOPE', '0', '65', 'RTMAX+1', '', '-1'])
    t.is(
      code(() => signalNumber(name)),
      'INVALID_ARGUMENT',
      name,
    );
});
