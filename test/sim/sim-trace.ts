/** A running hash over everything that happens, and the last lines of it in plain text. */
export class Trace {
  readonly #linesMax: number;
  readonly #lines: string[] = [];
  #low = 0x811c9dc5;
  #high = 0x9747b28c;

  constructor(linesMax = Number(process.env['TRACE_LINES'] ?? 60)) {
    this.#linesMax = linesMax;
  }

  add(timeMs: number, text: string): void {
    const line = `${timeMs.toFixed(3)} ${text}`;
    for (let i = 0; i < line.length; i++) {
      const unit = line.charCodeAt(i);
      this.#low = Math.imul(this.#low ^ unit, 0x01000193);
      this.#high = Math.imul(this.#high ^ unit, 0x85ebca6b) ^ (this.#high >>> 13);
    }
    this.#lines.push(line);
    if (this.#lines.length > 2 * this.#linesMax) this.#lines.splice(0, this.#linesMax);
  }

  get hash(): string {
    const hex = (half: number): string => (half >>> 0).toString(16).padStart(8, '0');
    return hex(this.#high) + hex(this.#low);
  }

  /** The newest lines, oldest first. */
  tail(): readonly string[] {
    return this.#lines.slice(-this.#linesMax);
  }
}
