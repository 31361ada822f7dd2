/** Limits and reservations as cgroup settings; runc turns them into v1 or v2. Pure. */
import type { Resources } from '#proto';
import type { OciDeviceRule, OciResources } from './oci-types.ts';

/** Processes a container may have when nothing else is asked for. */
export const defaultPidsMax = 4_096;

const cpuPeriodMicros = 100_000;
/** The kernel refuses a quota below a millisecond. */
const cpuQuotaMicrosMin = 1_000;
const sharesMin = 2;
const sharesMax = 262_144;

/** Docker's: the harmless character devices, terminals, and making any node (but not opening it). */
const devices: readonly OciDeviceRule[] = [
  { allow: false, access: 'rwm' },
  { allow: true, type: 'c', access: 'm' },
  { allow: true, type: 'b', access: 'm' },
  ...[
    [1, 3],
    [1, 5],
    [1, 7],
    [1, 8],
    [1, 9],
    [5, 0],
    [5, 2],
  ].map(([major = 0, minor = 0]) => ({ allow: true, type: 'c', major, minor, access: 'rwm' })),
  // /dev/console and /dev/pts/*.
  { allow: true, type: 'c', major: 5, minor: 1, access: 'rwm' },
  { allow: true, type: 'c', major: 136, access: 'rwm' },
];

/** 0 in a field means: not limited, not reserved. */
export function cgroupResources(
  limits: Resources | undefined,
  reservations: Resources | undefined,
): OciResources {
  const memoryLimit = limits?.memoryBytes ?? 0;
  const memoryReserved = reservations?.memoryBytes ?? 0;
  const cpuLimit = limits?.cpuNano ?? 0;
  const cpuReserved = reservations?.cpuNano ?? 0;
  const pids = limits?.pids ?? 0;
  // Swap is not a way around the memory limit: memory and swap together have the same bound.
  const memory = {
    ...(memoryLimit > 0 ? { limit: memoryLimit, swap: memoryLimit } : {}),
    ...(memoryReserved > 0 ? { reservation: memoryReserved } : {}),
  };
  const quota = Math.max(cpuQuotaMicrosMin, Math.round((cpuLimit / 1e9) * cpuPeriodMicros));
  const shares = Math.min(sharesMax, Math.max(sharesMin, Math.round((cpuReserved / 1e9) * 1_024)));
  const cpu = {
    ...(cpuLimit > 0 ? { quota, period: cpuPeriodMicros } : {}),
    ...(cpuReserved > 0 ? { shares } : {}),
  };
  return {
    devices,
    ...(Object.keys(memory).length > 0 ? { memory } : {}),
    ...(Object.keys(cpu).length > 0 ? { cpu } : {}),
    pids: { limit: pids > 0 ? pids : defaultPidsMax },
  };
}
