/** A running hash over everything that happens, and the last lines of it in plain text. */
export class Trace {
  readonly #linesMax: number;
  #lines: { readonly timeMs: number; readonly text: string }[] = [];
  #low = 0x811c9dc5;
  #high = 0x9747b28c;

  constructor(linesMax = 60) {
    this.#linesMax = linesMax;
  }

  add(timeMs: number, text: string): void {
    this.#mix(Math.round(timeMs * 1000) | 0);
    for (let i = 0; i < text.length; i++) this.#mix(text.charCodeAt(i));
    this.#lines.push({ timeMs, text });
    if (this.#lines.length > 20 * this.#linesMax) this.#lines = this.#lines.slice(-this.#linesMax);
  }

  #mix(unit: number): void {
    this.#low = Math.imul(this.#low ^ unit, 0x01000193);
    this.#high = Math.imul(this.#high ^ unit, 0x85ebca6b) ^ (this.#high >>> 13);
  }

  get hash(): string {
    const hex = (half: number): string => (half >>> 0).toString(16).padStart(8, '0');
    return hex(this.#high) + hex(this.#low);
  }

  /** The newest lines, oldest first. */
  tail(): readonly string[] {
    const newest = this.#lines.slice(-this.#linesMax);
    return newest.map(({ timeMs, text }) => `${timeMs.toFixed(3)} ${text}`);
  }
}
