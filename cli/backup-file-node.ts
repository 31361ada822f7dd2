/** Backups on the disk of whoever runs `tsctl`. */
import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { dirname, resolve } from 'node:path';
import process from 'node:process';
import { ClusterError, messageOf } from '#lib';
import { readBackup } from '#proto/backup-node';
import type { BackupRead } from '#proto/backup-node';

export interface BackupFile extends BackupRead {
  readonly bytes: number;
}

function failed(path: string, error: unknown): ClusterError {
  if (error instanceof ClusterError) return error;
  return new ClusterError('FAILED_PRECONDITION', `${path}: ${messageOf(error)}`, { cause: error });
}

/** Checks the file to its last byte. Errors as `readBackup`, or FAILED_PRECONDITION with the path. */
export async function checkBackup(path: string): Promise<BackupFile> {
  let bytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      yield chunk;
    }
  }
  try {
    return { ...(await readBackup(counted())), bytes };
  } catch (error) {
    throw failed(path, error);
  }
}

/**
 * Writes the backup aside, for the owner's eyes only, makes it durable, reads it back whole, and only
 * then gives it its name. Whatever fails leaves what was there before.
 */
export async function saveBackup(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<BackupFile> {
  const aside = `${path}.part-${process.pid}`;
  try {
    const file = await open(aside, 'wx', 0o600);
    try {
      for await (const chunk of chunks) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    const checked = await checkBackup(aside);
    await rename(aside, path);
    const directory = await open(dirname(resolve(path)), 'r');
    await directory.sync();
    await directory.close();
    return checked;
  } catch (error) {
    await rm(aside, { force: true });
    throw failed(path, error);
  }
}

/** To standard output, checked on the way; the reader of the pipe cannot see the check. */
export async function pipeBackup(chunks: AsyncIterable<Uint8Array>): Promise<BackupFile> {
  let bytes = 0;
  async function* passedOn(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (!process.stdout.write(chunk)) await once(process.stdout, 'drain');
      yield chunk;
    }
  }
  return { ...(await readBackup(passedOn())), bytes };
}
