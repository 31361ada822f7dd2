import type { Clock, Ms } from '#lib';
import { systemClock } from '#lib/clock-node';

/** Time that goes by only when the test says so; what waits for a delay has it at once. */
export interface HandClock extends Clock {
  at: Ms;
}

export function handClock(): HandClock {
  const timers = systemClock();
  const clock: HandClock = {
    at: 0,
    now: () => clock.at,
    monotonic: () => clock.at,
    after: (_delayMs, run) => timers.after(0, run),
  };
  return clock;
}
