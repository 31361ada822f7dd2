/** What is read back between two pauses: so many records, or bytes of them, and what is left of a frame. */
export const replaySlice = { recordsMax: 1_000, bytesMax: 256 << 10 } as const;

/**
 * Lets others run while a long log is read back. Counted, not timed, so that the slices of one log
 * are always the same.
 */
export class ReplayPauses {
  readonly #pause: (() => Promise<void>) | undefined;
  #records = 0;
  #bytes = 0;

  constructor(pause: (() => Promise<void>) | undefined) {
    this.#pause = pause;
  }

  /** Counts a frame; true when the slice is full: then `await pause()`. */
  areDue(records: number, bytes: number): boolean {
    this.#records += records;
    this.#bytes += bytes;
    return this.#records >= replaySlice.recordsMax || this.#bytes >= replaySlice.bytesMax;
  }

  async pause(): Promise<void> {
    this.#records = 0;
    this.#bytes = 0;
    await this.#pause?.();
  }
}
