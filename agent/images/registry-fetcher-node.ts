/**
 * Fetches images from registries into the content store: layers in parallel, each going on where it
 * stopped, everything checked against its digest, mirrors first.
 */
import { backoffMs, ClusterError, mapBounded, messageOf, sleep } from '#lib';
import type { Clock, Logger, Random } from '#lib';
import type { Platform, RegistryAuth } from '#proto';
import type { ImageProgressEvent } from '../runtime/port.ts';
import { digestOf } from './archive-node.ts';
import type { BlobSink } from './blob-store-node.ts';
import { HttpClient } from './http-node.ts';
import { choosePlatform, parseTarget } from './manifest.ts';
import type { BlobDescriptor, Manifest } from './manifest.ts';
import { noPlatform } from './image-store-node.ts';
import { ProgressMeter } from './progress.ts';
import { familiarName, formatReference } from './reference.ts';
import type { ImageReference } from './reference.ts';
import { RegistryClient, TransientError } from './registry-client-node.ts';
import { registryEndpoints } from './registry-config-node.ts';
import type { RegistryConfig } from './registry-config-node.ts';
import type { ImageFetcher } from './images-node.ts';

export interface RegistryFetcherOptions {
  readonly config: RegistryConfig;
  readonly blobs: BlobSink;
  readonly platform: Platform;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Layers of one image that are fetched at the same time. */
const layerWidth = 3;
/** Tries of one manifest, the first included; someone is waiting for the answer. */
const documentTriesMax = 3;
/** Tries of one blob, the first included. */
const blobTriesMax = 5;
const retry = { baseMs: 250, maxMs: 5_000, jitter: 0.5 };
/** What a registry may ask to be waited at most. */
const retryAfterMsMax = 30_000;
/** Largest image, bytes; more is refused. */
const imageBytesMax = 128 * 2 ** 30;

interface FetchCall {
  readonly signal: AbortSignal;
  readonly lease: string;
}

interface Fetched {
  readonly target: BlobDescriptor;
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
  /** The manifest itself where the target is an index. */
  readonly inner: { readonly descriptor: BlobDescriptor; readonly bytes: Uint8Array } | undefined;
}

export class RegistryFetcher implements ImageFetcher {
  readonly #options: RegistryFetcherOptions;
  /** Blobs on their way, so that two images with the same layer fetch it once. */
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(options: RegistryFetcherOptions) {
    this.#options = options;
  }

  async fetch(
    reference: ImageReference,
    auth: RegistryAuth | undefined,
    onProgress: (event: ImageProgressEvent) => void,
    call: FetchCall,
  ): Promise<BlobDescriptor> {
    const http = new HttpClient();
    try {
      return await this.#fetchFrom(http, reference, auth, onProgress, call);
    } finally {
      http.close();
    }
  }

  /** The first endpoint that has the manifest serves the blobs as well. */
  async #fetchFrom(
    http: HttpClient,
    reference: ImageReference,
    auth: RegistryAuth | undefined,
    onProgress: (event: ImageProgressEvent) => void,
    call: FetchCall,
  ): Promise<BlobDescriptor> {
    const { config, log } = this.#options;
    const endpoints = await registryEndpoints(config, reference.host);
    let failure: unknown;
    for (const [index, endpoint] of endpoints.entries()) {
      const isOwn = endpoint.host === reference.host;
      const client = new RegistryClient({
        endpoint,
        path: reference.path,
        // A mirror is another server: it does not get the login of the registry it mirrors.
        auth: isOwn ? auth : undefined,
        http,
        certificateFolder: config.folders[0] ?? '',
      });
      onProgress({ status: 'resolving', bytesDone: 0, bytesTotal: 0 });
      try {
        const tries = index < endpoints.length - 1 ? 1 : documentTriesMax;
        const fetched = await this.#manifests(client, reference, tries, call.signal);
        await this.#blobs(client, reference, fetched, onProgress, call);
        return fetched.target;
      } catch (error) {
        call.signal.throwIfAborted();
        // The registry itself has the last word, and of its two ways the one that said something.
        if (!(failure instanceof ClusterError) || (isOwn && error instanceof ClusterError))
          failure = error;
        log.debug('registry could not serve the image', { registry: endpoint.host, err: error });
        if (isOwn && error instanceof ClusterError && isFinal(error)) break;
      }
    }
    throw this.#explain(failure, reference);
  }

  async #manifests(
    client: RegistryClient,
    reference: ImageReference,
    tries: number,
    signal: AbortSignal,
  ): Promise<Fetched> {
    const wanted = reference.digest === '' ? reference.tag : reference.digest;
    const top = await this.#document(client, reference, wanted, tries, signal);
    const what = `image ${formatReference(reference)}`;
    const parsed = parseTarget(top.bytes, what);
    if (parsed.kind === 'manifest')
      return {
        target: top.descriptor,
        bytes: top.bytes,
        manifest: parsed.manifest,
        inner: undefined,
      };
    const chosen = choosePlatform(parsed.manifests, this.#options.platform);
    if (chosen === undefined)
      throw noPlatform(formatReference(reference), parsed.manifests, this.#options.platform);
    const inner = await this.#document(client, reference, chosen.digest, tries, signal);
    const innerParsed = parseTarget(inner.bytes, `${what}: ${chosen.digest}`);
    if (innerParsed.kind !== 'manifest')
      throw new ClusterError('IMAGE_INVALID', `${what}: an index within an index`);
    return { target: top.descriptor, bytes: top.bytes, manifest: innerParsed.manifest, inner };
  }

  async #document(
    client: RegistryClient,
    reference: ImageReference,
    wanted: string,
    tries: number,
    signal: AbortSignal,
  ): Promise<{ readonly descriptor: BlobDescriptor; readonly bytes: Uint8Array }> {
    const found = await this.#again(tries, signal, () => client.manifest(wanted, signal));
    if (found === undefined)
      throw new ClusterError(
        'IMAGE_NOT_FOUND',
        `image ${familiarName(formatReference(reference))} not found in registry ${client.host}: ` +
          'check the name and tag',
        { details: { registry: client.host } },
      );
    const { bytes, mediaType } = found;
    const digest = digestOf(bytes);
    if (wanted.startsWith('sha256:') && digest !== wanted)
      throw new ClusterError(
        'IMAGE_INVALID',
        `registry ${client.host} answers ${wanted} with something else (${digest})`,
      );
    return { descriptor: { mediaType, digest, size: bytes.length }, bytes };
  }

  async #blobs(
    client: RegistryClient,
    reference: ImageReference,
    fetched: Fetched,
    onProgress: (event: ImageProgressEvent) => void,
    call: FetchCall,
  ): Promise<void> {
    const { blobs, clock } = this.#options;
    const { manifest, inner, target } = fetched;
    const parts = [...manifest.layers, manifest.config];
    const bytesTotal = parts.reduce((sum, part) => sum + part.size, 0);
    if (bytesTotal > imageBytesMax)
      throw new ClusterError(
        'IMAGE_INVALID',
        `image ${formatReference(reference)} is larger than ${imageBytesMax} bytes`,
      );
    const meter = new ProgressMeter(clock, bytesTotal, onProgress);
    // One failure ends the others: they would go on for nothing.
    const ended = new AbortController();
    const both = { ...call, signal: AbortSignal.any([call.signal, ended.signal]) };
    await mapBounded(parts, layerWidth, async (part) => {
      try {
        await this.#blob(client, part, meter, both);
      } catch (error) {
        ended.abort(error);
        throw error;
      }
    });
    const documents = [
      ...(inner === undefined ? [] : [{ digest: inner.descriptor.digest, bytes: inner.bytes }]),
      { digest: target.digest, bytes: fetched.bytes },
    ];
    for (const { digest, bytes } of documents)
      await blobs.write(
        {
          ref: `tessera-document-${digest}`,
          expected: digest,
          sizeBytes: bytes.length,
          labels: {},
        },
        () => whole(bytes),
        call,
      );
    meter.finish();
  }

  async #blob(
    client: RegistryClient,
    part: BlobDescriptor,
    meter: ProgressMeter,
    call: FetchCall,
  ): Promise<void> {
    // Another image's pull may bring it; under our lease it must be known all the same.
    while (true) {
      const other = this.#underWay.get(part.digest);
      if (other === undefined) break;
      await other.catch(() => undefined);
      call.signal.throwIfAborted();
    }
    const work = this.#fetchBlob(client, part, meter, call);
    this.#underWay.set(part.digest, work);
    try {
      await work;
    } finally {
      this.#underWay.delete(part.digest);
    }
  }

  async #fetchBlob(
    client: RegistryClient,
    part: BlobDescriptor,
    meter: ProgressMeter,
    call: FetchCall,
  ): Promise<void> {
    const { blobs } = this.#options;
    const write = {
      ref: `tessera-blob-${part.digest}`,
      expected: part.digest,
      sizeBytes: part.size,
      labels: {},
    };
    await this.#again(blobTriesMax, call.signal, () =>
      blobs.write(
        write,
        (offset) => {
          meter.set(part.digest, offset);
          const bytes = client.blob(part.digest, offset, call.signal);
          return meter.count(part.digest, bounded(bytes, part.size - offset, part));
        },
        call,
      ),
    );
    meter.set(part.digest, part.size);
  }

  /** The work once more after failures that may pass; the last one is the outcome. */
  async #again<T>(tries: number, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const { clock, random, log } = this.#options;
    for (let tried = 1; ; tried++) {
      try {
        return await work();
      } catch (error) {
        signal.throwIfAborted();
        if (tried >= tries || !isTransient(error)) throw error;
        const asked = error instanceof TransientError ? error.retryAfterMs : 0;
        const delayMs = Math.max(
          Math.min(asked, retryAfterMsMax),
          backoffMs(retry, tried - 1, random),
        );
        log.info('registry request failed, trying again', { err: messageOf(error), delayMs });
        await sleep(clock, delayMs, signal);
      }
    }
  }

  #explain(error: unknown, reference: ImageReference): unknown {
    if (error instanceof ClusterError) return error;
    return new ClusterError(
      'REGISTRY_UNAVAILABLE',
      `registry ${reference.host} does not answer for image ${formatReference(reference)}: ` +
        `${messageOf(error)}`,
      { cause: error, details: { registry: reference.host } },
    );
  }
}

/** Asking the same registry in another way would not change it. */
function isFinal(error: ClusterError): boolean {
  return error.code !== 'REGISTRY_UNAVAILABLE';
}

function isTransient(error: unknown): boolean {
  if (error instanceof TransientError) return true;
  // The store's own lock on an unfinished write outlives a broken one for a moment.
  return error instanceof ClusterError && /locked/.test(error.message);
}

/** IMAGE_INVALID at the first byte past what the manifest promised: nobody fills a disk with us. */
async function* bounded(
  bytes: AsyncIterable<Uint8Array>,
  bytesMax: number,
  part: BlobDescriptor,
): AsyncGenerator<Uint8Array> {
  let left = bytesMax;
  for await (const piece of bytes) {
    left -= piece.length;
    if (left < 0)
      throw new ClusterError(
        'IMAGE_INVALID',
        `blob ${part.digest} is larger than the ${part.size} bytes of its manifest`,
      );
    yield piece;
  }
}

async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
