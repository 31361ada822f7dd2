/** A test that must go red, and the quickest of those that can. */
export type Suite =
  /** One file of tests, run by ava. */
  | { readonly kind: 'ava'; readonly file: string }
  /** A simulated world, with this many seeds from 1 on; it ends at the first that fails. */
  | { readonly kind: 'sim'; readonly world: string; readonly seeds: number };

/** One place of the source: `find` stands there exactly once. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/**
 * A bug as somebody could have written it. `scripts/mutants.ts` plants it into a copy of the tree
 * and expects `suite` to find it.
 */
export interface Mutant {
  readonly name: string;
  /** The promise that is broken, in a few words. */
  readonly breaks: string;
  readonly edits: readonly Edit[];
  readonly suite: Suite;
}

export const ava = (file: string): Suite => ({ kind: 'ava', file });
export const sim = (world: string, seeds: number): Suite => ({ kind: 'sim', world, seeds });
