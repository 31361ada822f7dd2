/** Tells the managers what images the host holds: once a session, and again when that has changed. */
import type { Clock, Logger, Ms, Timer } from '#lib';
import { messageOf } from '#lib';
import { AgentMessage, HeldImage, HeldImages } from '#proto';
import type { ImageInfo } from '#proto';

/** Of more the largest are told: those that it pays to know of. */
const imagesMax = 200;
const namesMax = 8;
const lookPeriodMs: Ms = 60_000;
/** After the start of a session: assignments and statuses go first. */
const firstLookMs: Ms = 2_000;
const listDeadlineMs: Ms = 30_000;

export interface HeldImagesOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly list: (signal: AbortSignal) => Promise<readonly ImageInfo[]>;
  /** False when no session stands. */
  readonly send: (message: AgentMessage) => boolean;
}

export function heldImagesOf(images: readonly ImageInfo[]): HeldImages {
  const largest = images.toSorted((a, b) => b.sizeBytes - a.sizeBytes).slice(0, imagesMax);
  return HeldImages.create({
    images: largest.map(({ names, sizeBytes }) =>
      HeldImage.create({ names: names.slice(0, namesMax), sizeBytes }),
    ),
  });
}

export class HeldImagesTeller {
  readonly #options: HeldImagesOptions;
  #timer: Timer | undefined;
  #abort: AbortController | undefined;
  /** What this session's manager knows; undefined: nothing. */
  #told: Uint8Array | undefined;

  constructor(options: HeldImagesOptions) {
    this.#options = options;
  }

  /** A session begins: its manager knows nothing. */
  sessionOpened(): void {
    this.#told = undefined;
    this.#lookIn(firstLookMs);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#abort?.abort(new Error('the agent is stopping'));
  }

  #lookIn(delayMs: Ms): void {
    this.stop();
    const abort = new AbortController();
    this.#abort = abort;
    this.#timer = this.#options.clock.after(delayMs, () => void this.#look(abort));
  }

  async #look(abort: AbortController): Promise<void> {
    const { clock, list, send, log } = this.#options;
    const deadline = clock.after(listDeadlineMs, () =>
      abort.abort(new Error(`images were not listed within ${listDeadlineMs} ms`)),
    );
    try {
      const images = heldImagesOf(await list(abort.signal));
      if (this.#abort !== abort) return;
      const bytes = HeldImages.encode(images);
      const isNews = this.#told === undefined || Buffer.compare(this.#told, bytes) !== 0;
      if (isNews && send(AgentMessage.create({ body: { kind: 'images', images } })))
        this.#told = bytes;
    } catch (error) {
      if (this.#abort === abort) log.warn('images not told', { reason: messageOf(error) });
    } finally {
      deadline.cancel();
    }
    if (this.#abort === abort) this.#lookIn(lookPeriodMs);
  }
}
