/** Addresses as text and as the bytes of DNS records. */
import ipaddr from 'ipaddr.js';

/** Text that is the same for the same address; undefined when it is none. */
export function canonical(address: string): string | undefined {
  const bare = address.split('%')[0] ?? '';
  if (!ipaddr.isValid(bare)) return undefined;
  return ipaddr.process(bare).toString();
}

/** 4 or 16 bytes; undefined when the text is no address. */
export function addressBytes(address: string): Uint8Array | undefined {
  if (!ipaddr.isValid(address)) return undefined;
  return Uint8Array.from(ipaddr.process(address).toByteArray());
}

/** The address that "4.3.2.1.in-addr.arpa" or the like of IPv6 asks for; undefined for others. */
export function pointedAt(name: string): string | undefined {
  const v4 = /^((?:\d{1,3}\.){4})in-addr\.arpa$/.exec(name)?.[1];
  if (v4 !== undefined) return canonical(v4.split('.').slice(0, 4).toReversed().join('.'));
  const v6 = /^((?:[0-9a-f]\.){32})ip6\.arpa$/.exec(name)?.[1];
  if (v6 === undefined) return undefined;
  const digits = v6.split('.').slice(0, 32).toReversed().join('');
  return canonical(digits.replace(/(....)(?!$)/g, '$1:'));
}
