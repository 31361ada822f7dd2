/** The `Images` port on containerd: found, pulled, loaded, listed, removed; lookups are remembered. */
import {
  ContainersService,
  Image,
  ImagesService,
  NamespacesService,
  Namespace,
} from '#proto/containerd';
import { ClusterError, newId } from '#lib';
import type { Clock, Logger, Random } from '#lib';
import type { ImageInfo, Platform, RegistryAuth } from '#proto';
import { ImageInfo as ImageInfoCodec } from '#proto';
import type { ImageConfig, ImageProgressEvent, Images } from '../runtime/port.ts';
import { isAlreadyThere, isNotFound } from '../containerd/connection-node.ts';
import type { ContainerdConnection } from '../containerd/connection-node.ts';
import { ArchiveReader, digestOf } from './archive-node.ts';
import { planArchive } from './archive-images.ts';
import { viewOf } from './archive-view-node.ts';
import { ImageStore } from './image-store-node.ts';
import type { ResolvedImage } from './image-store-node.ts';
import { underLease } from './leases-node.ts';
import { familiarName, formatReference, parseReference } from './reference.ts';
import type { ImageReference } from './reference.ts';
import type { BlobDescriptor } from './manifest.ts';

/** Fetches every blob of an image into the content store; resolves to what its name points at. */
export interface ImageFetcher {
  fetch(
    reference: ImageReference,
    auth: RegistryAuth | undefined,
    onProgress: (event: ImageProgressEvent) => void,
    call: { readonly signal: AbortSignal; readonly lease: string },
  ): Promise<BlobDescriptor>;
}

export interface ContainerdImagesOptions {
  readonly containerd: ContainerdConnection;
  readonly platform: Platform;
  readonly fetcher: (store: ImageStore) => ImageFetcher;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** How long a lookup is trusted, so that thirty containers of one image ask once. */
const rememberMs = 2_000;
/** Most remembered lookups; the oldest goes. */
const rememberedMax = 256;

interface Pull {
  readonly promise: Promise<ResolvedImage>;
  readonly listeners: Set<(event: ImageProgressEvent) => void>;
  readonly controller: AbortController;
  waiters: number;
}

export class ContainerdImages implements Images {
  readonly #options: ContainerdImagesOptions;
  readonly #store: ImageStore;
  readonly #fetcher: ImageFetcher;
  readonly #remembered = new Map<
    string,
    { readonly atMs: number; readonly image: Promise<ResolvedImage | undefined> }
  >();
  /** What a target digest means never changes. */
  readonly #byTarget = new Map<string, ResolvedImage>();
  readonly #pulls = new Map<string, Pull>();

  constructor(options: ContainerdImagesOptions) {
    this.#options = options;
    this.#store = new ImageStore(options);
    this.#fetcher = options.fetcher(this.#store);
  }

  async find(name: string, signal: AbortSignal): Promise<ImageConfig | undefined> {
    return (await this.resolve(name, signal))?.config;
  }

  /** As `find`, with the snapshot that containers start from. */
  async resolve(name: string, signal: AbortSignal): Promise<ResolvedImage | undefined> {
    const fullName = formatReference(parseReference(name));
    const { clock } = this.#options;
    const known = this.#remembered.get(fullName);
    if (known !== undefined && clock.monotonic() - known.atMs < rememberMs)
      return await known.image;
    const image = this.#lookUp(fullName, signal);
    this.#remembered.set(fullName, { atMs: clock.monotonic(), image });
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size <= rememberedMax) break;
      this.#remembered.delete(oldest);
    }
    const forget = (): void => {
      if (this.#remembered.get(fullName)?.image === image) this.#remembered.delete(fullName);
    };
    image.then((found) => found ?? forget(), forget);
    return await image;
  }

  /** Something went another way than the remembered lookups say. */
  forget(): void {
    this.#remembered.clear();
    this.#byTarget.clear();
  }

  async pull(
    name: string,
    auth: RegistryAuth | undefined,
    onProgress: (event: ImageProgressEvent) => void,
    signal: AbortSignal,
  ): Promise<ImageConfig> {
    signal.throwIfAborted();
    const reference = parseReference(name);
    const key = JSON.stringify([formatReference(reference), auth?.username, auth?.password]);
    let pull = this.#pulls.get(key);
    if (pull === undefined) {
      const controller = new AbortController();
      const listeners = new Set<(event: ImageProgressEvent) => void>();
      const tell = (event: ImageProgressEvent): void => {
        for (const listener of listeners) listener(event);
      };
      const promise = this.#pull(reference, auth, tell, controller.signal).finally(() =>
        this.#pulls.delete(key),
      );
      pull = { promise, listeners, controller, waiters: 0 };
      this.#pulls.set(key, pull);
    }
    return (await this.#join(pull, onProgress, signal)).config;
  }

  async load(
    archive: AsyncIterable<Uint8Array>,
    name: string,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const { containerd, clock, random } = this.#options;
    const leaseId = `tessera-load-${newId(random)}`;
    await this.ensureNamespace(signal);
    const names = await underLease(containerd, clock, leaseId, false, async (lease) => {
      const call = { signal, lease };
      const contents = await new ArchiveReader(this.#store.blobs, random, call).read(archive);
      const plan = planArchive(viewOf(contents), name);
      for (const { digest, bytes } of plan.documents)
        await this.#store.blobs.write(
          { ref: `tessera-load-${digest}`, expected: digest, sizeBytes: bytes.length, labels: {} },
          () => one(bytes),
          call,
        );
      for (const image of plan.images) await this.#store.adopt(image.name, image.target, call);
      return plan.images.map((image) => image.name);
    });
    this.#remembered.clear();
    return names.map(familiarName);
  }

  async list(signal: AbortSignal): Promise<readonly ImageInfo[]> {
    const { containerd } = this.#options;
    const { images } = await containerd.call(ImagesService.list, { filters: [] }, { signal });
    const byDigest = new Map<string, { names: string[]; image: Image }>();
    for (const image of images) {
      const digest = image.target?.digest ?? '';
      const known = byDigest.get(digest) ?? { names: new Array<string>(), image };
      known.names.push(familiarName(image.name));
      byDigest.set(digest, known);
    }
    const infos: ImageInfo[] = [];
    for (const [digest, { names, image }] of byDigest) {
      const resolved = await this.#resolveTarget(image, signal).catch(() => undefined);
      infos.push(
        ImageInfoCodec.create({
          names: names.toSorted(),
          digest,
          sizeBytes: resolved?.sizeBytes ?? 0,
          createdAtMs: resolved?.createdAtMs ?? 0,
        }),
      );
    }
    return infos.toSorted((a, b) => ((a.names[0] ?? '') < (b.names[0] ?? '') ? -1 : 1));
  }

  async remove(name: string, force: boolean, signal: AbortSignal): Promise<void> {
    const { containerd } = this.#options;
    const fullName = formatReference(parseReference(name));
    if (!force) {
      const { containers } = await containerd.call(
        ContainersService.list,
        { filters: [`image==${JSON.stringify(fullName)}`] },
        { signal },
      );
      const [user] = containers;
      if (user !== undefined)
        throw new ClusterError(
          'IN_USE',
          `image ${familiarName(fullName)} is used by container ${user.id}: stop it first, or force`,
          { details: { container: user.id } },
        );
    }
    this.forget();
    try {
      await containerd.call(ImagesService.delete, { name: fullName, sync: true }, { signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      throw new ClusterError('NOT_FOUND', `no image ${familiarName(fullName)} on this host`, {
        cause: error,
      });
    }
  }

  /** containerd's namespaces are made by whoever uses them. Idempotent. */
  async ensureNamespace(signal: AbortSignal): Promise<void> {
    const { containerd } = this.#options;
    const namespace = Namespace.create({ name: containerd.namespace });
    try {
      await containerd.call(NamespacesService.create, { namespace }, { signal });
    } catch (error) {
      if (!isAlreadyThere(error)) throw error;
    }
  }

  /** Waits with the others; the pull ends when the last one has lost interest. */
  async #join(
    pull: Pull,
    onProgress: (event: ImageProgressEvent) => void,
    signal: AbortSignal,
  ): Promise<ResolvedImage> {
    const gaveUp = Promise.withResolvers<never>();
    const onAbort = (): void => gaveUp.reject(signal.reason);
    pull.listeners.add(onProgress);
    pull.waiters++;
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([pull.promise, gaveUp.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      pull.listeners.delete(onProgress);
      pull.waiters--;
      if (pull.waiters === 0) pull.controller.abort(signal.reason);
    }
  }

  async #pull(
    reference: ImageReference,
    auth: RegistryAuth | undefined,
    onProgress: (event: ImageProgressEvent) => void,
    signal: AbortSignal,
  ): Promise<ResolvedImage> {
    const { containerd, clock, log } = this.#options;
    const name = formatReference(reference);
    await this.ensureNamespace(signal);
    const startedMs = clock.monotonic();
    // The same lease again after a crash: what was fetched is still there.
    const leaseId = `tessera-pull-${digestOf(new TextEncoder().encode(name)).slice(7, 39)}`;
    const image = await underLease(containerd, clock, leaseId, true, async (lease) => {
      const call = { signal, lease };
      const target = await this.#fetcher.fetch(reference, auth, onProgress, call);
      onProgress({ status: 'unpacking', bytesDone: 0, bytesTotal: 0 });
      return await this.#store.adopt(name, target, call);
    });
    this.#remembered.clear();
    log.info('image pulled', { image: name, tookMs: Math.round(clock.monotonic() - startedMs) });
    return image;
  }

  async #lookUp(name: string, signal: AbortSignal): Promise<ResolvedImage | undefined> {
    const target = await this.#store.target(name, signal);
    if (target === undefined) return undefined;
    const known = this.#byTarget.get(target.digest);
    const image = known ?? (await this.#resolveTarget(Image.create({ name, target }), signal));
    if (image === undefined) return undefined;
    if (known === undefined && !(await this.#store.isUnpacked(image, signal))) return undefined;
    this.#byTarget.set(target.digest, image);
    if (this.#byTarget.size > rememberedMax) this.#byTarget.clear();
    return { ...image, name };
  }

  /** Undefined when a blob is missing: the image must be fetched again. */
  async #resolveTarget(image: Image, signal: AbortSignal): Promise<ResolvedImage | undefined> {
    const { target } = image;
    if (target === undefined) return undefined;
    const known = this.#byTarget.get(target.digest);
    if (known !== undefined) return known;
    try {
      return await this.#store.resolve(image.name, target, { signal });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
