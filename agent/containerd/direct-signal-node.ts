/** Signals to a container's first process without the detour over its shim, which starts a runc for each. */
import { readFileSync } from 'node:fs';

/**
 * Sends the signal if `pid` is a process of that container; false, and nothing was sent, if it is not or cannot be told.
 * A pid is not given again before all others were, so nobody else can have it between the look and the signal.
 */
export function signalDirectly(containerId: string, pid: number, signal: number): boolean {
  try {
    if (!isIn(readFileSync(`/proc/${pid}/cgroup`, 'utf8'), containerId)) return false;
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** Lines are `number:controllers:path`; the container's own groups are named after it. */
export function isIn(cgroups: string, containerId: string): boolean {
  return cgroups.split('\n').some((line) => line.endsWith(`/${containerId}`));
}
