import type { Clock } from '../ports.ts';
import type { DurableLog } from '../log/durable-log.ts';
import { stoppedError } from '../errors.ts';

export interface RekeyParts {
  readonly log: DurableLog;
  readonly clock: Clock;
  readonly pollMs: number;
  isStopped(): boolean;
  /** Takes a snapshot when one is due and possible now. */
  takeSnapshot(): void;
  /** The disk failed. */
  failed(error: unknown): void;
}

/**
 * Brings a log under its cipher's present key: a new segment, then a snapshot of everything the old
 * segments hold, then these go. It waits for entries that are not committed yet. Nothing of it is
 * remembered: after a crash it is called again, with both keys known, and does what is left.
 */
export async function rekey(parts: RekeyParts): Promise<void> {
  const { log, clock, pollMs } = parts;
  try {
    await log.turn();
  } catch (error) {
    parts.failed(error);
    throw error;
  }
  while (log.staleUntil !== null) {
    if (parts.isStopped()) throw stoppedError();
    parts.takeSnapshot();
    await new Promise<void>((resolve) => void clock.after(pollMs, resolve));
  }
}
