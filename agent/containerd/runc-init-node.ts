/** The moment between runc's start and the container's own program. */
import { readFile } from 'node:fs/promises';
import { sleep } from '#lib';
import type { Clock } from '#lib';

const lookEveryMs = 2;
const waitMsMax = 500;

/**
 * Waits until the process has become the container's program. A signal that comes earlier ends runc's
 * init, which as the first process of its namespace exits with 2 whatever the signal.
 */
export async function untilExecuted(pid: number, clock: Clock, signal: AbortSignal): Promise<void> {
  const endMs = clock.monotonic() + waitMsMax;
  while (clock.monotonic() < endMs) {
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    if (!name.startsWith('runc')) return;
    await sleep(clock, lookEveryMs, signal);
  }
}
