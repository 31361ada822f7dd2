/**
 * Reads what ava prints for people: its closing lines hold the counts. (Its TAP reporter breaks off when a
 * test runs into the timeout, and says not which.)
 */

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
}

/**
 * Only lines of this depth are ava's own: deeper ones are what tests log, of runs of their own too. What has passed is
 * counted by its own lines: once something has failed, the closing ones leave it out.
 */
const passedLine = /^ {2}✔ /u;
const closing: readonly (readonly [RegExp, 'passed' | 'failed'])[] = [
  [/^ {2}(\d+) tests? passed$/, 'passed'],
  [/^ {2}(\d+) (?:tests?|hooks?) failed$/, 'failed'],
  [/^ {2}(\d+) unhandled rejections?$/, 'failed'],
  [/^ {2}(\d+) uncaught exceptions?$/, 'failed'],
  [/^ {2}(\d+) tests? remained pending after a timeout$/, 'failed'],
];

export class AvaOutput {
  readonly #counts = { passed: 0, failed: 0 };
  readonly #failures: string[] = [];
  #isWhole = false;

  /** The titles of what failed, as far as each has one. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  /** True for a line worth showing: all but those of tests that passed. */
  read(line: string): boolean {
    for (const [pattern, kind] of closing) {
      const count = pattern.exec(line)?.[1];
      if (count === undefined) continue;
      if (kind === 'failed') this.#counts.failed += Number(count);
      this.#isWhole = true;
      return false;
    }
    if (passedLine.test(line)) this.#counts.passed++;
    const failure = /^ {2}✘ (.*)$/u.exec(line)?.[1];
    if (failure !== undefined) this.#failures.push(failure);
    return !/^\s*✔ /u.test(line) && !/^\s*─?\s*$/u.test(line);
  }

  /** `code`: the exit code. A run that broke off, or found nothing, counts as one failure. */
  end(code: number): TestCounts {
    const { passed, failed } = this.#counts;
    const isBroken = !this.#isWhole || (code !== 0 && failed === 0);
    return { passed, failed: failed + (isBroken ? 1 : 0) };
  }
}
