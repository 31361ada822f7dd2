import type { RegistryAuth } from '#proto';
import { Lane } from './lane.ts';
import type { ImageConfig, ImageProgressEvent, Images } from './runtime/port.ts';

/** Images pulled at the same time. */
export const pullsMax = 3;
/** Look-ups of local images at the same time. */
const findsMax = 8;

interface Flight {
  readonly promise: Promise<ImageConfig>;
  readonly controller: AbortController;
  users: number;
}

/**
 * An image that is on this host, pulled when it is not. Tasks that want the same image at the same
 * time share one look-up; the work is given up when the last of them is.
 */
export class ImageResolver {
  readonly #images: Images;
  readonly #flights = new Map<string, Flight>();
  readonly #pulls = new Lane(pullsMax);
  readonly #finds = new Lane(findsMax);

  constructor(images: Images) {
    this.#images = images;
  }

  /** Errors as `Images.pull`; the signal's reason when it is aborted. */
  async resolve(
    name: string,
    auth: RegistryAuth | undefined,
    signal: AbortSignal,
  ): Promise<ImageConfig> {
    signal.throwIfAborted();
    const key = `${name}\n${auth?.username ?? ''}\n${auth?.password ?? ''}`;
    const flight = this.#flights.get(key) ?? this.#launch(key, name, auth);
    flight.users++;
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => aborted.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([flight.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      flight.users--;
      if (flight.users === 0 && signal.aborted) {
        this.#flights.delete(key);
        flight.controller.abort(signal.reason);
      }
    }
  }

  #launch(key: string, name: string, auth: RegistryAuth | undefined): Flight {
    const controller = new AbortController();
    const promise = this.#fetch(name, auth, controller.signal);
    const flight: Flight = { promise, controller, users: 0 };
    const done = (): void => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    };
    promise.then(done, done);
    this.#flights.set(key, flight);
    return flight;
  }

  async #fetch(
    name: string,
    auth: RegistryAuth | undefined,
    signal: AbortSignal,
  ): Promise<ImageConfig> {
    const local = await this.#finds.run('normal', signal, () => this.#images.find(name, signal));
    if (local !== undefined) return local;
    const ignore = (_event: ImageProgressEvent): void => undefined;
    return this.#pulls.run('normal', signal, () => this.#images.pull(name, auth, ignore, signal));
  }
}
