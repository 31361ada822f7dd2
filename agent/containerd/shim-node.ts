/**
 * The shim of a container that has ended. Asked to delete its container it starts a runc for that and ends, and
 * containerd, which has lost it then, starts another shim and runc to clear away what may be left. Asked to end
 * (SIGTERM) before, it leaves all of that to containerd: docs/decisions/0218.
 */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { sleep } from '#lib';
import type { Clock, Ms } from '#lib';

const lookEveryMs: Ms = 2;
/** For the last output to be written, and once more for the shim to end. */
const waitMsMax: Ms = 500;

export interface Shim {
  readonly containerId: string;
  readonly pid: number;
  /** How the paths begin of files that it writes the container's output to. */
  readonly outputPrefix: string;
}

/** The parent of a process; undefined when that is gone. */
export function parentOf(pid: number): number | undefined {
  try {
    // `PID (NAME) STATE PARENT`, and a name may have brackets of its own.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(parent);
  } catch {
    return undefined;
  }
}

/**
 * Asks it to end, once it has written all that the container, which must have ended, had said. False, and nothing was
 * asked: it is not the shim of that container alone, or goes on writing.
 */
export async function endShim(shim: Shim, clock: Clock, signal: AbortSignal): Promise<boolean> {
  const isWritten = await within(clock, signal, () => !isWriting(shim));
  if (!isWritten || !isThere(shim)) return false;
  try {
    process.kill(shim.pid, 'SIGTERM');
  } catch {
    return false;
  }
  return await within(clock, signal, () => !isThere(shim));
}

async function within(clock: Clock, signal: AbortSignal, holds: () => boolean): Promise<boolean> {
  for (const endMs = clock.monotonic() + waitMsMax; ; ) {
    if (holds()) return true;
    if (clock.monotonic() >= endMs) return false;
    await sleep(clock, lookEveryMs, signal);
  }
}

/** By its arguments, `-id CONTAINER` among them; one that has ended has none. */
function isThere({ containerId, pid }: Shim): boolean {
  try {
    const [program = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return program.includes('containerd-shim') && args[args.indexOf('-id') + 1] === containerId;
  } catch {
    return false;
  }
}

/** It closes a stream's file when all of that is in it. Links of `/proc` are read at once: to wait for each costs more. */
function isWriting({ pid, outputPrefix }: Shim): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((name) =>
      targetOf(`${folder}/${name}`).startsWith(outputPrefix),
    );
  } catch {
    return false;
  }
}

/** Empty when it was closed meanwhile. */
function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}
