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

const part = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
/** Without leading zeros, which some read as octal. */
const fourParts = new RegExp(`^${part}\\.${part}\\.${part}\\.${part}$`);

/** Four decimal parts, or IPv6 without a zone; undefined for anything else. */
export function parseIpAddress(text: string): IpAddress | undefined {
  if (text.length > textLengthMax || text.includes('%')) return undefined;
  const four = fourParts.exec(text);
  if (four !== null) {
    const value = four.slice(1).reduce((sum, digits) => sum * 256 + Number(digits), 0);
    return { family: 4, value: BigInt(value) };
  }
  if (!text.includes(':') || !ipaddr.IPv6.isValid(text)) return undefined;
  return { family: 6, value: valueOf(ipaddr.IPv6.parse(text).toByteArray()) };
}

/** The one way to write it: RFC 5952 for IPv6. */
export function formatIpAddress({ family, value }: IpAddress): string {
  if (family === 4) {
    const number = Number(value);
    return `${number >>> 24}.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${number & 255}`;
  }
  const bytes = Array.from({ length: 16 }, (_, at) =>
    Number((value >> BigInt(120 - 8 * at)) & 255n),
  );
  return new ipaddr.IPv6(bytes).toRFC5952String();
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
