import { UsageError } from '../cli.ts';

/** A whole number in `min`..`max`; a usage error naming flag and value otherwise. */
export function parseInteger(
  flag: string,
  text: string,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): number {
  const value = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`;
  throw new UsageError(`${flag} '${text}': use a whole number, ${range}`);
}
