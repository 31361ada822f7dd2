/** One read that was asked for: `token` is the caller's own number. */
export interface ReadState {
  readonly token: number;
  /** Once this is applied, the state is at least as new as any write acknowledged before. */
  readonly index: number;
}

/**
 * The leader's linearizable reads (thesis §6.4): a round notes the commit index and asks a majority
 * by heartbeat whether this is still their leader. One round runs at a time; what comes meanwhile
 * shares the next one.
 */
export class ReadQueue {
  #waiting: number[] = [];
  #round: { readonly context: number; readonly index: number; readonly tokens: number[] } | null =
    null;
  #context = 0;
  #ready: ReadState[] = [];

  /** Goes with every heartbeat. */
  get context(): number {
    return this.#context;
  }

  /** With leases each round of heartbeats has a number of its own. */
  nextContext(): number {
    return ++this.#context;
  }

  /** Answers from here on confirm the round that runs. */
  get roundContext(): number {
    return this.#round?.context ?? 0;
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  get isRoundRunning(): boolean {
    return this.#round !== null;
  }

  add(token: number): void {
    this.#waiting.push(token);
  }

  /** Without a round: the leader itself knows the answer. */
  answer(token: number, index: number): void {
    this.#ready.push({ token, index });
  }

  /** The round is confirmed by answers to the next heartbeats, or later ones. */
  begin(index: number): void {
    this.#context++;
    this.#round = { context: this.#context, index, tokens: this.#waiting };
    this.#waiting = [];
  }

  /** A majority has answered the current round. */
  finish(): void {
    const round = this.#round;
    if (round === null) return;
    for (const token of round.tokens) this.#ready.push({ token, index: round.index });
    this.#round = null;
  }

  /** Leadership is lost: what was not confirmed is forgotten; the driver refuses its callers. */
  drop(): void {
    this.#waiting = [];
    this.#round = null;
    this.#ready = [];
  }

  take(): readonly ReadState[] {
    const ready = this.#ready;
    if (ready.length > 0) this.#ready = [];
    return ready;
  }
}
