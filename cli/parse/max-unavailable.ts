import type { DisruptionConfig } from '#proto';
import { UsageError } from '../cli.ts';
import { parseInteger } from './integer.ts';

/** The API's own limit. */
const countMax = 100_000;

/** "N", "N%" or "none"; a usage error naming flag and value otherwise. */
export function parseMaxUnavailable(flag: string, text: string): DisruptionConfig | undefined {
  if (text === 'none') return undefined;
  if (text.endsWith('%')) {
    const percent = Number(text.slice(0, -1));
    if (!/^\d{1,3}%$/.test(text) || percent > 100)
      throw new UsageError(`${flag} '${text}': a part is a whole number from 0% to 100%`);
    return { maxUnavailable: { kind: 'percent', percent } };
  }
  if (!/^\d+$/.test(text))
    throw new UsageError(`${flag} '${text}': use a number of tasks, a part as in 25%, or none`);
  return { maxUnavailable: { kind: 'count', count: parseInteger(flag, text, 0, countMax) } };
}
