import type { Clock, Ms } from './clock.ts';
import type { Logger } from './log.ts';

/** Warnings let through in one window; the rest are counted and told with the next one. */
const linesMax = 20;
const windowMs: Ms = 10_000;

/**
 * As `log`, for warnings that strangers can cause at will: at most 20 in 10 s are written, so that
 * nobody fills the disk or holds up the process with them. All other levels pass.
 */
export function limitedLogger(log: Logger, clock: Clock): Logger {
  let windowFrom = Number.NEGATIVE_INFINITY;
  let lines = 0;
  return {
    ...log,
    warn(message, fields) {
      const now = clock.monotonic();
      if (now - windowFrom >= windowMs) {
        const leftOut = lines - linesMax;
        if (leftOut > 0) log.warn('warnings were left out', { count: leftOut });
        windowFrom = now;
        lines = 0;
      }
      lines++;
      if (lines <= linesMax) log.warn(message, fields);
    },
    child: (fields) => limitedLogger(log.child(fields), clock),
  };
}
