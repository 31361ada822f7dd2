import { ClusterError } from '#lib';

/** A refused part of a spec: `field` is its path in the API, the text names the flag. */
export function invalid(field: string, message: string): ClusterError {
  return new ClusterError('INVALID_SPEC', message, { details: { field } });
}

/** What a person typed, as shown in an error: quoted, cut, on one line. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}

/** Refuses anything but an integer in [min, max]. */
export function requireRange(
  field: string,
  what: string,
  value: number,
  min: number,
  max: number,
): void {
  if (!Number.isSafeInteger(value) || value < min || value > max)
    throw invalid(field, `${what} is ${value}: use a whole number from ${min} to ${max}`);
}

/** Refuses a list with more than `max` entries. */
export function requireCount(
  field: string,
  what: string,
  list: readonly unknown[],
  max: number,
): void {
  if (list.length > max)
    throw invalid(field, `${what}: ${list.length} entries are too many: use at most ${max}`);
}

/** Refuses a number that is none of the names of an enum. */
export function requireEnum(
  field: string,
  what: string,
  value: number,
  names: Readonly<Record<number, string>>,
): void {
  if (!Object.hasOwn(names, value)) {
    const known = Object.values(names).map((name) => name.toLowerCase().replaceAll('_', '-'));
    throw invalid(field, `${what} ${value} is not known: use one of ${known.join(', ')}`);
  }
}
