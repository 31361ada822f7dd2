/** What the view keeps about one service: where its tasks are and where they failed of late. */
import type { Ms } from '#lib';

/** A node on which this many tasks of one version of a service failed within `failureWindowMs` goes last. */
export const failuresMax = 5;
export const failureWindowMs: Ms = 5 * 60_000;

/** Owned and changed by ClusterView only. */
export class ServiceRecord {
  /** Tasks meant to run, by node; no zeros. */
  readonly taskCounts = new Map<string, number>();
  /** When tasks failed, by node, of `failureVersion` only; at most `failuresMax` a node, oldest first. */
  readonly #failures = new Map<string, Ms[]>();
  #failureVersion = 0;

  /** `change` is 1 or -1. */
  count(nodeId: string, change: 1 | -1): void {
    const count = (this.taskCounts.get(nodeId) ?? 0) + change;
    if (count > 0) this.taskCounts.set(nodeId, count);
    else this.taskCounts.delete(nodeId);
  }

  /** Notes a failure. A newer version of the service starts from none. */
  failed(nodeId: string, specVersion: number, atMs: Ms): void {
    if (specVersion < this.#failureVersion) return;
    if (specVersion > this.#failureVersion) {
      this.#failures.clear();
      this.#failureVersion = specVersion;
    }
    const times = this.#failures.get(nodeId) ?? [];
    times.push(atMs);
    times.sort((a, b) => a - b);
    if (times.length > failuresMax) times.shift();
    this.#failures.set(nodeId, times);
  }

  /** Whether tasks of this version keep failing on the node. */
  isFaulty(nodeId: string, specVersion: number, nowMs: Ms): boolean {
    if (this.#failures.size === 0 || specVersion !== this.#failureVersion) return false;
    const times = this.#failures.get(nodeId);
    const oldest = times?.[0];
    if (times === undefined || oldest === undefined) return false;
    const newest = times[times.length - 1] ?? oldest;
    if (newest <= nowMs - failureWindowMs) this.#failures.delete(nodeId);
    return times.length >= failuresMax && oldest > nowMs - failureWindowMs;
  }

  get isEmpty(): boolean {
    return this.taskCounts.size === 0 && this.#failures.size === 0;
  }
}
