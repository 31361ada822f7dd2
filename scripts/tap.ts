/** Reads what ava says in TAP: counts, and the failures with what belongs to them. */

export interface TapCounts {
  readonly passed: number;
  readonly failed: number;
}

export class TapReader {
  #passed = 0;
  #failed = 0;
  #planned: number | undefined;
  #isInFailure = false;

  /** The lines worth showing: failures, their diagnostics, and the logs of tests. */
  read(line: string): string | undefined {
    const test = /^(ok|not ok) \d+/.exec(line);
    if (test !== null) {
      const isSkipped = /# (?:SKIP|TODO)\b/i.test(line);
      this.#isInFailure = test[1] === 'not ok' && !isSkipped;
      if (test[1] === 'ok') this.#passed++;
      else if (this.#isInFailure) this.#failed++;
      return this.#isInFailure ? line : undefined;
    }
    const plan = /^1\.\.(\d+)/.exec(line)?.[1];
    if (plan !== undefined) {
      this.#planned = Number(plan);
      this.#isInFailure = false;
      return undefined;
    }
    if (/^(?:TAP version|# )/.test(line) || line.trim() === '') return undefined;
    // Diagnostics are indented; what is not is a process that wrote on its own.
    return this.#isInFailure || !line.startsWith(' ') ? line : undefined;
  }

  /** `code`: the exit code. A run that broke off, or found nothing, counts as one failure more. */
  end(code: number): TapCounts {
    const isWhole = this.#planned !== undefined && this.#passed + this.#failed > 0;
    const isBroken = !isWhole || (code !== 0 && this.#failed === 0);
    return { passed: this.#passed, failed: this.#failed + (isBroken ? 1 : 0) };
  }
}
