import { UsageError } from '../cli.ts';

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const whole = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d))+$/;

/**
 * Milliseconds of "10s", "1m30s", "1.5h", "500ms", "2d", or "0". A usage error names flag and value
 * for anything else, and for what is above `maxMs`.
 */
export function parseDuration(
  flag: string,
  text: string,
  maxMs: number = Number.MAX_SAFE_INTEGER,
): number {
  if (text === '0') return 0;
  if (!whole.test(text))
    throw new UsageError(`${flag} '${text}': write a duration as in 10s, 1m30s or 500ms`);
  let totalMs = 0;
  for (const [, count = '', unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)([a-zµ]+)/g))
    totalMs += Number(count) * (unitMs[unit] ?? 0);
  const roundedMs = Math.round(totalMs);
  if (roundedMs > maxMs) throw new UsageError(`${flag} '${text}': the longest is ${maxMs} ms`);
  return roundedMs;
}
