import { formatCidr, parseCidr, parseIpAddress } from '#lib';

/** Most routes that a node tells of. */
export const routesMax = 256;

/** Bridges and VXLAN devices of the cluster's own networks: what leads there is in nobody's way. */
const ownDevice = /^ts[bv-]/;

/** Blocks that every host has, and no network can have. */
const special = /^(?:fe80:|ff00:|127\.|169\.254\.|224\.|::1\/)/;

interface Route {
  readonly dst?: unknown;
  readonly dev?: unknown;
}

/**
 * The CIDRs that a host has routes to, sorted: out of what `ip -json route show` prints for the main table,
 * IPv4 and IPv6. The default route, what every host has, and the cluster's own networks are left out.
 */
export function routesOf(...printed: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const text of printed)
    for (const { dst, dev } of parseRoutes(text)) {
      if (typeof dst !== 'string' || dst === 'default') continue;
      if (typeof dev === 'string' && ownDevice.test(dev)) continue;
      const address = parseIpAddress(dst);
      const bits = address?.family === 4 ? 32 : 128;
      const cidr = parseCidr(address === undefined ? dst : `${dst}/${bits}`);
      if (cidr === undefined || cidr.length === 0) continue;
      const shown = formatCidr(cidr);
      if (!special.test(shown)) found.add(shown);
    }
  return [...found].toSorted().slice(0, routesMax);
}

function parseRoutes(text: string): readonly Route[] {
  if (text.trim() === '') return [];
  const value: unknown = JSON.parse(text);
  return Array.isArray(value) ? (value as readonly Route[]) : [];
}
