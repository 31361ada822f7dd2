/**
 * The file that `tsctl cluster backup` writes. Layout: magic (8 bytes) | header length u32 | header
 * (`BackupHeader`) | frames (length u32 | bytes) | end mark (u32 0) | SHA-256 of all before it. Numbers
 * are little-endian. The frames together are an image of the store; with a key each is AES-256-GCM.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { ClusterError, hasCode } from '#lib';
import { BackupHeader } from './gen/tessera.ts';

/** Of files that this program writes and reads. */
export const backupFormat = 1;
/** Most bytes of the image in one frame; what `packBackup` yields is shorter than 256 KiB. */
const frameBytesMax = 128 << 10;
const magic = new TextEncoder().encode('TSBACKUP');
const headerBytesMax = 64 << 10;
const digestBytes = 32;
const tagBytes = 16;
const algorithm = 'aes-256-gcm';

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** One key a file: the salt is in its header. */
function keyOf(secret: Uint8Array, salt: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, salt, 'tessera backup', 32));
}

/** The number of the frame: a key is used for one file only. */
function nonceOf(frame: number): Uint8Array {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setUint32(0, frame, true);
  return nonce;
}

function encrypted(key: Uint8Array, frame: number, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv(algorithm, key, nonceOf(frame));
  const body = cipher.update(plain);
  cipher.final();
  return Buffer.concat([body, cipher.getAuthTag()]);
}

/** Undefined when the key does not fit, or the bytes are damaged. */
function decrypted(key: Uint8Array, frame: number, bytes: Uint8Array): Uint8Array | undefined {
  const decipher = createDecipheriv(algorithm, key, nonceOf(frame));
  decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes));
  try {
    const plain = decipher.update(bytes.subarray(0, bytes.length - tagBytes));
    decipher.final();
    return plain;
  } catch {
    return undefined;
  }
}

function wrongKey(): ClusterError {
  return new ClusterError(
    'PERMISSION_DENIED',
    'the backup is encrypted with another unlock key: give the one that was in use when it was made',
  );
}

/**
 * The bytes of a backup file. `image`: the store's, chunks of any size. `secret`: the unlock key;
 * with one the image is encrypted. Nothing but the chunk at hand is held.
 */
export async function* packBackup(
  header: BackupHeader,
  image: AsyncIterable<Uint8Array>,
  secret?: Uint8Array,
): AsyncGenerator<Uint8Array> {
  const encryptionSalt = secret === undefined ? new Uint8Array(0) : randomBytes(32);
  const key = secret === undefined ? undefined : keyOf(secret, encryptionSalt);
  const head = BackupHeader.encode({ ...header, format: backupFormat, encryptionSalt });
  const hash = createHash('sha256');
  const hashed = (bytes: Uint8Array): Uint8Array => {
    hash.update(bytes);
    return bytes;
  };
  yield hashed(Buffer.concat([magic, u32(head.length), head]));
  let frame = 0;
  for await (const chunk of image) {
    for (let at = 0; at < chunk.length; at += frameBytesMax) {
      const plain = chunk.subarray(at, at + frameBytesMax);
      const body = key === undefined ? plain : encrypted(key, frame++, plain);
      yield hashed(Buffer.concat([u32(body.length), body]));
    }
  }
  yield hashed(u32(0));
  yield hash.digest();
}

function damaged(what: string): ClusterError {
  return new ClusterError(
    'DATA_LOSS',
    `the backup is damaged (${what}): use another copy or an older backup`,
  );
}

/** Cuts a stream of any chunks into pieces of a wanted size, and hashes what was taken. */
class Pieces {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #hash = createHash('sha256');
  #left: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#source = chunks[Symbol.asyncIterator]();
  }

  async take(lengthBytes: number, isHashed = true): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for (let missing = lengthBytes; missing > 0; ) {
      if (this.#left.length === 0 && !(await this.#more())) throw damaged('it ends too early');
      const part = this.#left.subarray(0, missing);
      this.#left = this.#left.subarray(part.length);
      missing -= part.length;
      parts.push(part);
    }
    const piece = Buffer.concat(parts);
    if (isHashed) this.#hash.update(piece);
    return piece;
  }

  async takeLength(): Promise<number> {
    const bytes = await this.take(4);
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  }

  /** The end: the digest must fit, and nothing may follow. */
  async finish(): Promise<Uint8Array> {
    const digest = this.#hash.digest();
    const stored = await this.take(digestBytes, false);
    if (!digest.equals(stored)) throw damaged('its checksum does not fit');
    if (this.#left.length > 0 || (await this.#more())) throw damaged('something follows its end');
    return digest;
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async #more(): Promise<boolean> {
    while (this.#left.length === 0) {
      const next = await this.#source.next();
      if (next.done === true) return false;
      this.#left = next.value;
    }
    return true;
  }
}

async function readHeader(pieces: Pieces): Promise<BackupHeader> {
  const first = await pieces.take(magic.length).catch((error: unknown) => {
    if (hasCode(error, 'DATA_LOSS')) return Buffer.alloc(0);
    throw error;
  });
  if (!Buffer.from(magic).equals(first))
    throw new ClusterError('INVALID_ARGUMENT', 'this is not a backup of a cluster');
  const length = await pieces.takeLength();
  if (length > headerBytesMax) throw damaged('its header is too long');
  const bytes = await pieces.take(length);
  let header: BackupHeader;
  try {
    header = BackupHeader.decode(bytes);
  } catch (error) {
    throw new ClusterError('DATA_LOSS', damaged('its header cannot be read').message, {
      cause: error,
    });
  }
  if (header.format === backupFormat) return header;
  throw new ClusterError(
    'INVALID_ARGUMENT',
    `the backup has format ${header.format} and this program reads ${backupFormat}: use the program of version ${header.tesseraVersion}`,
  );
}

export interface BackupRead {
  readonly header: BackupHeader;
  /** Hexadecimal SHA-256 of all but itself, as stored at the end of the file. */
  readonly digest: string;
}

/**
 * Reads a whole backup and checks it to its last byte; resolves when all of it is good. `onImage`
 * gets the image in order, before the checksum is known: use nothing of it before this resolves.
 * Errors: DATA_LOSS for a damaged file, INVALID_ARGUMENT for one that is none or of another format,
 * PERMISSION_DENIED for a wrong `secret`. Without a secret an encrypted image is checked, not read.
 */
export async function readBackup(
  chunks: AsyncIterable<Uint8Array>,
  options: {
    readonly secret?: Uint8Array | undefined;
    readonly onImage?: (bytes: Uint8Array) => Promise<void> | void;
  } = {},
): Promise<BackupRead> {
  const pieces = new Pieces(chunks);
  try {
    const header = await readHeader(pieces);
    const isPlain = header.encryptionSalt.length === 0;
    const { secret } = options;
    const key = isPlain || secret === undefined ? undefined : keyOf(secret, header.encryptionSalt);
    let isWrongKey = false;
    for (let frame = 0; ; frame++) {
      const length = await pieces.takeLength();
      if (length === 0) break;
      if (length > frameBytesMax + tagBytes) throw damaged('a part of it is too long');
      const bytes = await pieces.take(length);
      if (isPlain) await options.onImage?.(bytes);
      else if (key !== undefined && !isWrongKey) {
        const plain = decrypted(key, frame, bytes);
        if (plain === undefined) isWrongKey = true;
        else await options.onImage?.(plain);
      }
    }
    // Damage is told before a wrong key: it would look like one.
    const digest = Buffer.from(await pieces.finish()).toString('hex');
    if (isWrongKey) throw wrongKey();
    return { header, digest };
  } finally {
    await pieces.close();
  }
}
