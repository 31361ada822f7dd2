import { ClusterError } from '#lib';
import type { Ms, Random } from '#lib';
import type { VirtualClock } from '#test/_support/virtual-clock';

/** A stream whose two ends cannot reach one another for so long is broken, on both sides. */
const keepaliveMs: Ms = 8_000;
/** How often a stream tries again to bring what a cut held back. */
const resendMs: Ms = 100;

export type Side = 'client' | 'server';

interface Ends {
  onClose(error: unknown): void;
}

/**
 * A connection between two hosts: in order, nothing lost while it stands. A cut holds messages
 * back, and breaks the stream when it lasts.
 */
export class SimStream {
  readonly hosts: Readonly<Record<Side, string>>;
  readonly #network: ClusterNetwork;
  readonly #ends: Partial<Record<Side, Ends>> = {};
  readonly #lastArrivalMs: Record<Side, Ms> = { client: 0, server: 0 };
  #isOver = false;

  constructor(network: ClusterNetwork, client: string, server: string) {
    this.#network = network;
    this.hosts = { client, server };
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Who hears of its end. */
  attach(side: Side, ends: Ends): void {
    this.#ends[side] = ends;
  }

  /** Runs `fn` at `to`, after everything sent there before. */
  send(to: Side, fn: () => void): void {
    const { clock } = this.#network;
    const nowMs = clock.monotonic();
    const atMs = Math.max(nowMs + this.#network.delayMs(), this.#lastArrivalMs[to]);
    this.#lastArrivalMs[to] = atMs;
    clock.after(atMs - nowMs, () => this.#arrive(to, fn));
  }

  /** `side` ended it: the other one hears of it behind what was sent before. */
  end(side: Side, error: unknown): void {
    const other = side === 'client' ? 'server' : 'client';
    delete this.#ends[side];
    this.send(other, () => this.#over(other, error));
  }

  /** Broken: both sides hear of it. */
  break(error: unknown): void {
    this.#over('client', error);
    this.#over('server', error);
  }

  #over(side: Side, error: unknown): void {
    const ends = this.#ends[side];
    delete this.#ends[side];
    if (Object.keys(this.#ends).length === 0) this.#finish();
    ends?.onClose(error);
  }

  #finish(): void {
    this.#isOver = true;
    this.#network.forget(this);
  }

  #arrive(to: Side, fn: () => void): void {
    if (this.#isOver) return;
    const { client, server } = this.hosts;
    if (!this.#network.isCut(client, server)) {
      fn();
      return;
    }
    const { clock } = this.#network;
    this.#lastArrivalMs[to] = Math.max(this.#lastArrivalMs[to], clock.monotonic() + resendMs);
    clock.after(resendMs, () => this.#arrive(to, fn));
  }
}

/** Links between hosts, each of which can be cut. */
export class ClusterNetwork {
  readonly clock: VirtualClock;
  readonly #random: Random;
  readonly #streams = new Set<SimStream>();
  readonly #cuts = new Set<string>();

  constructor(clock: VirtualClock, random: Random) {
    this.clock = clock;
    this.#random = random;
  }

  delayMs(): Ms {
    return 0.3 + 2 * this.#random.next();
  }

  isCut(a: string, b: string): boolean {
    return a !== b && this.#cuts.has(linkOf(a, b));
  }

  cut(a: string, b: string): void {
    this.#cuts.add(linkOf(a, b));
    this.clock.after(keepaliveMs * (1 + this.#random.next()), () => this.#breakIfCut(a, b));
  }

  heal(): void {
    this.#cuts.clear();
  }

  open(client: string, server: string): SimStream {
    const stream = new SimStream(this, client, server);
    this.#streams.add(stream);
    return stream;
  }

  forget(stream: SimStream): void {
    this.#streams.delete(stream);
  }

  /**
   * The process of `host` ended: its connections are reset, or, when it lost power, fall silent.
   */
  reset(host: string, isSilent: boolean): void {
    const error = new ClusterError('UNAVAILABLE', `connection to ${host} reset`);
    for (const stream of this.#streams) {
      if (stream.hosts.client !== host && stream.hosts.server !== host) continue;
      const delayMs = isSilent ? keepaliveMs : this.delayMs();
      this.clock.after(delayMs, () => stream.break(error));
    }
  }

  #breakIfCut(a: string, b: string): void {
    if (!this.isCut(a, b)) return;
    const error = new ClusterError('UNAVAILABLE', 'keepalive timed out');
    for (const stream of this.#streams) {
      const { client, server } = stream.hosts;
      if (linkOf(client, server) === linkOf(a, b)) stream.break(error);
    }
  }
}

function linkOf(a: string, b: string): string {
  return a < b ? `${a}|${b}` : `${b}|${a}`;
}
