/** Bytes of an image that are here, told at most ten times a second. Pure but for the clock. */
import type { Clock } from '#lib';
import type { ImageProgressEvent } from '../runtime/port.ts';

const everyMs = 100;

export class ProgressMeter {
  readonly #clock: Clock;
  readonly #bytesTotal: number;
  readonly #tell: (event: ImageProgressEvent) => void;
  readonly #done = new Map<string, number>();
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, bytesTotal: number, tell: (event: ImageProgressEvent) => void) {
    this.#clock = clock;
    this.#bytesTotal = bytesTotal;
    this.#tell = tell;
  }

  /** What is here of one part, bytes. */
  set(part: string, bytes: number): void {
    this.#done.set(part, bytes);
    if (this.#clock.monotonic() - this.#toldAtMs < everyMs) return;
    this.#say('downloading');
  }

  /** The same bytes, counted as they pass. */
  async *count(part: string, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const bytes of source) {
      this.set(part, (this.#done.get(part) ?? 0) + bytes.length);
      yield bytes;
    }
  }

  finish(): void {
    this.#say('downloaded');
  }

  #say(status: string): void {
    this.#toldAtMs = this.#clock.monotonic();
    const bytesDone = [...this.#done.values()].reduce((sum, bytes) => sum + bytes, 0);
    this.#tell({ status, bytesDone, bytesTotal: this.#bytesTotal });
  }
}
