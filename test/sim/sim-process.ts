import type { Clock, Ms, Random, Timer } from '#lib';
import type { VirtualClock } from '#test/_support/virtual-clock';

const never = new Promise<never>(() => undefined);

/**
 * A process of a simulated world: it can be killed at any event, or stand still. Whatever reaches
 * it comes through `deliver`, `clock` or `guardPort`; once it is killed, nothing does.
 */
export class SimProcess {
  readonly clock: Clock;
  readonly #world: VirtualClock;
  #backlog: (() => void)[] = [];
  #isAlive = true;
  #isPaused = false;

  /** `skewMs`: how far this host's wall clock is off. */
  constructor(world: VirtualClock, skewMs: Ms) {
    this.#world = world;
    this.clock = {
      now: () => world.now() + skewMs,
      monotonic: () => world.monotonic(),
      after: (delayMs, fn) => this.#after(delayMs, fn),
      soon: (fn) => void this.#after(0, fn),
    };
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Runs `fn` now, or when the pause ends; never after the process was killed. */
  deliver(fn: () => void): void {
    if (!this.#isAlive) return;
    if (this.#isPaused) this.#backlog.push(fn);
    else fn();
  }

  /** What the promise brings, when this process can take it. */
  async guard<T>(promise: Promise<T>): Promise<T> {
    try {
      const value = await promise;
      await this.#turn();
      return value;
    } catch (error) {
      await this.#turn();
      throw error;
    }
  }

  kill(): void {
    this.#isAlive = false;
    this.#backlog = [];
  }

  pause(): void {
    this.#isPaused = true;
  }

  /** What came meanwhile is handled now: in order, or nearly so, as from several sockets. */
  resume(random: Random): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    const spreadMs = random.below(3);
    for (const fn of this.#backlog.splice(0))
      this.#world.after(spreadMs * random.next(), () => this.deliver(fn));
  }

  #turn(): Promise<void> {
    if (!this.#isAlive) return never;
    if (!this.#isPaused) return Promise.resolve();
    return new Promise((resolve) => this.#backlog.push(resolve));
  }

  #after(delayMs: Ms, fn: () => void): Timer {
    let isCancelled = false;
    const run = (): void => {
      if (!isCancelled) fn();
    };
    const timer = this.#world.after(delayMs, () => this.deliver(run));
    return {
      cancel: () => {
        isCancelled = true;
        timer.cancel();
      },
    };
  }
}

/**
 * `port` as `process` sees it: calls of a killed process are not made and their answers not heard;
 * answers and callbacks wait while it stands still.
 */
export function guardPort<T extends object>(port: T, process: SimProcess): T {
  return new Proxy(port, {
    get(target, key): unknown {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value === 'function')
        return (...args: readonly unknown[]): unknown => {
          if (!process.isAlive) return never;
          const heard = args.map((argument) => guardCallback(argument, process));
          const result: unknown = Reflect.apply(value, target, heard);
          if (!(result instanceof Promise)) return result;
          return process.guard(result).then((got) => guardFile(got, process));
        };
      return typeof value === 'object' && value !== null ? guardPort(value, process) : value;
    },
  });
}

function guardCallback(argument: unknown, process: SimProcess): unknown {
  if (typeof argument !== 'function') return argument;
  return (...args: readonly unknown[]): void =>
    process.deliver(() => void Reflect.apply(argument, undefined, args));
}

/** An opened file is a port of its own. */
function guardFile(result: unknown, process: SimProcess): unknown {
  const isFile = typeof result === 'object' && result !== null && 'truncate' in result;
  return isFile ? guardPort(result, process) : result;
}
