/** containerd's content store: blobs by digest, written once, verified by containerd as they end. */
import {
  ContentService,
  ContentInfo,
  FieldMask,
  WriteAction,
  WriteContentRequest,
} from '#proto/containerd';
import { ClusterError, deferred, messageOf } from '#lib';
import { fromStatus, writeTo } from '#proto/rpc';
import type { ContainerdConnection } from '../containerd/connection-node.ts';
import { isAlreadyThere, isNotFound } from '../containerd/connection-node.ts';

/** Bytes sent in one message; containerd answers each. */
const chunkBytes = 256 << 10;

export interface BlobCall {
  readonly signal: AbortSignal;
  /** Keeps what is written until something refers to it. */
  readonly lease?: string;
}

export interface BlobWrite {
  /** Names the unfinished write; the same name goes on where it stopped. One writer at a time. */
  readonly ref: string;
  /** sha256:<hex>; empty = whatever comes. */
  readonly expected: string;
  /** 0 = not known. */
  readonly sizeBytes: number;
  readonly labels: Readonly<Record<string, string>>;
}

export interface StoredBlob {
  readonly digest: string;
  readonly sizeBytes: number;
}

/** Gives the bytes from `offset` (bytes, >= 0) on. */
export type BlobSource = (offset: number) => AsyncIterable<Uint8Array>;

/** Where fetched and unpacked blobs go. */
export type BlobSink = Pick<BlobStore, 'write'>;

export class BlobStore {
  readonly #containerd: ContainerdConnection;

  constructor(containerd: ContainerdConnection) {
    this.#containerd = containerd;
  }

  /** The whole blob; IMAGE_INVALID when it is larger than `bytesMax`, NOT_FOUND when missing. */
  async read(digest: string, bytesMax: number, call: BlobCall): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let size = 0;
    const request = { digest, offset: 0, size: 0 };
    for await (const part of this.#containerd.stream(ContentService.read, request, call)) {
      size += part.data.length;
      if (size > bytesMax)
        throw new ClusterError('IMAGE_INVALID', `blob ${digest} is larger than ${bytesMax} bytes`);
      parts.push(part.data);
    }
    return Buffer.concat(parts);
  }

  /** Adds labels to a blob that is there. */
  async label(
    digest: string,
    labels: Readonly<Record<string, string>>,
    call: BlobCall,
  ): Promise<void> {
    const paths = Object.keys(labels).map((name) => `labels.${name}`);
    if (paths.length === 0) return;
    await this.#containerd.call(
      ContentService.update,
      {
        info: ContentInfo.create({ digest, labels }),
        updateMask: FieldMask.create({ paths }),
      },
      call,
    );
  }

  /**
   * Stores a blob; one that is there already only gets the labels, and the lease of the call. IMAGE_INVALID when the bytes
   * have another digest or size than expected.
   */
  async write(write: BlobWrite, source: BlobSource, call: BlobCall): Promise<StoredBlob> {
    try {
      return await this.#send(write, source, call);
    } catch (error) {
      if (isAlreadyThere(error) && write.expected !== '') {
        await this.label(write.expected, write.labels, call);
        return { digest: write.expected, sizeBytes: write.sizeBytes };
      }
      if (!/unexpected commit (digest|size)/.test(messageOf(error))) throw error;
      await this.abort(write.ref, call);
      throw new ClusterError('IMAGE_INVALID', `blob is not what it claims: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  /** Forgets an unfinished write. */
  async abort(ref: string, call: BlobCall): Promise<void> {
    try {
      await this.#containerd.call(ContentService.abort, { ref }, call);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async #send(write: BlobWrite, source: BlobSource, call: BlobCall): Promise<StoredBlob> {
    const { ref, expected, sizeBytes: total, labels } = write;
    const stream = this.#containerd.duplex(ContentService.write, {
      ...call,
      deadlineMs: Number.POSITIVE_INFINITY,
    });
    const opened = deferred<number>();
    const committed = deferred<StoredBlob>();
    // Whichever of the two is not awaited any more must not count as unhandled.
    opened.promise.catch(() => undefined);
    committed.promise.catch(() => undefined);
    stream.on('data', (answer: { action: number; offset: number; digest: string }) => {
      if (answer.action === WriteAction.STAT) opened.resolve(answer.offset);
      if (answer.action === WriteAction.COMMIT)
        committed.resolve({ digest: answer.digest, sizeBytes: answer.offset });
    });
    stream.on('error', (error) => {
      opened.reject(fromStatus(error));
      committed.reject(fromStatus(error));
    });
    stream.on('end', () => {
      const error = new ClusterError('RUNTIME_ERROR', `containerd ended the write of ${ref}`);
      opened.reject(error);
      committed.reject(error);
    });
    const send = (init: Partial<WriteContentRequest>): Promise<void> =>
      writeTo(stream, WriteContentRequest.create({ ref, total, expected, ...init }));
    try {
      await send({ action: WriteAction.STAT });
      let offset = await opened.promise;
      for await (const data of chunks(source(offset))) {
        await Promise.race([send({ action: WriteAction.WRITE, offset, data }), committed.promise]);
        offset += data.length;
      }
      await send({ action: WriteAction.COMMIT, offset, labels });
      return await committed.promise;
    } finally {
      stream.cancel();
    }
  }
}

/** The same bytes in pieces of about `chunkBytes`. */
async function* chunks(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let size = 0;
  for await (const part of source) {
    held.push(part);
    size += part.length;
    if (size < chunkBytes) continue;
    yield Buffer.concat(held);
    held = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(held);
}
