/**
 * Image archives: OCI layouts and what `docker save` writes, as tar or compressed tar, in whatever
 * order their files come. Big blobs go straight into the content store; nothing touches the disk twice.
 */
import { createHash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import tar from 'tar-stream';

import { ClusterError, messageOf, newId } from '#lib';
import type { Random } from '#lib';
import { documentBytesMax } from './manifest.ts';
import type { BlobCall, BlobSink, StoredBlob } from './blob-store-node.ts';

/** Most files in an archive; more is refused. */
const entryCountMax = 20_000;
/** Longest path or link of a file, characters; more is refused. */
const pathLengthMax = 4_096;
/** Manifests and configs held while the archive is read, bytes; more is refused. */
const heldBytesMax = 128 << 20;
/** Unpacked size of an archive, bytes; more is refused. */
const archiveBytesMax = 64 * 2 ** 30;

type TarEntry = Readable & { readonly header: tar.Header };

/** What was in the archive, by path. Blobs are in the store, documents still in memory. */
export interface ArchiveContents {
  readonly documents: ReadonlyMap<string, Uint8Array>;
  readonly blobs: ReadonlyMap<string, StoredBlob & { readonly isGzip: boolean }>;
  readonly links: ReadonlyMap<string, string>;
}

export const digestOf = (bytes: Uint8Array): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

const invalid = (why: string, cause?: unknown): ClusterError =>
  new ClusterError('IMAGE_INVALID', `not an image archive: ${why}`, { cause });

const isGzip = (head: Uint8Array): boolean => head[0] === 0x1f && head[1] === 0x8b;
const isZstd = (head: Uint8Array): boolean =>
  head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd;

/** Bytes of the archive, decompressed when the first ones say so. */
async function openArchive(source: AsyncIterable<Uint8Array>): Promise<Readable> {
  const iterator = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < 4) {
    const next = await iterator.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  if (head.length === 0) throw invalid('it is empty');
  async function* all(): AsyncGenerator<Uint8Array> {
    yield head;
    for (;;) {
      const next = await iterator.next();
      if (next.done === true) return;
      yield next.value;
    }
  }
  const raw = Readable.from(all(), { objectMode: false });
  if (!isGzip(head) && !isZstd(head)) return raw;
  // Errors come out of the end of the pipe.
  return pipeline(raw, isGzip(head) ? createGunzip() : createZstdDecompress(), () => undefined);
}

function cleanPath(path: string): string {
  return path.replace(/^(?:\.?\/)+/, '').replace(/\/$/, '');
}

/** Where a link in `from` points, inside the archive. */
function resolveLink(from: string, target: string): string {
  const parts = from.split('/').slice(0, -1);
  for (const part of target.split('/'))
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  return parts.join('/');
}

async function collect(entry: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of entry) parts.push(part);
  return Buffer.concat(parts);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Reads archives into the content store. */
export class ArchiveReader {
  readonly #blobs: BlobSink;
  readonly #random: Random;
  readonly #call: BlobCall;
  readonly #documents = new Map<string, Uint8Array>();
  readonly #stored = new Map<string, StoredBlob & { readonly isGzip: boolean }>();
  readonly #links = new Map<string, string>();
  #heldBytes = 0;

  constructor(blobs: BlobSink, random: Random, call: BlobCall) {
    this.#blobs = blobs;
    this.#random = random;
    this.#call = call;
  }

  /** IMAGE_INVALID for anything that is not an intact archive. Once per reader. */
  async read(source: AsyncIterable<Uint8Array>): Promise<ArchiveContents> {
    const extract = tar.extract();
    const bytes = await openArchive(source);
    let failure: unknown;
    pipeline(bytes, extract, (error) => {
      failure ??= error ?? undefined;
    });
    let entryCount = 0;
    let totalBytes = 0;
    try {
      for await (const entry of extract as AsyncIterable<TarEntry>) {
        entryCount++;
        totalBytes += entry.header.size ?? 0;
        if (entryCount > entryCountMax) throw invalid(`it has more than ${entryCountMax} files`);
        if (totalBytes > archiveBytesMax)
          throw invalid(`it is larger than ${archiveBytesMax} bytes`);
        await this.#readEntry(entry);
      }
    } catch (error) {
      bytes.destroy();
      throw this.#explain(failure ?? error);
    }
    if (failure !== undefined) throw this.#explain(failure);
    return { documents: this.#documents, blobs: this.#stored, links: this.#links };
  }

  #explain(error: unknown): unknown {
    if (error instanceof ClusterError) return error;
    this.#call.signal.throwIfAborted();
    return invalid(messageOf(error), error);
  }

  async #readEntry(entry: TarEntry): Promise<void> {
    const { type, linkname, size } = entry.header;
    if (entry.header.name.length > pathLengthMax || (linkname?.length ?? 0) > pathLengthMax)
      throw invalid(`it has a path longer than ${pathLengthMax} characters`);
    const path = cleanPath(entry.header.name);
    if (type === 'symlink' || type === 'link') {
      const target = linkname ?? '';
      this.#links.set(path, type === 'link' ? cleanPath(target) : resolveLink(path, target));
    }
    if (type !== 'file' && type !== 'contiguous-file') {
      entry.resume();
      return;
    }
    const blobHex = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(path)?.[1];
    const isKnown = blobHex !== undefined || /(?:\.json|\.tar|^oci-layout)$/.test(path);
    if (!isKnown) {
      entry.resume();
      return;
    }
    const expected = blobHex === undefined ? '' : `sha256:${blobHex}`;
    if (size > documentBytesMax) {
      await this.#store(path, expected, size, entry);
      return;
    }
    const bytes = await collect(entry);
    const isDocument = bytes[0] === 0x7b || bytes[0] === 0x5b;
    if (!isDocument) {
      await this.#store(path, expected, size, once(bytes));
      return;
    }
    if (expected !== '' && digestOf(bytes) !== expected)
      throw invalid(`the content of ${path} has another digest`);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > heldBytesMax)
      throw invalid(`its manifests are larger than ${heldBytesMax} bytes`);
    this.#documents.set(path, bytes);
  }

  async #store(
    path: string,
    expected: string,
    sizeBytes: number,
    source: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    let head: Uint8Array | undefined;
    const hash = createHash('sha256');
    async function* watched(): AsyncGenerator<Uint8Array> {
      for await (const part of source) {
        head ??= part;
        hash.update(part);
        yield part;
      }
    }
    const write = {
      ref: `tessera-load-${newId(this.#random)}`,
      expected,
      sizeBytes,
      labels: {},
    };
    const stream = watched();
    let isRead = false;
    const stored = await this.#blobs.write(
      write,
      () => {
        isRead = true;
        return stream;
      },
      this.#call,
    );
    // A blob that is there already was not asked for its bytes; the tar goes on behind them.
    if (!isRead) for await (const part of stream) head ??= part;
    const digest = expected === '' ? `sha256:${hash.digest('hex')}` : stored.digest;
    this.#stored.set(path, { digest, sizeBytes, isGzip: isGzip(head ?? new Uint8Array()) });
  }
}
