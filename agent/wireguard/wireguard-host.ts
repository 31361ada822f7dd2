import type { SlotReading } from './device.ts';
import type { Slot } from './tunnel-address.ts';

/** WireGuard of one host, as a port. Everything rejects with RUNTIME_ERROR, saying what failed. */
export interface WireGuardHost {
  read(slot: Slot): Promise<SlotReading>;
  /** MTU of the device that has the address; undefined when none has. */
  uplinkMtu(address: string): Promise<number | undefined>;
  /**
   * Makes the device anew, with the kernel's WireGuard or else wireguard-go, which lives on when we
   * end. `config`: see `deviceConfig`; it goes by a pipe, never by an argument.
   */
  make(slot: Slot, config: string): Promise<void>;
  /** Nothing of the device is left, nor of its routes. */
  remove(slot: Slot): Promise<void>;
  /** Lines for `ip -6 -batch`. */
  route(lines: readonly string[]): Promise<void>;
  /** `added`: see `peerChanges`. */
  changePeers(slot: Slot, added: string, removed: readonly string[]): Promise<void>;
  /** Quick enough to be asked every second. */
  isThere(slot: Slot): boolean;
}
