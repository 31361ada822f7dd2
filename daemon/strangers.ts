/** Connections that have not shown a certificate, in all and of one address; see `Strangers`. */
export const strangersMax = 4_000;
export const strangersPerAddressMax = 1_000;

/**
 * Counts connections that have not proved to be of the cluster: in their handshake, or without a
 * certificate. Members count no more once they are known, so strangers cannot keep them out.
 */
export class Strangers {
  /** By host:port of the other side. */
  readonly #addresses = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  /** False when there are too many; the connection is to be closed then. */
  admit(address: string, port: number): boolean {
    const count = this.#counts.get(address) ?? 0;
    if (this.#addresses.size >= strangersMax || count >= strangersPerAddressMax) return false;
    this.#addresses.set(`${address} ${port}`, address);
    this.#counts.set(address, count + 1);
    return true;
  }

  /** It has proved itself, or is closed. Idempotent. */
  forget(address: string, port: number): void {
    if (!this.#addresses.delete(`${address} ${port}`)) return;
    const count = (this.#counts.get(address) ?? 1) - 1;
    if (count === 0) this.#counts.delete(address);
    else this.#counts.set(address, count);
  }
}
