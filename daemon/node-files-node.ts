/** `NodeFiles` on a real disk. Writes go to a temporary file, are synced, then renamed. */
import { chmod, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { assert, ClusterError } from '#lib';
import type { Ms, Random } from '#lib';
import { Keyring } from '#manager/keys/keyring-node';
import { formatNodeRecord, parseJoinRecord, parseNodeRecord } from './node-record.ts';
import type { JoinRecord, NodeFiles, NodeRecord } from './node-record.ts';
import type { TlsMaterial } from './peer-identity.ts';

/** Makes the file hold exactly `bytes`, durable when it resolves; readable by the owner only. */
export async function writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Beside the log, not in it: it outlives a change of roles. */
const keysName = 'keys.json';
const blockPattern = /-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----\n?/g;

/** False when there was none. */
async function removeIfThere(path: string): Promise<boolean> {
  try {
    await rm(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

const sealedLabel = 'TESSERA SEALED KEY';
const keyPurpose = 'private key of a node';
const firstPurpose = 'first objects of a cluster';

/** `node.pem` holds key and certificate together, so that they always fit one another. */
function splitPem(text: string): { key: string; sealed: string; certificate: string } {
  const blocks = [...text.matchAll(blockPattern)];
  const find = (label: string): string => blocks.find(([, name]) => name === label)?.[0] ?? '';
  return { key: find('PRIVATE KEY'), sealed: find(sealedLabel), certificate: find('CERTIFICATE') };
}

/** Damaged logs that are kept; a further one costs the oldest. */
const damagedMax = 3;
const damagedPrefix = 'raft.damaged-';

export class DiskNodeFiles implements NodeFiles {
  readonly managerDirectory: string;
  readonly agentDirectory: string;
  readonly #directory: string;
  readonly #random: Random;
  #keyring: Keyring | undefined;

  private constructor(directory: string, random: Random) {
    this.#directory = directory;
    this.#random = random;
    this.managerDirectory = join(directory, 'raft');
    this.agentDirectory = join(directory, 'agent');
  }

  /** Makes the directory, for root's eyes only. */
  static async open(directory: string, random: Random): Promise<DiskNodeFiles> {
    await mkdir(directory, { recursive: true, mode: 0o711 });
    await mkdir(join(directory, 'certificates'), { recursive: true, mode: 0o700 });
    const certificates = join(directory, 'certificates');
    // Only where it is needed: on a disk that has turned read-only the daemon must still say so.
    const { mode } = await stat(certificates);
    if ((mode & 0o777) !== 0o700) await chmod(certificates, 0o700);
    return new DiskNodeFiles(directory, random);
  }

  get keyring(): Keyring {
    assert(this.#keyring !== undefined, 'the keys of this node are open');
    return this.#keyring;
  }

  async openKeys(): Promise<'open' | 'locked'> {
    if (this.#keyring !== undefined) return 'open';
    const bytes = await readIfThere(this.#path(keysName));
    if (bytes === undefined) await this.createKeys();
    else this.#keyring = Keyring.open(bytes, this.#random, this.#saveKeys);
    return this.#keyring === undefined ? 'locked' : 'open';
  }

  async unlockKeys(unlockKey: Uint8Array): Promise<void> {
    const bytes = await readIfThere(this.#path(keysName));
    assert(bytes !== undefined, 'there are keys to unlock');
    this.#keyring = Keyring.open(bytes, this.#random, this.#saveKeys, unlockKey);
  }

  async createKeys(lock?: {
    readonly unlockKey: Uint8Array;
    readonly version: number;
  }): Promise<void> {
    this.#keyring = await Keyring.create(this.#random, this.#saveKeys, lock);
  }

  async loadNode(): Promise<NodeRecord | undefined> {
    const path = this.#path('node.json');
    const bytes = await readIfThere(path);
    return bytes === undefined ? undefined : parseNodeRecord(decode(bytes), path);
  }

  saveNode(record: NodeRecord): Promise<void> {
    return writeFileAtomic(this.#path('node.json'), encode(formatNodeRecord(record)));
  }

  async loadMaterial(): Promise<TlsMaterial | undefined> {
    const path = this.#path('certificates/node.pem');
    const node = await readIfThere(path);
    const rootPem = await readIfThere(this.#path('certificates/root.pem'));
    if (node === undefined || rootPem === undefined) return undefined;
    const { key, sealed, certificate } = splitPem(decode(node));
    const keyPem = sealed === '' ? encode(key) : this.#unsealed(sealed);
    if (keyPem === undefined || keyPem.length === 0 || certificate === '')
      throw new ClusterError(
        'DATA_LOSS',
        `${path} is damaged: run 'tsctl leave --force' and join again`,
      );
    return { keyPem, certificatePem: encode(certificate), rootPem };
  }

  async saveMaterial(material: TlsMaterial): Promise<void> {
    await writeFileAtomic(this.#path('certificates/root.pem'), material.rootPem);
    const sealed = this.keyring.seal(keyPurpose, material.keyPem);
    const both = block(sealedLabel, sealed) + decode(material.certificatePem);
    await writeFileAtomic(this.#path('certificates/node.pem'), encode(both));
  }

  async loadJoin(): Promise<JoinRecord | undefined> {
    const path = this.#path('join.json');
    const bytes = await readIfThere(path);
    return bytes === undefined ? undefined : parseJoinRecord(decode(bytes), path);
  }

  async saveJoin(record: JoinRecord | undefined): Promise<void> {
    await this.#saveOrRemove(
      'join.json',
      record === undefined ? undefined : encode(JSON.stringify(record)),
    );
  }

  async loadFirst(): Promise<Uint8Array | undefined> {
    const path = this.#path('first.bin');
    const sealed = await readIfThere(path);
    if (sealed === undefined) return undefined;
    const bytes = this.keyring.unseal(firstPurpose, sealed);
    if (bytes !== undefined) return bytes;
    throw new ClusterError('DATA_LOSS', `${path} is damaged: run 'tsctl leave --force'`);
  }

  saveFirst(bytes: Uint8Array | undefined): Promise<void> {
    const sealed = bytes === undefined ? undefined : this.keyring.seal(firstPurpose, bytes);
    return this.#saveOrRemove('first.bin', sealed);
  }

  async wipeManager(): Promise<void> {
    await rm(this.managerDirectory, { recursive: true, force: true });
    await this.#remove('first.bin');
    await syncDirectory(this.#directory);
  }

  async setManagerAside(
    nowMs: Ms,
  ): Promise<{ readonly path: string; readonly removed: readonly string[] }> {
    const old = await this.#damaged();
    const removed = old.slice(0, Math.max(0, old.length - damagedMax + 1));
    for (const path of removed) await rm(path, { recursive: true, force: true });
    const time = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
    const path = this.#path(`${damagedPrefix}${time}`);
    await rename(this.managerDirectory, path);
    await syncDirectory(this.#directory);
    return { path, removed };
  }

  /** Logs that were set aside, the oldest first. */
  async #damaged(): Promise<readonly string[]> {
    const names = await readdir(this.#directory);
    return names
      .filter((name) => name.startsWith(damagedPrefix))
      .sort()
      .map((name) => this.#path(name));
  }

  /** `node.json` goes first: without it the rest means nothing, wherever we are killed. */
  async wipe(): Promise<void> {
    for (const name of ['node.json', 'join.json', 'first.bin']) await this.#remove(name);
    await syncDirectory(this.#directory);
    // Then the keys: what is left behind by a kill from here on can be read by nobody.
    await this.#remove(keysName);
    this.#keyring = undefined;
    for (const name of ['node.pem', 'root.pem']) await this.#remove(`certificates/${name}`);
    await rm(this.managerDirectory, { recursive: true, force: true });
    await rm(this.agentDirectory, { recursive: true, force: true });
    for (const path of await this.#damaged()) await rm(path, { recursive: true, force: true });
  }

  #unsealed(pem: string): Uint8Array | undefined {
    const body = pem.split('\n').filter((line) => !line.startsWith('-----'));
    return this.keyring.unseal(keyPurpose, Uint8Array.fromBase64(body.join('')));
  }

  readonly #saveKeys = (bytes: Uint8Array): Promise<void> =>
    writeFileAtomic(this.#path(keysName), bytes);

  /** Also what a write that was killed has left of it: it may hold a key. */
  async #remove(name: string): Promise<boolean> {
    const wasThere = await removeIfThere(this.#path(name));
    return (await removeIfThere(`${this.#path(name)}.tmp`)) || wasThere;
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }

  async #saveOrRemove(name: string, bytes: Uint8Array | undefined): Promise<void> {
    if (bytes !== undefined) return writeFileAtomic(this.#path(name), bytes);
    if (await this.#remove(name)) await syncDirectory(this.#directory);
  }
}

/** A PEM block. */
function block(label: string, bytes: Uint8Array): string {
  const lines = bytes.toBase64().match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
