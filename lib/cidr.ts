import ipaddr from 'ipaddr.js';

export type IpFamily = 4 | 6;

/** An IP address as a number. */
export interface IpAddress {
  readonly family: IpFamily;
  readonly value: bigint;
}

/** A block of addresses: `base` has no bit below `length`. */
export interface Cidr {
  readonly family: IpFamily;
  readonly base: bigint;
  /** Of the prefix: 0..32 or 0..128. */
  readonly length: number;
}

/** Longest text that is looked at. */
const textLengthMax = 64;

export function bitsOf(family: IpFamily): number {
  return family === 4 ? 32 : 128;
}

function valueOf(bytes: readonly number[]): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** Four decimal parts, or IPv6 without a zone; undefined for anything else. */
export function parseIpAddress(text: string): IpAddress | undefined {
  if (text.length > textLengthMax || text.includes('%')) return undefined;
  if (ipaddr.IPv4.isValidFourPartDecimal(text))
    return { family: 4, value: valueOf(ipaddr.IPv4.parse(text).toByteArray()) };
  if (!text.includes(':') || !ipaddr.IPv6.isValid(text)) return undefined;
  return { family: 6, value: valueOf(ipaddr.IPv6.parse(text).toByteArray()) };
}

/** The one way to write it: RFC 5952 for IPv6. */
export function formatIpAddress({ family, value }: IpAddress): string {
  const count = bitsOf(family) / 8;
  const bytes = Array.from({ length: count }, (_, at) =>
    Number((value >> BigInt(8 * (count - 1 - at))) & 255n),
  );
  return family === 4
    ? new ipaddr.IPv4(bytes).toString()
    : new ipaddr.IPv6(bytes).toRFC5952String();
}

/** The block that an address is in, at this length of prefix. */
export function cidrAt({ family, value }: IpAddress, length: number): Cidr {
  const rest = BigInt(bitsOf(family) - length);
  return { family, base: (value >> rest) << rest, length };
}

/** "10.0.0.0/8"; undefined when it is none, or has bits beyond its prefix. */
export function parseCidr(text: string): Cidr | undefined {
  const [, addressText = '', lengthText = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const address = parseIpAddress(addressText);
  const length = Number(lengthText);
  if (address === undefined || length > bitsOf(address.family)) return undefined;
  const cidr = cidrAt(address, length);
  return cidr.base === address.value ? cidr : undefined;
}

export function formatCidr({ family, base, length }: Cidr): string {
  return `${formatIpAddress({ family, value: base })}/${length}`;
}

/** How many addresses it has. */
export function cidrSize({ family, length }: Cidr): bigint {
  return 1n << BigInt(bitsOf(family) - length);
}

/** The last address of it. */
export function cidrEnd(cidr: Cidr): bigint {
  return cidr.base + cidrSize(cidr) - 1n;
}

export function cidrHas(cidr: Cidr, { family, value }: IpAddress): boolean {
  return family === cidr.family && value >= cidr.base && value <= cidrEnd(cidr);
}

export function doCidrsOverlap(a: Cidr, b: Cidr): boolean {
  return a.family === b.family && a.base <= cidrEnd(b) && b.base <= cidrEnd(a);
}
