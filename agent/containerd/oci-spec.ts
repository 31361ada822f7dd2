/**
 * From a plan with no choices left to the OCI runtime spec: Docker's default confinement, own
 * namespaces, cgroup limits. Pure.
 */
import { ClusterError } from '#lib';
import type { ContainerMount, ContainerPlan } from '../runtime/port.ts';
import { allCapabilities, capabilitySet } from './capabilities.ts';
import { cgroupResources } from './cgroup-resources.ts';
import type { OciMount, OciSeccomp, OciSpec, OciUser } from './oci-types.ts';
import { seccompProfile } from './seccomp.ts';

export interface SpecContext {
  readonly user: OciUser;
  /** Parent of every container's cgroup, e.g. `/tessera`. */
  readonly cgroupParent: string;
  /** On v2 containers get a cgroup namespace of their own. */
  readonly cgroupVersion: 1 | 2;
  /** Node's name of the machine: x64, arm64. */
  readonly arch: string;
  /** False where the host's runc has no seccomp. */
  readonly hasSeccomp: boolean;
}

/** Says to the shim which containers it serves together: those of one task. */
const shimGroupAnnotation = 'io.containerd.runc.v2.group';

const maskedPaths = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
];
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

function systemMounts(): readonly OciMount[] {
  const mount = (
    destination: string,
    type: string,
    source: string,
    ...options: readonly string[]
  ): OciMount => ({ destination, type, source, options });
  return [
    mount('/proc', 'proc', 'proc', 'nosuid', 'noexec', 'nodev'),
    mount('/dev', 'tmpfs', 'tmpfs', 'nosuid', 'strictatime', 'mode=755', 'size=65536k'),
    mount(
      '/dev/pts',
      'devpts',
      'devpts',
      'nosuid',
      'noexec',
      'newinstance',
      'ptmxmode=0666',
      'mode=0620',
      'gid=5',
    ),
    mount('/sys', 'sysfs', 'sysfs', 'nosuid', 'noexec', 'nodev', 'ro'),
    // The container's own groups only, so that programs find their limits.
    mount('/sys/fs/cgroup', 'cgroup', 'cgroup', 'ro', 'nosuid', 'noexec', 'nodev'),
    mount('/dev/mqueue', 'mqueue', 'mqueue', 'nosuid', 'noexec', 'nodev'),
    mount('/dev/shm', 'tmpfs', 'shm', 'nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'),
  ];
}

function taskMount(mount: ContainerMount): OciMount {
  if (!mount.target.startsWith('/'))
    throw new ClusterError(
      'INVALID_SPEC',
      `mount target '${mount.target}' is not an absolute path`,
    );
  const access = mount.isReadOnly ? 'ro' : 'rw';
  if (mount.kind === 'bind') {
    const options = ['rbind', 'rprivate', access];
    return { destination: mount.target, type: 'bind', source: mount.source, options };
  }
  const size = mount.sizeBytes > 0 ? [`size=${mount.sizeBytes}`] : [];
  const mode = [`mode=${(mount.mode === 0 ? 0o1777 : mount.mode).toString(8)}`];
  const options = ['nosuid', 'nodev', 'noexec', access, ...size, ...mode];
  return { destination: mount.target, type: 'tmpfs', source: 'tmpfs', options };
}

/** A mount must come after those it lies in, and replaces a system mount at the same place. */
function mountsOf(plan: ContainerPlan): readonly OciMount[] {
  const own = plan.mounts.map(taskMount);
  const targets = new Set(own.map((mount) => mount.destination));
  const depth = (mount: OciMount): number =>
    mount.destination.split('/').filter((part) => part !== '').length;
  return [
    ...systemMounts().filter((mount) => !targets.has(mount.destination)),
    ...own.toSorted((a, b) => depth(a) - depth(b)),
  ];
}

function namespaces(plan: ContainerPlan, context: SpecContext): OciSpec['linux']['namespaces'] {
  const path = plan.networkNamespacePath;
  return [
    { type: 'pid' },
    { type: 'ipc' },
    { type: 'uts' },
    { type: 'mount' },
    ...(path === '' ? [] : [{ type: 'network', path }]),
    ...(context.cgroupVersion === 2 ? [{ type: 'cgroup' }] : []),
  ];
}

/** Raw sockets for ping and low ports for everyone are safe in a network namespace of one's own. */
function sysctls(plan: ContainerPlan): Readonly<Record<string, string>> {
  const own =
    plan.networkNamespacePath === ''
      ? {}
      : {
          'net.ipv4.ip_unprivileged_port_start': '0',
          'net.ipv4.ping_group_range': '0 2147483647',
        };
  return { ...own, ...plan.sysctls };
}

/** Where the container's limits are kept; the same for every start of the same container. */
export function cgroupPathOf(cgroupParent: string, containerId: string): string {
  return `${cgroupParent.replace(/\/$/, '')}/${containerId}`;
}

/** INVALID_SPEC for what cannot be run: no command, an unknown capability, a relative path. */
export function buildSpec(plan: ContainerPlan, context: SpecContext): OciSpec {
  if (plan.args.length === 0)
    throw new ClusterError(
      'INVALID_SPEC',
      `no command to run: image ${plan.image} has none, so give one after the image's name`,
    );
  const cwd = plan.workingDirectory === '' ? '/' : plan.workingDirectory;
  if (!cwd.startsWith('/'))
    throw new ClusterError('INVALID_SPEC', `working directory '${cwd}' is not an absolute path`);
  const capabilities = capabilitySet(plan.capabilityAdd, plan.capabilityDrop);
  // Someone who is not root starts without capabilities and may not gain any (no file capabilities).
  const granted = context.user.uid === 0 ? capabilities : [];
  const isConfined = capabilities.length < allCapabilities.length;
  const seccomp: OciSeccomp | undefined =
    context.hasSeccomp && isConfined ? seccompProfile(capabilities, context.arch) : undefined;
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: plan.tty,
      user: context.user,
      args: plan.args,
      env:
        plan.tty && !plan.env.some((e) => e.startsWith('TERM='))
          ? [...plan.env, 'TERM=xterm']
          : plan.env,
      cwd,
      capabilities: { bounding: capabilities, effective: granted, permitted: granted },
      noNewPrivileges: true,
      oomScoreAdj: 0,
    },
    root: { path: 'rootfs', readonly: plan.isRootReadOnly },
    ...(plan.hostname === '' ? {} : { hostname: plan.hostname }),
    mounts: mountsOf(plan),
    annotations: { [shimGroupAnnotation]: plan.taskId },
    linux: {
      namespaces: namespaces(plan, context),
      cgroupsPath: cgroupPathOf(context.cgroupParent, plan.id),
      resources: cgroupResources(plan.limits, plan.reservations),
      sysctl: sysctls(plan),
      maskedPaths,
      readonlyPaths,
      ...(seccomp === undefined ? {} : { seccomp }),
    },
  };
}
