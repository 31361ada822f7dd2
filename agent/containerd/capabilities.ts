/** Which capabilities a container gets; pure. */
import { ClusterError } from '#lib';

/** What Docker gives by default: enough for images that start as root and step down. */
export const defaultCapabilities: readonly string[] = [
  'CAP_AUDIT_WRITE',
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_MKNOD',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_RAW',
  'CAP_SETFCAP',
  'CAP_SETGID',
  'CAP_SETPCAP',
  'CAP_SETUID',
  'CAP_SYS_CHROOT',
];

/** Every capability of Linux 5.9 and later, in the order of their numbers. */
export const allCapabilities: readonly string[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_DAC_READ_SEARCH',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_LINUX_IMMUTABLE',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_BROADCAST',
  'CAP_NET_ADMIN',
  'CAP_NET_RAW',
  'CAP_IPC_LOCK',
  'CAP_IPC_OWNER',
  'CAP_SYS_MODULE',
  'CAP_SYS_RAWIO',
  'CAP_SYS_CHROOT',
  'CAP_SYS_PTRACE',
  'CAP_SYS_PACCT',
  'CAP_SYS_ADMIN',
  'CAP_SYS_BOOT',
  'CAP_SYS_NICE',
  'CAP_SYS_RESOURCE',
  'CAP_SYS_TIME',
  'CAP_SYS_TTY_CONFIG',
  'CAP_MKNOD',
  'CAP_LEASE',
  'CAP_AUDIT_WRITE',
  'CAP_AUDIT_CONTROL',
  'CAP_SETFCAP',
  'CAP_MAC_OVERRIDE',
  'CAP_MAC_ADMIN',
  'CAP_SYSLOG',
  'CAP_WAKE_ALARM',
  'CAP_BLOCK_SUSPEND',
  'CAP_AUDIT_READ',
  'CAP_PERFMON',
  'CAP_BPF',
  'CAP_CHECKPOINT_RESTORE',
];

function normalize(name: string): string {
  const upper = name.toUpperCase();
  if (upper === 'ALL') return 'ALL';
  const full = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  if (allCapabilities.includes(full)) return full;
  throw new ClusterError(
    'INVALID_SPEC',
    `unknown capability '${name}': use names as in capabilities(7), e.g. NET_ADMIN, or ALL`,
  );
}

/**
 * The defaults, minus `drop`, plus `add`; an addition wins over a drop, as in Docker. Names with or
 * without CAP_, any case, or ALL. INVALID_SPEC.
 */
export function capabilitySet(add: readonly string[], drop: readonly string[]): readonly string[] {
  const added = new Set(add.map(normalize));
  const dropped = new Set(drop.map(normalize));
  const start = added.has('ALL') ? allCapabilities : defaultCapabilities;
  const kept = dropped.has('ALL') && !added.has('ALL') ? [] : start;
  const wanted = new Set(kept.filter((name) => !dropped.has(name) || added.has(name)));
  for (const name of added) if (name !== 'ALL') wanted.add(name);
  return allCapabilities.filter((name) => wanted.has(name));
}
