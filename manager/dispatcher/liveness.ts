import type { Clock, Ms, Timer } from '#lib';

interface Watched {
  graceMs: Ms;
  /** In force from the next sign of life on: until then the node may not know of it. */
  nextGraceMs: Ms;
  lastSeenAt: Ms;
  dueAt: Ms;
  timer: Timer;
}

/**
 * A check that fires this much late, ms, means that this process stood still: what arrived meanwhile
 * is still unread, so the node gets a third of its grace more.
 */
const stallMs = 200;

/**
 * Who has been silent for too long. A sign of life costs a field, not a timer: the timer looks
 * when it fires and goes on for what is left.
 */
export class Liveness {
  readonly #clock: Clock;
  readonly #onExpired: (nodeId: string) => void;
  readonly #watched = new Map<string, Watched>();

  /** `onExpired` is called once per `watch`; the node is not watched any more then. */
  constructor(clock: Clock, onExpired: (nodeId: string) => void) {
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  /** Counts from now; replaces an earlier watch of the same node. */
  watch(nodeId: string, graceMs: Ms): void {
    this.forget(nodeId);
    const now = this.#clock.monotonic();
    const watched: Watched = {
      graceMs,
      nextGraceMs: graceMs,
      lastSeenAt: now,
      dueAt: now + graceMs,
      timer: this.#clock.after(graceMs, () => this.#check(nodeId, watched)),
    };
    this.#watched.set(nodeId, watched);
  }

  /** A sign of life. */
  seen(nodeId: string): void {
    const watched = this.#watched.get(nodeId);
    if (watched === undefined) return;
    watched.lastSeenAt = this.#clock.monotonic();
    if (watched.nextGraceMs !== watched.graceMs) {
      watched.graceMs = watched.nextGraceMs;
      watched.timer.cancel();
      this.#arm(nodeId, watched);
    }
  }

  /** For what is watched already: a longer one at once, a shorter one from the next sign of life. */
  setGrace(nodeId: string, graceMs: Ms): void {
    const watched = this.#watched.get(nodeId);
    if (watched === undefined) return;
    watched.nextGraceMs = graceMs;
    watched.graceMs = Math.max(watched.graceMs, graceMs);
  }

  forget(nodeId: string): void {
    this.#watched.get(nodeId)?.timer.cancel();
    this.#watched.delete(nodeId);
  }

  clear(): void {
    for (const watched of this.#watched.values()) watched.timer.cancel();
    this.#watched.clear();
  }

  #check(nodeId: string, watched: Watched): void {
    const now = this.#clock.monotonic();
    const lateMs = now - watched.dueAt;
    if (lateMs > stallMs)
      watched.lastSeenAt = Math.max(watched.lastSeenAt, now - (2 * watched.graceMs) / 3);
    if (watched.lastSeenAt + watched.graceMs > now) {
      this.#arm(nodeId, watched);
      return;
    }
    this.#watched.delete(nodeId);
    this.#onExpired(nodeId);
  }

  #arm(nodeId: string, watched: Watched): void {
    const now = this.#clock.monotonic();
    const leftMs = Math.max(0, watched.lastSeenAt + watched.graceMs - now);
    watched.dueAt = now + leftMs;
    watched.timer = this.#clock.after(leftMs, () => this.#check(nodeId, watched));
  }
}
