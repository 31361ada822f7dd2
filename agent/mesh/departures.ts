/** Addresses that their tasks have left, as long as nobody else has them. Pure. */

/** Addresses that were left between two looks; each departure is one of its own. */
export type Departure = readonly string[];

export class Departures {
  readonly #unseen = new Set<string>();
  /** Of each address that is left: its last departure. */
  readonly #last = new Map<string, Departure>();

  left(address: string): void {
    this.#unseen.add(address);
  }

  /** A task has the address, the one that had it or another. */
  taken(address: string): void {
    this.#unseen.delete(address);
    this.#last.delete(address);
  }

  /** What was left since the last call. */
  take(): Departure {
    const departure = [...this.#unseen];
    this.#unseen.clear();
    for (const address of departure) this.#last.set(address, departure);
    return departure;
  }

  /** Whether nobody has had the address since that departure. */
  isLeft(departure: Departure, address: string): boolean {
    return this.#last.get(address) === departure;
  }

  /** Nobody asks for it any more. */
  end(departure: Departure): void {
    for (const address of departure)
      if (this.isLeft(departure, address)) this.#last.delete(address);
  }
}
