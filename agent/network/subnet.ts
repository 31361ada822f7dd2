/** IPv4 subnets and the addresses in them; pure. */
import { ClusterError } from '#lib';

export interface Subnet {
  /** First address as an unsigned 32-bit number. */
  readonly base: number;
  /** 8..30. */
  readonly prefix: number;
}

/** The number of an IPv4 address, or undefined when the text is none. */
export function addressNumber(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
}

export function addressText(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

export const sizeOf = (subnet: Subnet): number => 2 ** (32 - subnet.prefix);

/** INVALID_ARGUMENT for anything but `A.B.C.D/8..30`. */
export function parseSubnet(text: string): Subnet {
  const [address = '', length = ''] = text.split('/');
  const value = addressNumber(address);
  const prefix = /^\d{1,2}$/.test(length) ? Number(length) : 0;
  if (value === undefined || prefix < 8 || prefix > 30)
    throw new ClusterError(
      'INVALID_ARGUMENT',
      `'${text}' is not a subnet: write it as 10.200.0.0/16, with a length from 8 to 30`,
    );
  return { base: value - (value % 2 ** (32 - prefix)), prefix };
}

export function subnetText(subnet: Subnet): string {
  return `${addressText(subnet.base)}/${subnet.prefix}`;
}

/** The first address is the host's own on the bridge. */
export function gatewayOf(subnet: Subnet): string {
  return addressText(subnet.base + 1);
}

export function contains(subnet: Subnet, address: number): boolean {
  return address >= subnet.base && address < subnet.base + sizeOf(subnet);
}

/** 02:42 and the address: the same address has the same MAC, so neighbours' caches stay right. */
export function macOf(address: string): string {
  const hex = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  return ['02', '42', ...hex].join(':');
}

/** Gives addresses out in turn, so that one that was freed rests before it is used again. */
export class AddressPool {
  readonly #subnet: Subnet;
  readonly #used = new Set<number>();
  #next: number;

  constructor(subnet: Subnet) {
    this.#subnet = subnet;
    this.#next = subnet.base + 2;
  }

  /** LIMIT_EXCEEDED when all are taken. */
  take(): string {
    const { base } = this.#subnet;
    const last = base + sizeOf(this.#subnet) - 2;
    const count = last - base - 1;
    for (let tried = 0; tried < count; tried++) {
      const address = this.#next;
      this.#next = address >= last ? base + 2 : address + 1;
      if (this.#used.has(address)) continue;
      this.#used.add(address);
      return addressText(address);
    }
    throw new ClusterError(
      'LIMIT_EXCEEDED',
      `all ${count} addresses of ${subnetText(this.#subnet)} on this host are in use: ` +
        'remove tasks or give tesserad a larger --task-subnet',
    );
  }

  /** An address that a task already has. */
  reserve(address: string): void {
    const value = addressNumber(address);
    if (value === undefined) return;
    this.#used.add(value);
    if (value >= this.#next) this.#next = value + 1;
    if (this.#next > this.#subnet.base + sizeOf(this.#subnet) - 2)
      this.#next = this.#subnet.base + 2;
  }

  release(address: string): void {
    const value = addressNumber(address);
    if (value !== undefined) this.#used.delete(value);
  }
}
