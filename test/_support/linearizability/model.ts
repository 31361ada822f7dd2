/** What one object does when its operations come one after another. */
export interface Model<S, I, O> {
  readonly initial: S;
  /**
   * The state after `input` answered `output`; undefined when it cannot answer that in `state`.
   * Without an output: the state when it takes effect, undefined when it has none there.
   */
  step(state: S, input: I, output: O | undefined): S | undefined;
  /** Equal for equal states, and only for them. */
  key(state: S): string;
  describe(input: I, output: O | undefined): string;
}
