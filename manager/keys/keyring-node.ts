/** The keys of what a node stores: which there are, how they are wrapped, and what they seal. */
import { ClusterError } from '#lib';
import type { Random } from '#lib';
import { AesLogCipher } from 'raft-ts/node';
import { invalidKey } from './unlock-key.ts';

const keyBytes = 32;
const keyIdBytes = 8;
const saltBytes = 16;
const tagBytes = 16;
const format = 1;
const wrapPurpose = 'tessera data key';

interface State {
  /** Wraps the data keys. The cluster's unlock key while locked, else one of this node's own. */
  readonly keyKey: Uint8Array;
  /** Locked: the key key is not stored here. */
  readonly isLocked: boolean;
  /** Which of the cluster's changes of its unlock key this is; 0: none yet. */
  readonly lockVersion: number;
  /** The first one seals; there are others while a change of keys is under way. */
  readonly dataKeys: readonly Uint8Array[];
}

/** The stored form. Everything in base 64. */
interface StoredState {
  readonly format: number;
  readonly lockVersion: number;
  /** Missing while locked. */
  readonly keyKey?: string;
  readonly dataKeys: readonly string[];
}

type Save = (bytes: Uint8Array) => Promise<void>;

/**
 * A node's data keys. They encrypt the log of Raft, its snapshots, the private key of the node's
 * certificate and what a new cluster begins with. They are stored wrapped (AES-256-GCM) by the key
 * key. Every change is durable before a new key is used, so that a crash never leaves anything
 * sealed with a key that is not stored.
 */
export class Keyring {
  readonly cipher: AesLogCipher;
  readonly #random: Random;
  readonly #save: Save;
  #state: State;

  private constructor(state: State, random: Random, save: Save) {
    this.#state = state;
    this.#random = random;
    this.#save = save;
    const [current = new Uint8Array(0), ...others] = state.dataKeys;
    this.cipher = new AesLogCipher(current, others);
  }

  /** New keys, saved; locked from the start when there is an unlock key. */
  static async create(
    random: Random,
    save: Save,
    lock?: { readonly unlockKey: Uint8Array; readonly version: number },
  ): Promise<Keyring> {
    const state: State = {
      keyKey: lock?.unlockKey ?? random.bytes(keyBytes),
      isLocked: lock !== undefined,
      lockVersion: lock?.version ?? 0,
      dataKeys: [random.bytes(keyBytes)],
    };
    await save(encodeState(state));
    return new Keyring(state, random, save);
  }

  /**
   * From what was saved; undefined when it is locked and no key was given. INVALID_KEY for a wrong
   * one, DATA_LOSS when the file is damaged.
   */
  static open(
    bytes: Uint8Array,
    random: Random,
    save: Save,
    unlockKey?: Uint8Array,
  ): Keyring | undefined {
    const stored = decodeStored(bytes);
    const isLocked = stored.keyKey === undefined;
    const keyKey = isLocked ? unlockKey : fromBase64(stored.keyKey ?? '');
    if (keyKey === undefined) return undefined;
    const wrapping = new AesLogCipher(keyKey);
    const dataKeys = stored.dataKeys.map((text) => unwrapKey(wrapping, text, isLocked));
    return new Keyring(
      { keyKey, isLocked, lockVersion: stored.lockVersion, dataKeys },
      random,
      save,
    );
  }

  get isLocked(): boolean {
    return this.#state.isLocked;
  }

  get lockVersion(): number {
    return this.#state.lockVersion;
  }

  /** Something here may still be sealed with a key before the present one. */
  get isRotating(): boolean {
    return this.#state.dataKeys.length > 1;
  }

  /**
   * Locks with `unlockKey`, or unlocks for good without one. Unless the lock goes, a new data key
   * takes over: who has an old copy of the file and its key must not read what is written later.
   */
  async relock(unlockKey: Uint8Array | undefined, version: number): Promise<void> {
    const { dataKeys } = this.#state;
    const fresh = unlockKey === undefined ? [] : [this.#random.bytes(keyBytes)];
    await this.#become({
      keyKey: unlockKey ?? this.#random.bytes(keyBytes),
      isLocked: unlockKey !== undefined,
      lockVersion: version,
      dataKeys: [...fresh, ...dataKeys],
    });
  }

  /** Nothing is sealed with older keys any more. */
  async dropOld(): Promise<void> {
    await this.#become({ ...this.#state, dataKeys: this.#state.dataKeys.slice(0, 1) });
    this.cipher.forgetOthers();
  }

  /** For small things. `purpose` must be the same when they are opened. */
  seal(purpose: string, plain: Uint8Array): Uint8Array {
    return sealWith(this.cipher, purpose, plain);
  }

  /** undefined when it was sealed with a key that is not here, or is damaged. */
  unseal(purpose: string, sealed: Uint8Array): Uint8Array | undefined {
    return unsealWith(this.cipher, purpose, sealed);
  }

  async #become(state: State): Promise<void> {
    await this.#save(encodeState(state));
    this.#state = state;
    const [current] = state.dataKeys;
    if (current !== undefined) this.cipher.use(current);
  }
}

function sealWith(cipher: AesLogCipher, purpose: string, plain: Uint8Array): Uint8Array {
  const sealer = cipher.sealer();
  const body = new Uint8Array(plain.length + tagBytes);
  sealer.seal(0, new TextEncoder().encode(purpose), plain, body);
  return Buffer.concat([Uint8Array.fromHex(sealer.keyId), sealer.salt, body]);
}

function unsealWith(
  cipher: AesLogCipher,
  purpose: string,
  sealed: Uint8Array,
): Uint8Array | undefined {
  const keyId = sealed.subarray(0, keyIdBytes).toHex();
  const salt = sealed.subarray(keyIdBytes, keyIdBytes + saltBytes);
  const body = sealed.subarray(keyIdBytes + saltBytes);
  return cipher.opener(keyId, salt)?.open(0, new TextEncoder().encode(purpose), body);
}

function encodeState(state: State): Uint8Array {
  const wrapping = new AesLogCipher(state.keyKey);
  const stored: StoredState = {
    format,
    lockVersion: state.lockVersion,
    ...(state.isLocked ? {} : { keyKey: state.keyKey.toBase64() }),
    dataKeys: state.dataKeys.map((key) => sealWith(wrapping, wrapPurpose, key).toBase64()),
  };
  return new TextEncoder().encode(`${JSON.stringify(stored, null, 2)}\n`);
}

function decodeStored(bytes: Uint8Array): StoredState {
  try {
    const stored = JSON.parse(new TextDecoder().decode(bytes)) as StoredState;
    const isGood =
      stored.format === format &&
      Number.isSafeInteger(stored.lockVersion) &&
      stored.dataKeys.length > 0 &&
      stored.dataKeys.every((key) => typeof key === 'string') &&
      (stored.keyKey === undefined || fromBase64(stored.keyKey)?.length === keyBytes);
    if (isGood) return stored;
  } catch {
    // Told below.
  }
  throw damaged();
}

function unwrapKey(wrapping: AesLogCipher, text: string, isLocked: boolean): Uint8Array {
  const sealed = fromBase64(text);
  const key = sealed === undefined ? undefined : unsealWith(wrapping, wrapPurpose, sealed);
  if (key !== undefined) return key;
  if (!isLocked || sealed === undefined) throw damaged();
  throw invalidKey();
}

function fromBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return undefined;
  }
}

function damaged(): ClusterError {
  return new ClusterError(
    'DATA_LOSS',
    "keys.json of this node is damaged and nothing encrypted with it can be read: restore it from a backup, or run 'tsctl leave --force' and join again",
  );
}
