import { open as openFile, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { constants, createReadStream, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Disk, DiskFile } from '../ports.ts';
import { WritePace } from './write-pace.ts';

/** A real directory, created when missing. Only one process may use it at a time. */
export function nodeDisk(directory: string): Disk {
  const at = (path: string): string => join(directory, path);
  const pace = new WritePace();
  return {
    async list(path) {
      try {
        return await readdir(at(path));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
        throw error;
      }
    },
    read: (path) => readFile(at(path)),
    // Opened when the first chunk is asked for: an unread stream would keep its file open.
    async *readChunks(path, chunkBytes) {
      yield* createReadStream(at(path), { highWaterMark: chunkBytes }) as AsyncIterable<Uint8Array>;
    },
    async open(path, { isSynced = false } = {}) {
      await ensureDirectory(dirname(at(path)));
      // Appending, all writes would go to the end: create it, then open it.
      await (await openFile(at(path), 'a', 0o600)).close();
      const flags = isSynced ? constants.O_RDWR | constants.O_DSYNC : constants.O_RDWR;
      const handle = await openFile(at(path), flags);
      return nodeFile(handle, at(path), isSynced ? pace : undefined);
    },
    rename: (from, to) => rename(at(from), at(to)),
    remove: (path) => rm(at(path), { force: true }),
    syncDirectory: (path) => syncDirectory(at(path)),
  };
}

type Handle = Awaited<ReturnType<typeof openFile>>;

function nodeFile(handle: Handle, path: string, pace: WritePace | undefined): DiskFile {
  return {
    write: (bytes, offset) =>
      named(
        path,
        pace === undefined
          ? writeAll(handle, bytes, offset)
          : writePaced(handle, bytes, offset, pace),
      ),
    truncate: (lengthBytes) => named(path, handle.truncate(lengthBytes)),
    sync: () => named(path, handle.datasync()),
    size: async () => (await named(path, handle.stat())).size,
    close: () => named(path, handle.close()),
  };
}

async function writeAll(handle: Handle, bytes: Uint8Array, offset: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, offset + done);
    done += bytesWritten;
  }
}

async function writePaced(
  handle: Handle,
  bytes: Uint8Array,
  offset: number,
  pace: WritePace,
): Promise<void> {
  // A closed file has no descriptor: the handle says so as it always does.
  const isInPlace = handle.fd >= 0 && pace.isInPlace(bytes.length);
  const startedAt = performance.now();
  if (isInPlace) writeAllInPlace(handle.fd, bytes, offset);
  else await writeAll(handle, bytes, offset);
  pace.took(performance.now() - startedAt, isInPlace);
}

function writeAllInPlace(fd: number, bytes: Uint8Array, offset: number): void {
  let done = 0;
  while (done < bytes.length)
    done += writeSync(fd, bytes, done, bytes.length - done, offset + done);
}

/** Errors of calls on an open file say what failed but not on which: a person needs the path. */
async function named<Result>(path: string, call: Promise<Result>): Promise<Result> {
  try {
    return await call;
  } catch (error) {
    const failed = error as NodeJS.ErrnoException;
    if (failed.path === undefined && failed.code !== undefined) {
      failed.path = path;
      failed.message += ` '${path}'`;
    }
    throw failed;
  }
}

/** A new directory is durable only when its parent is synced, up to the first that was there. */
async function ensureDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let at = path; at.length >= first.length; at = dirname(at)) await syncDirectory(dirname(at));
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await openFile(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
