import type { ByteWriter } from './bytes.ts';
import { ByteReader } from './bytes.ts';
import { RaftError } from '../errors.ts';

/**
 * Encryption of what the log and its snapshots write. The log never sees a key, only its id; more
 * than one key may be known, so that a change of keys can be under way.
 *
 * Nonces: a sealer has a salt of its own, from which (with the key) the key that really encrypts
 * is derived, and numbers what it seals. The log takes a new sealer whenever it is opened, for each
 * snapshot and after each change of keys, uses no number of a sealer twice, and writes nothing more
 * after a write that failed. So even a frame that a crash tore off, and whose number is used again
 * after the restart, has been sealed under another derived key: no pair of key and nonce comes back.
 */
export interface LogCipher {
  /** Id of the key for what is written from now on: 16 hex digits, from the key itself. May change. */
  readonly keyId: string;
  /** A new one at each call, for the present key. */
  sealer(): Sealer;
  /** undefined when that key is not known. */
  opener(keyId: string, salt: Uint8Array): Opener | undefined;
}

export interface Sealer {
  readonly keyId: string;
  /** 16 random bytes. */
  readonly salt: Uint8Array;
  /** Fills `out`, `TAG_BYTES` longer than `plain`: encrypted, and authenticated together with `associated`. */
  seal(sequence: number, associated: Uint8Array, plain: Uint8Array, out: Uint8Array): void;
}

export interface Opener {
  /** undefined when the bytes, `sequence` or `associated` are not those that were sealed. */
  open(sequence: number, associated: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;
}

/** What sealing adds to the bytes. */
export const TAG_BYTES = 16;
const KEY_ID_BYTES = 8;
const SALT_BYTES = 16;
/** Key id and salt, in clear before what was sealed with them. */
export const SEAL_HEADER_BYTES = KEY_ID_BYTES + SALT_BYTES;

export function writeSealHeader(out: ByteWriter, sealer: Sealer): void {
  out.raw(Uint8Array.fromHex(sealer.keyId));
  out.raw(sealer.salt);
}

/** Finds the key that is named in clear before sealed bytes. Keeps the last one: it is asked often. */
export class Unsealer {
  readonly #cipher: LogCipher | undefined;
  #header = '';
  #opener: Opener | undefined;
  /** Of the key that was used last; empty before the first and for what is not encrypted. */
  keyId = '';

  constructor(cipher: LogCipher | undefined) {
    this.#cipher = cipher;
  }

  /** Throws `WRONG_KEY` when the bytes are not encrypted although they should be. */
  expectClear(what: string): void {
    if (this.#cipher === undefined) return;
    throw new RaftError('WRONG_KEY', `${what} is not encrypted, but a key was given`);
  }

  /** Throws `WRONG_KEY`. `header` is `SEAL_HEADER_BYTES` long. */
  openerFor(header: Uint8Array, what: string): Opener {
    const name = header.toHex();
    if (this.#opener !== undefined && name === this.#header) return this.#opener;
    const input = new ByteReader(header);
    const keyId = input.raw(KEY_ID_BYTES).toHex();
    const opener = this.#cipher?.opener(keyId, input.raw(SALT_BYTES));
    if (opener === undefined) {
      const reason = this.#cipher === undefined ? 'no key was given' : 'that key was not given';
      throw new RaftError('WRONG_KEY', `${what} is encrypted with key ${keyId}: ${reason}`);
    }
    this.#header = name;
    this.#opener = opener;
    this.keyId = keyId;
    return opener;
  }
}
