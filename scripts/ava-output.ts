/**
 * Reads what ava prints for people: its closing lines hold the counts. (Its TAP reporter breaks off when a
 * test runs into the timeout, and says not which.)
 */

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
}

const counted: readonly (readonly [RegExp, 'passed' | 'failed'])[] = [
  [/^\s*(\d+) tests? passed$/, 'passed'],
  [/^\s*(\d+) (?:tests?|hooks?) failed$/, 'failed'],
  [/^\s*(\d+) unhandled rejections?$/, 'failed'],
  [/^\s*(\d+) uncaught exceptions?$/, 'failed'],
  [/^\s*(\d+) tests? remained pending after a timeout$/, 'failed'],
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
