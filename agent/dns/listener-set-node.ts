import type { Clock, Logger, Ms, Random, Timer } from '#lib';
import { backoffMs, messageOf } from '#lib';
import { Listener } from './listener-node.ts';
import type { OnMessage } from './listener-node.ts';

export interface ListenerSetOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly port: number;
  readonly onMessage: OnMessage;
  /** An address could not be listened on, or no longer. */
  readonly onFailure: () => void;
}

/** Pauses between tries to listen on an address: it comes with its network's bridge. */
const retryMs = { baseMs: 20, maxMs: 1_000, jitter: 0.2 } as const;
/** An address that is still not there after so many tries is worth a word in the log. */
const quietTriesMax = 10;

/** One address: being opened, open, or waiting for the next try. */
interface Place {
  listener: Listener | undefined;
  timer: Timer | undefined;
  isDropped: boolean;
}

/**
 * Listens on the addresses that are wanted, as soon as they are there. Sockets outlive the bridge
 * that had their address, and go on when another has it.
 */
export class ListenerSet {
  readonly #options: ListenerSetOptions;
  readonly #places = new Map<string, Place>();

  constructor(options: ListenerSetOptions) {
    this.#options = options;
  }

  /** Where it listens now. */
  get open(): readonly { readonly address: string; readonly port: number }[] {
    const open: { readonly address: string; readonly port: number }[] = [];
    for (const [address, { listener }] of this.#places)
      if (listener !== undefined) open.push({ address, port: listener.port });
    return open;
  }

  /** On these addresses from now on, and on no others. */
  want(addresses: ReadonlySet<string>): void {
    for (const [address, place] of this.#places) {
      if (addresses.has(address)) continue;
      place.isDropped = true;
      place.timer?.cancel();
      place.listener?.close();
      this.#places.delete(address);
    }
    for (const address of addresses) {
      if (this.#places.has(address)) continue;
      const place: Place = { listener: undefined, timer: undefined, isDropped: false };
      this.#places.set(address, place);
      void this.#open(address, place, 1);
    }
  }

  async #open(address: string, place: Place, attempt: number): Promise<void> {
    const { port, onMessage } = this.#options;
    try {
      const listener = await Listener.open(address, port, onMessage, (error) => {
        if (place.listener !== listener) return;
        listener.close();
        place.listener = undefined;
        this.#again(address, place, error, 1);
      });
      if (place.isDropped) listener.close();
      else place.listener = listener;
    } catch (error) {
      this.#again(address, place, error, attempt);
    }
  }

  #again(address: string, place: Place, error: unknown, attempt: number): void {
    if (place.isDropped) return;
    const { clock, random, log, onFailure } = this.#options;
    const isAbsent = hasErrno(error, 'EADDRNOTAVAIL');
    if (attempt === (isAbsent ? quietTriesMax : 1)) {
      onFailure();
      const reason = hasErrno(error, 'EADDRINUSE')
        ? 'another program of this host has the port: have it listen on other addresses'
        : messageOf(error);
      log.warn('names are not answered on an address yet', { address, reason });
    }
    const delayMs: Ms = backoffMs(retryMs, Math.min(attempt, 20), random);
    place.timer = clock.after(delayMs, () => void this.#open(address, place, attempt + 1));
  }
}

const hasErrno = (error: unknown, code: string): boolean =>
  error instanceof Error && (error as NodeJS.ErrnoException).code === code;
