import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '#lib';
import { ClusterError, messageOf } from '#lib';
import { AgentState, NetworkState } from '#proto';
import type { MessageCodec } from '#proto';
import { agentStateBytesMax } from './storage-port.ts';
import type { AgentStorage } from './storage-port.ts';

/** Files readable by root alone (they may hold registry passwords), each replaced as a whole. */
export function fileStorage(directory: string, log: Logger): AgentStorage {
  const assignments = new StateFile(directory, 'assignments', AgentState, log);
  const networks = new StateFile(directory, 'networks', NetworkState, log);
  return {
    load: () => assignments.load(),
    save: (state) => assignments.save(state),
    loadNetworks: () => networks.load(),
    saveNetworks: (state) => networks.save(state),
    async clear() {
      await assignments.clear();
      await networks.clear();
    },
  };
}

class StateFile<S> {
  readonly #directory: string;
  readonly #what: string;
  readonly #codec: MessageCodec<S>;
  readonly #log: Logger;
  readonly #path: string;

  constructor(directory: string, what: string, codec: MessageCodec<S>, log: Logger) {
    this.#directory = directory;
    this.#what = what;
    this.#codec = codec;
    this.#log = log;
    this.#path = join(directory, `${what}.pb`);
  }

  async load(): Promise<S | undefined> {
    const path = this.#path;
    let bytes: Uint8Array;
    try {
      bytes = await readFile(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      this.#log.error(`saved ${this.#what} cannot be read, going on without`, { path, err: error });
      return undefined;
    }
    try {
      return this.#codec.decode(bytes);
    } catch (error) {
      this.#log.error(`saved ${this.#what} are damaged, going on without`, { path, err: error });
      return undefined;
    }
  }

  async save(state: S): Promise<void> {
    const bytes = this.#codec.encode(state);
    if (bytes.length > agentStateBytesMax)
      throw new ClusterError(
        'LIMIT_EXCEEDED',
        `the ${this.#what} need ${bytes.length} bytes, more than ${agentStateBytesMax}`,
      );
    const temporary = `${this.#path}.new`;
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      const file = await open(temporary, 'w', 0o600);
      try {
        await file.writeFile(bytes);
        await file.datasync();
      } finally {
        await file.close();
      }
      // The rename itself is not synced: after a power cut the file may be the one before, whole.
      await rename(temporary, this.#path);
    } catch (error) {
      throw new ClusterError('RUNTIME_ERROR', `${this.#path}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  async clear(): Promise<void> {
    await rm(this.#path, { force: true });
    await rm(`${this.#path}.new`, { force: true });
  }
}
