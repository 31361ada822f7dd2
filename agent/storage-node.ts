import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '#lib';
import { ClusterError, messageOf } from '#lib';
import { AgentState } from '#proto';
import { agentStateBytesMax } from './storage-port.ts';
import type { AgentStorage } from './storage-port.ts';

const fileName = 'assignments.pb';

/** One file, readable by root alone (it may hold registry passwords), replaced as a whole. */
export function fileStorage(directory: string, log: Logger): AgentStorage {
  const path = join(directory, fileName);
  const temporary = `${path}.new`;
  return {
    async load() {
      let bytes: Uint8Array;
      try {
        bytes = await readFile(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        log.error('saved assignments cannot be read, going on without', { path, err: error });
        return undefined;
      }
      try {
        return AgentState.decode(bytes);
      } catch (error) {
        log.error('saved assignments are damaged, going on without', { path, err: error });
        return undefined;
      }
    },

    async save(state) {
      const bytes = AgentState.encode(state);
      if (bytes.length > agentStateBytesMax)
        throw new ClusterError(
          'LIMIT_EXCEEDED',
          `the assignments need ${bytes.length} bytes, more than ${agentStateBytesMax}`,
        );
      try {
        await mkdir(directory, { recursive: true, mode: 0o700 });
        const file = await open(temporary, 'w', 0o600);
        try {
          await file.writeFile(bytes);
          await file.datasync();
        } finally {
          await file.close();
        }
        // The rename itself is not synced: after a power cut the file may be the one before, whole.
        await rename(temporary, path);
      } catch (error) {
        throw new ClusterError('RUNTIME_ERROR', `${path}: ${messageOf(error)}`, { cause: error });
      }
    },

    async clear() {
      await rm(path, { force: true });
      await rm(temporary, { force: true });
    },
  };
}
