/**
 * Images as containerd keeps them: a name -> index or manifest -> config and layers, and for each
 * layer a committed snapshot. Labels tie them together, or the collector takes what nothing names.
 */
import { Image, ImagesService, FieldMask, SnapshotsService, DiffService } from '#proto/containerd';
import * as wire from '#proto/containerd';
import { ClusterError } from '#lib';
import type { Clock, Random } from '#lib';
import { newId } from '#lib';
import type { Platform } from '#proto';
import type { ImageConfig } from '../runtime/port.ts';
import { isAlreadyThere, isNotFound } from '../containerd/connection-node.ts';
import type { ContainerdConnection } from '../containerd/connection-node.ts';
import { BlobStore } from './blob-store-node.ts';
import type { BlobCall } from './blob-store-node.ts';
import { chainIds } from './chain-id-node.ts';
import {
  choosePlatform,
  documentBytesMax,
  parseImageDocument,
  parseTarget,
  platformNames,
} from './manifest.ts';
import type { BlobDescriptor, ImageDocument, Manifest } from './manifest.ts';

export const snapshotter = 'overlayfs';
const contentRef = 'containerd.io/gc.ref.content';
const snapshotRef = `containerd.io/gc.ref.snapshot.${snapshotter}`;

/** An image that is here, with all that is needed to make a container of it. */
export interface ResolvedImage {
  readonly name: string;
  /** Of the index or manifest that the name points at. */
  readonly digest: string;
  readonly config: ImageConfig;
  /** Name of the committed snapshot that is its root file system. */
  readonly rootSnapshot: string;
  readonly sizeBytes: number;
  readonly createdAtMs: number;
}

interface Parts {
  readonly target: BlobDescriptor;
  readonly manifest: Manifest;
  readonly manifestDigest: string;
  readonly document: ImageDocument;
}

export interface ImageStoreOptions {
  readonly containerd: ContainerdConnection;
  readonly platform: Platform;
  readonly clock: Clock;
  readonly random: Random;
}

export class ImageStore {
  readonly blobs: BlobStore;
  readonly #options: ImageStoreOptions;

  constructor(options: ImageStoreOptions) {
    this.#options = options;
    this.blobs = new BlobStore(options.containerd);
  }

  /** What the name points at now, or undefined. `name` is in full. */
  async target(name: string, signal: AbortSignal): Promise<wire.Descriptor | undefined> {
    try {
      const { image } = await this.#options.containerd.call(
        ImagesService.get,
        { name },
        { signal },
      );
      return image?.target;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Reads an image whose blobs are here. IMAGE_INVALID, IMAGE_NOT_FOUND for another platform. */
  async resolve(name: string, target: BlobDescriptor, call: BlobCall): Promise<ResolvedImage> {
    const parts = await this.#parts(name, target, call);
    return toResolved(name, parts);
  }

  /**
   * Ties the blobs together with labels, unpacks the layers and points the name at the target.
   * Everything must be here already, under the lease of `call`. Idempotent.
   */
  async adopt(name: string, target: BlobDescriptor, call: BlobCall): Promise<ResolvedImage> {
    const parts = await this.#parts(name, target, call);
    const { manifest, manifestDigest, document } = parts;
    const chain = chainIds(document.rootfs.diff_ids);
    if (chain.length !== manifest.layers.length)
      throw new ClusterError(
        'IMAGE_INVALID',
        `image ${name}: config and manifest differ in layers`,
      );
    const children = [manifest.config, ...manifest.layers];
    await this.blobs.label(
      manifestDigest,
      Object.fromEntries(children.map((child, i) => [`${contentRef}.${i}`, child.digest])),
      call,
    );
    if (manifestDigest !== target.digest)
      await this.blobs.label(target.digest, { [`${contentRef}.m.0`]: manifestDigest }, call);
    await this.#unpack(name, manifest, document.rootfs.diff_ids, call);
    const top = chain.at(-1);
    if (top !== undefined)
      await this.blobs.label(manifest.config.digest, { [snapshotRef]: top }, call);
    await this.#point(name, target, call.signal);
    return toResolved(name, parts);
  }

  /** Whether the root file system is unpacked. */
  async isUnpacked(image: ResolvedImage, signal: AbortSignal): Promise<boolean> {
    if (image.rootSnapshot === '') return true;
    return await this.#hasSnapshot(image.rootSnapshot, { signal });
  }

  async #parts(name: string, target: BlobDescriptor, call: BlobCall): Promise<Parts> {
    const read = (digest: string): Promise<Uint8Array> =>
      this.blobs.read(digest, documentBytesMax, call);
    const first = parseTarget(await read(target.digest), `image ${name}: ${target.digest}`);
    if (first.kind === 'manifest') {
      const { manifest } = first;
      const what = `image ${name}: config ${manifest.config.digest}`;
      const document = parseImageDocument(await read(manifest.config.digest), what);
      return { target, manifest, manifestDigest: target.digest, document };
    }
    const { platform } = this.#options;
    const chosen = choosePlatform(first.manifests, platform);
    if (chosen === undefined) throw noPlatform(name, first.manifests, platform);
    const parts = await this.#parts(name, chosen, call);
    return { ...parts, target };
  }

  async #unpack(
    name: string,
    manifest: Manifest,
    diffIds: readonly string[],
    call: BlobCall,
  ): Promise<void> {
    const chain = chainIds(diffIds);
    const top = chain.at(-1);
    if (top === undefined || (await this.#hasSnapshot(top, call))) return;
    for (const [index, layer] of manifest.layers.entries()) {
      const id = chain[index] ?? '';
      if (await this.#hasSnapshot(id, call)) continue;
      const diffId = diffIds[index] ?? '';
      await this.#unpackLayer(name, { ...layer, diffId }, chain[index - 1] ?? '', id, call);
    }
  }

  async #unpackLayer(
    name: string,
    layer: BlobDescriptor & { readonly diffId: string },
    parent: string,
    chainId: string,
    call: BlobCall,
  ): Promise<void> {
    const { containerd, random } = this.#options;
    const key = `extract-${newId(random)} ${chainId}`;
    const { mounts } = await containerd.call(
      SnapshotsService.prepare,
      { snapshotter, key, parent, labels: {} },
      call,
    );
    try {
      const diff = wire.Descriptor.create({
        mediaType: layer.mediaType,
        digest: layer.digest,
        size: layer.size,
      });
      const { applied } = await containerd
        .call(DiffService.apply, { diff, mounts }, { ...call, deadlineMs: 10 * 60_000 })
        .catch((error: unknown) => {
          throw new ClusterError(
            'IMAGE_INVALID',
            `image ${name}: layer ${layer.digest} does not unpack`,
            {
              cause: error,
            },
          );
        });
      // The snapshot gets the name of what the config says; another image may be given it by that name.
      if (applied?.digest !== layer.diffId)
        throw new ClusterError(
          'IMAGE_INVALID',
          `image ${name}: layer ${layer.digest} is not what its config says (${layer.diffId})`,
        );
      await containerd.call(
        SnapshotsService.commit,
        { snapshotter, key, name: chainId, labels: {} },
        call,
      );
    } catch (error) {
      await containerd.call(SnapshotsService.remove, { snapshotter, key }).catch(() => undefined);
      // Another image with the same layer was quicker.
      if (!isAlreadyThere(error)) throw error;
    }
  }

  async #hasSnapshot(key: string, call: Partial<BlobCall>): Promise<boolean> {
    try {
      await this.#options.containerd.call(SnapshotsService.stat, { snapshotter, key }, call);
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  async #point(name: string, target: BlobDescriptor, signal: AbortSignal): Promise<void> {
    const { containerd } = this.#options;
    const image = Image.create({
      name,
      target: wire.Descriptor.create({
        mediaType: target.mediaType,
        digest: target.digest,
        size: target.size,
      }),
    });
    try {
      await containerd.call(ImagesService.create, { image }, { signal });
    } catch (error) {
      if (!isAlreadyThere(error)) throw error;
      const updateMask = FieldMask.create({ paths: ['target'] });
      await containerd.call(ImagesService.update, { image, updateMask }, { signal });
    }
  }
}

/** What to say when an index lacks this host's platform. */
export function noPlatform(
  name: string,
  manifests: readonly BlobDescriptor[],
  platform: Platform,
): ClusterError {
  const wanted = `${platform.os}/${platform.architecture}`;
  return new ClusterError(
    'IMAGE_NOT_FOUND',
    `image ${name} has no ${wanted} variant (it has ${platformNames(manifests).join(', ') || 'none'}): ` +
      'use an image for this platform or a constraint on node.platform.arch',
  );
}

function toResolved(name: string, parts: Parts): ResolvedImage {
  const { document, manifest, target } = parts;
  const config = document.config ?? {};
  const createdAtMs = Date.parse(document.created ?? '');
  return {
    name,
    digest: target.digest,
    rootSnapshot: chainIds(document.rootfs.diff_ids).at(-1) ?? '',
    sizeBytes: manifest.layers.reduce((sum, layer) => sum + layer.size, manifest.config.size),
    createdAtMs: createdAtMs > 0 ? createdAtMs : 0,
    config: {
      digest: target.digest,
      entrypoint: config.Entrypoint ?? [],
      command: config.Cmd ?? [],
      env: config.Env ?? [],
      workingDirectory: config.WorkingDir ?? '',
      user: config.User ?? '',
      stopSignal: config.StopSignal ?? '',
      volumes: Object.keys(config.Volumes ?? {}),
    },
  };
}
