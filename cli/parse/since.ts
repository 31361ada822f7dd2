import type { Clock } from '#lib';
import { UsageError } from '../cli.ts';
import { parseDuration } from './duration.ts';

/** Milliseconds since the epoch of "10m" (ago), "2026-01-31T10:00:00Z" or a Unix time in seconds. */
export function parseSince(flag: string, text: string, clock: Clock): number {
  if (/^\d+(?:\.\d+)?[a-zµ]/.test(text))
    return Math.max(0, clock.now() - parseDuration(flag, text));
  if (/^\d{9,11}(?:\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  const atMs = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(atMs) && atMs >= 0) return atMs;
  throw new UsageError(`${flag} '${text}': write a time as in 2026-01-31T10:00:00, or 10m for ago`);
}
