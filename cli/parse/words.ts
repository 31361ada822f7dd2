/** Words out of a fixed set, read from a flag. A wrong one is a usage error naming flag and value. */
import { Availability, NodeRole } from '#proto';
import { UsageError } from '../cli.ts';

/** The value that `text` names in `table`; case does not matter. */
export function parseWord<T>(flag: string, text: string, table: Readonly<Record<string, T>>): T {
  const value = table[text.toLowerCase()];
  if (Object.hasOwn(table, text.toLowerCase()) && value !== undefined) return value;
  throw new UsageError(`${flag} '${text}': use one of ${Object.keys(table).join(', ')}`);
}

export function parseAvailability(flag: string, text: string): Availability {
  const { ACTIVE: active, PAUSE: pause, DRAIN: drain } = Availability;
  return parseWord(flag, text, { active, pause, drain });
}

export function parseRole(flag: string, text: string): NodeRole {
  return parseWord(flag, text, { worker: NodeRole.WORKER, manager: NodeRole.MANAGER });
}
