import type { Clock, Ms, Timer } from './clock.ts';
import { LaterTurns } from './later-turns-node.ts';

/** The machine's clock. Its timers do not keep the process alive when `keepAlive` is false. */
export function systemClock(options: { readonly keepAlive?: boolean } = {}): Clock {
  const keepAlive = options.keepAlive ?? true;
  const turns = new LaterTurns();
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after(delayMs: Ms, fn: () => void): Timer {
      const handle = setTimeout(fn, delayMs);
      if (!keepAlive) handle.unref();
      return { cancel: () => clearTimeout(handle) };
    },
    soon: (fn) => turns.soon(fn),
  };
}
