/** The servers that a resolv.conf names. Pure. */
import { canonical } from './address.ts';

/** Servers asked for one question; more are left out, as resolvers do. */
export const resolversMax = 3;

/** Addresses in order. Those in `except` are ours: asking them would lead back here. */
export function resolversIn(text: string, except: ReadonlySet<string>): readonly string[] {
  const servers: string[] = [];
  for (const line of text.split('\n')) {
    const named = /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? '';
    const server = canonical(named);
    // As it stands there: a link-local address needs its interface.
    if (server !== undefined && !except.has(server)) servers.push(named);
  }
  return servers.slice(0, resolversMax);
}
