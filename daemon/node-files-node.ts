/** `NodeFiles` on a real disk. Writes go to a temporary file, are synced, then renamed. */
import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ClusterError } from '#lib';
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

const blockPattern = /-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----\n?/g;

/** `node.pem` holds key and certificate together, so that they always fit one another. */
function splitPem(text: string): { key: string; certificate: string } {
  const blocks = [...text.matchAll(blockPattern)];
  const find = (label: string): string => blocks.find(([, name]) => name === label)?.[0] ?? '';
  return { key: find('PRIVATE KEY'), certificate: find('CERTIFICATE') };
}

export class DiskNodeFiles implements NodeFiles {
  readonly managerDirectory: string;
  readonly agentDirectory: string;
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
    this.managerDirectory = join(directory, 'raft');
    this.agentDirectory = join(directory, 'agent');
  }

  /** Makes the directory, for root's eyes only. */
  static async open(directory: string): Promise<DiskNodeFiles> {
    await mkdir(directory, { recursive: true, mode: 0o711 });
    await mkdir(join(directory, 'certificates'), { recursive: true, mode: 0o700 });
    await chmod(join(directory, 'certificates'), 0o700);
    return new DiskNodeFiles(directory);
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
    const { key, certificate } = splitPem(decode(node));
    if (key === '' || certificate === '')
      throw new ClusterError(
        'DATA_LOSS',
        `${path} is damaged: run 'tsctl leave --force' and join again`,
      );
    return { keyPem: encode(key), certificatePem: encode(certificate), rootPem };
  }

  async saveMaterial(material: TlsMaterial): Promise<void> {
    await writeFileAtomic(this.#path('certificates/root.pem'), material.rootPem);
    const both = decode(material.keyPem) + decode(material.certificatePem);
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

  loadFirst(): Promise<Uint8Array | undefined> {
    return readIfThere(this.#path('first.bin'));
  }

  saveFirst(bytes: Uint8Array | undefined): Promise<void> {
    return this.#saveOrRemove('first.bin', bytes);
  }

  async wipeManager(): Promise<void> {
    await rm(this.managerDirectory, { recursive: true, force: true });
    await this.#remove('first.bin');
    await syncDirectory(this.#directory);
  }

  /** `node.json` goes first: without it the rest means nothing, wherever we are killed. */
  async wipe(): Promise<void> {
    for (const name of ['node.json', 'join.json', 'first.bin']) await this.#remove(name);
    await syncDirectory(this.#directory);
    for (const name of ['node.pem', 'root.pem']) await this.#remove(`certificates/${name}`);
    await rm(this.managerDirectory, { recursive: true, force: true });
    await rm(this.agentDirectory, { recursive: true, force: true });
  }

  /** Also what a write that was killed has left of it: it may hold a key. */
  async #remove(name: string): Promise<void> {
    await rm(this.#path(name), { force: true });
    await rm(`${this.#path(name)}.tmp`, { force: true });
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }

  async #saveOrRemove(name: string, bytes: Uint8Array | undefined): Promise<void> {
    if (bytes !== undefined) return writeFileAtomic(this.#path(name), bytes);
    await this.#remove(name);
    await syncDirectory(this.#directory);
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
