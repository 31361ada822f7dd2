/**
 * Reads what ava prints for people: its closing lines hold the counts. (Its TAP reporter breaks off when a
 * test runs into the timeout, and says not which.)
 */

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
}

/** Only lines of this depth are ava's own: deeper ones are what tests log, of runs of their own too. */
const counted: readonly (readonly [RegExp, 'passed' | 'failed'])[] = [
  [/^ {2}(\d+) tests? passed$/, 'passed'],
  [/^ {2}(\d+) (?:tests?|hooks?) failed$/, 'failed'],
  [/^ {2}(\d+) unhandled rejections?$/, 'failed'],
  [/^ {2}(\d+) uncaught exceptions?$/, 'failed'],
  [/^ {2}(\d+) tests? remained pending after a timeout$/, 'failed'],
];

export class AvaOutput {
  readonly #counts = { passed: 0, failed: 0 };
  #isWhole = false;

  /** True for a line worth showing: all but those of tests that passed. */
  read(line: string): boolean {
    for (const [pattern, kind] of counted) {
      const count = pattern.exec(line)?.[1];
      if (count === undefined) continue;
      this.#counts[kind] += Number(count);
      this.#isWhole = true;
      return false;
    }
    return !/^\s*✔ /u.test(line) && !/^\s*─?\s*$/u.test(line);
  }

  /** `code`: the exit code. A run that broke off, or found nothing, counts as one failure. */
  end(code: number): TestCounts {
    const { passed, failed } = this.#counts;
    const isBroken = !this.#isWhole || (code !== 0 && failed === 0);
    return { passed, failed: failed + (isBroken ? 1 : 0) };
  }
}
