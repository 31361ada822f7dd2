import type { Clock, Ms, Random } from '#lib';
import { ClusterError, sleep } from '#lib';
import type { RegistryAuth } from '#proto';
import { ImageInfo } from '#proto';
import type { ImageConfig, ImageProgressEvent, Images } from './port.ts';

/** Most bytes of an archive that `load` takes; it keeps none of them. */
const archiveBytesMax = 1 << 30;

/** Images of a simulated host: every name can be pulled unless `pullError` says otherwise. */
export class SimulatedImages implements Images {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #isUsed: (name: string) => boolean;
  readonly #local = new Map<string, ImageConfig>();
  /** Why a pull of this image fails; undefined = it does not. */
  pullError: (name: string) => ClusterError | undefined = () => undefined;
  /** What images are made of. */
  configOf: (name: string) => ImageConfig = simpleConfig;
  /** Bounds of the time a pull takes. */
  pullMs: readonly [Ms, Ms] = [20, 200];
  pullCount = 0;

  constructor(clock: Clock, random: Random, isUsed: (name: string) => boolean) {
    this.#clock = clock;
    this.#random = random;
    this.#isUsed = isUsed;
  }

  has(name: string): boolean {
    return this.#local.has(name);
  }

  async find(name: string, signal: AbortSignal): Promise<ImageConfig | undefined> {
    await sleep(this.#clock, 1, signal);
    return this.#local.get(name);
  }

  async pull(
    name: string,
    _auth: RegistryAuth | undefined,
    onProgress: (event: ImageProgressEvent) => void,
    signal: AbortSignal,
  ): Promise<ImageConfig> {
    this.pullCount++;
    onProgress({ status: 'pulling', bytesDone: 0, bytesTotal: 1000 });
    const [least, most] = this.pullMs;
    await sleep(this.#clock, least + (most - least) * this.#random.next(), signal);
    const error = this.pullError(name);
    if (error !== undefined) throw error;
    onProgress({ status: 'pulled', bytesDone: 1000, bytesTotal: 1000 });
    return this.#keep(name);
  }

  async load(
    archive: AsyncIterable<Uint8Array>,
    name: string,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    let sizeBytes = 0;
    for await (const chunk of archive) {
      signal.throwIfAborted();
      sizeBytes += chunk.length;
      if (sizeBytes > archiveBytesMax)
        throw new ClusterError('IMAGE_INVALID', `archive is larger than ${archiveBytesMax} bytes`);
    }
    if (sizeBytes === 0) throw new ClusterError('IMAGE_INVALID', 'archive is empty');
    const loaded = name === '' ? 'loaded:latest' : name;
    this.#keep(loaded);
    return [loaded];
  }

  list(_signal: AbortSignal): Promise<readonly ImageInfo[]> {
    const infos = [...this.#local].map(([name, { digest }]) =>
      ImageInfo.create({ names: [name], digest, sizeBytes: 1000 }),
    );
    return Promise.resolve(infos);
  }

  remove(name: string, force: boolean, _signal: AbortSignal): Promise<void> {
    if (!this.#local.has(name))
      return Promise.reject(new ClusterError('NOT_FOUND', `image ${name} is not on this host`));
    if (!force && this.#isUsed(name))
      return Promise.reject(new ClusterError('IN_USE', `image ${name} is used by a container`));
    this.#local.delete(name);
    return Promise.resolve();
  }

  #keep(name: string): ImageConfig {
    const config = this.configOf(name);
    this.#local.set(name, config);
    return config;
  }
}

function simpleConfig(name: string): ImageConfig {
  return {
    digest: `sha256:${name}`,
    entrypoint: [],
    command: ['/bin/sh'],
    env: [],
    workingDirectory: '',
    user: '',
    stopSignal: '',
    volumes: [],
  };
}
