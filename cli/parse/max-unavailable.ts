import type { DisruptionConfig } from '#proto';
import { UsageError } from '../cli.ts';
import { parseInteger } from './integer.ts';

/** The API's own limit. */
const countMax = 100_000;

/** "N", "N%" or "none"; a usage error naming flag and value otherwise. */
export function parseMaxUnavailable(flag: string, text: string): DisruptionConfig | undefined {
  if (text === 'none') return undefined;
  if (text.endsWith('%')) {
    const percent = parseInteger(flag, text.slice(0, -1), 0, 100);
    return { maxUnavailable: { kind: 'percent', percent } };
  }
  if (!/^\d+$/.test(text))
    throw new UsageError(`${flag} '${text}': use a number of tasks, a part as in 25%, or none`);
  return { maxUnavailable: { kind: 'count', count: parseInteger(flag, text, 0, countMax) } };
}
