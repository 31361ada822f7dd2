import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { LogCipher, Opener, Sealer } from './cipher.ts';
import { TAG_BYTES } from './cipher.ts';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const SALT_BYTES = 16;
const KEY_ID_BYTES = 8;
const NONCE_BYTES = 12;

/** The id of a key of 32 bytes; it says nothing about the key. */
export function logKeyId(key: Uint8Array): string {
  return derive(key, new Uint8Array(0), 'raft-ts key id', KEY_ID_BYTES).toHex();
}

/** AES-256-GCM. `current` seals; all of `keys`, 32 random bytes each, open. */
export class AesLogCipher implements LogCipher {
  #current: Uint8Array;
  #keys: ReadonlyMap<string, Uint8Array>;
  #keyId: string;

  constructor(current: Uint8Array, others: readonly Uint8Array[] = []) {
    this.#current = current;
    this.#keys = keysById([current, ...others]);
    this.#keyId = logKeyId(current);
  }

  get keyId(): string {
    return this.#keyId;
  }

  /** From now on `key` seals; those known before still open. Call `RaftNode.rekey` after it. */
  use(key: Uint8Array): void {
    this.#keys = keysById([key, ...this.#keys.values()]);
    this.#current = key;
    this.#keyId = logKeyId(key);
  }

  /** Nothing is sealed with keys before the present one any more. */
  forgetOthers(): void {
    this.#keys = keysById([this.#current]);
  }

  sealer(): Sealer {
    const salt = new Uint8Array(randomBytes(SALT_BYTES));
    const key = deriveKey(this.#current, salt);
    return {
      keyId: this.#keyId,
      salt,
      seal: (sequence, associated, plain, out) => {
        const cipher = createCipheriv(ALGORITHM, key, nonceOf(sequence));
        cipher.setAAD(associated);
        out.set(cipher.update(plain));
        cipher.final();
        out.set(cipher.getAuthTag(), plain.length);
      },
    };
  }

  opener(keyId: string, salt: Uint8Array): Opener | undefined {
    const known = this.#keys.get(keyId);
    if (known === undefined) return undefined;
    const key = deriveKey(known, salt);
    return { open: (sequence, associated, sealed) => open(key, sequence, associated, sealed) };
  }
}

function open(
  key: Uint8Array,
  sequence: number,
  associated: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  const end = sealed.length - TAG_BYTES;
  if (end < 0) return undefined;
  const decipher = createDecipheriv(ALGORITHM, key, nonceOf(sequence), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(associated);
  decipher.setAuthTag(sealed.subarray(end));
  const plain = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return new Uint8Array(plain.buffer, plain.byteOffset, plain.length);
}

function keysById(keys: readonly Uint8Array[]): ReadonlyMap<string, Uint8Array> {
  for (const key of keys) {
    if (key.length !== KEY_BYTES) throw new RangeError(`a key has ${KEY_BYTES} bytes`);
  }
  return new Map(keys.map((key) => [logKeyId(key), key]));
}

function deriveKey(key: Uint8Array, salt: Uint8Array): Uint8Array {
  return derive(key, salt, 'raft-ts log', KEY_BYTES);
}

/** HKDF (RFC 5869). */
function derive(key: Uint8Array, salt: Uint8Array, info: string, bytes: number): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, salt, info, bytes));
}

function nonceOf(sequence: number): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  new DataView(nonce.buffer).setBigUint64(NONCE_BYTES - 8, BigInt(sequence));
  return nonce;
}
