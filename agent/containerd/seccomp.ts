/** The default seccomp profile: an allow-list, wider where a granted capability is of no use without. Pure. */
import type { OciSeccomp, OciSyscallRule } from './oci-types.ts';
import { allowedSyscalls } from './seccomp-syscalls.ts';

const permissionDenied = 1;
const notImplemented = 38;
const allow = 'SCMP_ACT_ALLOW';

/** Any of clone's CLONE_NEW* flags: a new namespace. */
const newNamespaceFlags = 0x7e02_0000;
const vsockFamily = 40;

/** What personality(2) may set: Linux, 32-bit Linux, with or without old uname; and the question. */
const personalities = [0x0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff];

/** System calls that come with a capability; without it the kernel would mostly refuse them anyway. */
const byCapability: Readonly<Record<string, readonly string[]>> = {
  CAP_BPF: ['bpf'],
  CAP_DAC_READ_SEARCH: ['open_by_handle_at'],
  CAP_PERFMON: ['perf_event_open'],
  CAP_SYSLOG: ['syslog'],
  CAP_SYS_ADMIN: [
    'bpf',
    'clone',
    'clone3',
    'fanotify_init',
    'fsconfig',
    'fsmount',
    'fsopen',
    'fspick',
    'lookup_dcookie',
    'mount',
    'mount_setattr',
    'move_mount',
    'open_tree',
    'perf_event_open',
    'pivot_root',
    'quotactl',
    'quotactl_fd',
    'setdomainname',
    'sethostname',
    'setns',
    'swapoff',
    'swapon',
    'syslog',
    'umount',
    'umount2',
    'unshare',
  ],
  CAP_SYS_BOOT: ['kexec_file_load', 'kexec_load', 'reboot'],
  CAP_SYS_CHROOT: ['chroot'],
  CAP_SYS_MODULE: ['delete_module', 'finit_module', 'init_module'],
  CAP_SYS_NICE: ['get_mempolicy', 'mbind', 'migrate_pages', 'move_pages', 'set_mempolicy'],
  CAP_SYS_PACCT: ['acct'],
  CAP_SYS_RAWIO: ['ioperm', 'iopl'],
  CAP_SYS_TIME: ['clock_settime', 'clock_settime64', 'settimeofday', 'stime'],
  CAP_SYS_TTY_CONFIG: ['vhangup'],
};

/**
 * Without x32, which nobody uses: a filter for it costs 6 ms more for each container, a sixth of its start.
 * System calls of an architecture that is not here end the process.
 */
const architectures: Readonly<Record<string, readonly string[]>> = {
  x64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
};

const conditional: readonly OciSyscallRule[] = [
  ...personalities.map((value) => ({
    names: ['personality'],
    action: allow,
    args: [{ index: 0, value, op: 'SCMP_CMP_EQ' }],
  })),
  // Sockets to the hypervisor know no namespaces.
  {
    names: ['socket'],
    action: allow,
    args: [{ index: 0, value: vsockFamily, op: 'SCMP_CMP_NE' }],
  },
];

const withoutNamespaces: readonly OciSyscallRule[] = [
  {
    names: ['clone'],
    action: allow,
    args: [{ index: 0, value: newNamespaceFlags, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
  },
  // Its flags lie in memory, where a filter cannot look; C libraries then fall back to clone.
  { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: notImplemented },
];

/** `capabilities`: what the container has, as CAP_*; `arch` as Node names it; undefined = no profile for it. */
export function seccompProfile(
  capabilities: readonly string[],
  arch: string,
): OciSeccomp | undefined {
  const supported = architectures[arch];
  if (supported === undefined) return undefined;
  const extra = new Set(capabilities.flatMap((name) => byCapability[name] ?? []));
  const isAdmin = capabilities.includes('CAP_SYS_ADMIN');
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: permissionDenied,
    architectures: supported,
    syscalls: [
      { names: [...allowedSyscalls, ...[...extra].toSorted()], action: allow },
      ...conditional,
      ...(isAdmin ? [] : withoutNamespaces),
    ],
  };
}
