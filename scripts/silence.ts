/** A program that says nothing any more is ended: what hangs is found within minutes, not when all time is up. */
import type { ChildProcess } from 'node:child_process';

export interface SilenceLimits {
  /** It is interrupted when nothing was heard for this long. */
  readonly interruptAfterMs: number;
  /** Interrupted, it has this long to say what it was at; then it is killed. */
  readonly killAfterMs: number;
}

export class SilenceWatch {
  readonly #child: ChildProcess;
  readonly #limits: SilenceLimits;
  #isInterrupted = false;
  #timer: NodeJS.Timeout;

  constructor(child: ChildProcess, limits: SilenceLimits) {
    this.#child = child;
    this.#limits = limits;
    this.#timer = this.#wait();
    child.once('exit', () => clearTimeout(this.#timer));
  }

  /** To be called with whatever the program prints. */
  heard(): void {
    if (this.#isInterrupted || this.#child.exitCode !== null) return;
    this.#timer.refresh();
  }

  #wait(): NodeJS.Timeout {
    return setTimeout(() => {
      this.#isInterrupted = true;
      this.#child.kill('SIGINT');
      this.#timer = setTimeout(() => this.#kill(), this.#limits.killAfterMs);
    }, this.#limits.interruptAfterMs);
  }

  #kill(): void {
    this.#child.kill('SIGKILL');
    // A process of its own may hold its output open, and would be waited for.
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.destroy();
  }
}
