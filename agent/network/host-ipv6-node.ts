import { readFileSync } from 'node:fs';

/** For all devices, and for those that are made from now on. */
const switches = ['all', 'default'].map((name) => `/proc/sys/net/ipv6/conf/${name}/disable_ipv6`);

/** Whether this host's kernel has IPv6, and it is not switched off. */
export function hostHasIpv6(): boolean {
  try {
    return switches.every((path) => readFileSync(path, 'utf8').trim() === '0');
  } catch {
    return false;
  }
}
