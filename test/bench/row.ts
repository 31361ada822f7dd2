/** One line of `make bench`. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  /** The peer's figure from the same run; null where no peer ran. */
  readonly peer: number | null;
  /** ours / peer; null where no peer ran. */
  readonly ratio: number | null;
  /** As in "<= 0.25 x Swarm"; null where there is none. */
  readonly bar: string | null;
  readonly ok: boolean | null;
}
