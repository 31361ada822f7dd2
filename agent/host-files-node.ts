import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { access, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError, messageOf } from '#lib';
import type { HostFiles } from './host-files.ts';
import { hasReachableServer, hostsText, resolverText } from './resolver-file.ts';

/** systemd-resolved keeps the real servers here when /etc/resolv.conf names only its stub. */
const resolverPaths = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'];

/**
 * Under `directory`: `volumes/NAME/_data` for named volumes, `tasks/ID/` for the files and
 * anonymous volumes of a task.
 */
export function hostFiles(directory: string): HostFiles {
  const volumesPath = join(directory, 'volumes');
  const tasksPath = join(directory, 'tasks');
  const taskPath = (taskId: string): string => join(tasksPath, safeName(taskId));
  return {
    // Three tiny files that nobody syncs: without the thread pool's queue, a tenth of a millisecond.
    prepareTask: (request) =>
      told(async () => {
        const path = taskPath(request.taskId);
        mkdirSync(tasksPath, { recursive: true, mode: 0o700 });
        mkdirSync(path, { recursive: true, mode: 0o711 });
        const files = {
          hostsPath: join(path, 'hosts'),
          hostnamePath: join(path, 'hostname'),
          resolverPath: join(path, 'resolv.conf'),
        };
        writeFileSync(
          files.hostsPath,
          hostsText(request.hostname, request.addresses, request.hosts),
        );
        writeFileSync(files.hostnamePath, `${request.hostname}\n`);
        writeFileSync(
          files.resolverPath,
          resolverText(request.gateways, request.dns, hostResolverText()),
        );
        return files;
      }),

    volume: (name) =>
      told(() => madeDirectory(volumesPath, join(volumesPath, safeName(name), '_data'))),

    anonymousVolume: (taskId, key) =>
      told(() =>
        madeDirectory(tasksPath, join(taskPath(taskId), 'volumes', encodeURIComponent(key))),
      ),

    exists: (path) =>
      access(path).then(
        () => true,
        () => false,
      ),

    removeTask: (taskId) => told(() => rm(taskPath(taskId), { recursive: true, force: true })),

    listVolumes: () => told(() => namesIn(volumesPath)),

    listTasks: () => told(() => namesIn(tasksPath)),
  };
}

/** Ascending; none where there is no such directory. */
async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return (await readdir(path)).toSorted();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ClusterError) throw error;
    throw new ClusterError('RUNTIME_ERROR', messageOf(error), { cause: error });
  }
}

/** A name that stays one part of a path. INVALID_SPEC otherwise. */
function safeName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/.test(name)) return name;
  throw new ClusterError(
    'INVALID_SPEC',
    `invalid volume name ${JSON.stringify(name)}: use letters, digits, '_', '.' and '-'`,
  );
}

/** What tasks keep may be readable to all inside; outside, `root` lets nobody but root through. */
async function madeDirectory(root: string, path: string): Promise<string> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  await mkdir(path, { recursive: true });
  return path;
}

/** The host's resolv.conf: the one with servers that a task can reach, where there is one. */
function hostResolverText(): string {
  const texts = resolverPaths.map(textOf);
  return texts.find(hasReachableServer) ?? texts[0] ?? '';
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
