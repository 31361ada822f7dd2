/**
 * Reads small files of an image without mounting it: overlay layers are looked through from the top.
 * Links are followed inside the image only, whatever they say.
 */
import { lstat, readFile, readlink } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { join } from 'node:path';
import type { Mount } from '#proto/containerd';

/** Largest file that is read, bytes; a larger one counts as missing. */
const fileBytesMax = 1 << 20;
const linkHopsMax = 16;

/** The layers of a snapshot's mount, topmost first; empty for what is not overlay or bind. */
export function layersOf(mounts: readonly Mount[]): readonly string[] {
  const [mount] = mounts;
  if (mounts.length !== 1 || mount === undefined) return [];
  if (mount.type === 'bind') return [mount.source];
  if (mount.type !== 'overlay') return [];
  const option = (name: string): string =>
    mount.options.find((text) => text.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
  return [option('upperdir'), ...option('lowerdir').split(':')].filter((path) => path !== '');
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch {
    return undefined;
  }
}

/** What `parts` is in the topmost layer that has it; no part but the last may be a link. */
async function find(
  layers: readonly string[],
  parts: readonly string[],
): Promise<{ readonly path: string; readonly stat: Stats } | undefined> {
  for (const layer of layers) {
    const path = join(layer, ...parts);
    const stat = await statOf(path);
    // A character device stands for a file that an upper layer deleted.
    if (stat?.isCharacterDevice()) return undefined;
    if (stat !== undefined) return { path, stat };
    // So does one in the place of a folder above it.
    for (let n = 1; n < parts.length; n++)
      if ((await statOf(join(layer, ...parts.slice(0, n))))?.isCharacterDevice()) return undefined;
  }
  return undefined;
}

/** The text of a regular file of the image, or undefined. `path` is absolute in the image. */
export async function readImageFile(
  layers: readonly string[],
  path: string,
): Promise<string | undefined> {
  let todo = path.split('/').filter((part) => part !== '');
  let done: string[] = [];
  for (let hops = 0; hops <= linkHopsMax; ) {
    const part = todo.shift();
    if (part === undefined) return undefined;
    if (part === '..' || part === '.') {
      if (part === '..') done.pop();
      continue;
    }
    const found = await find(layers, [...done, part]);
    if (found === undefined) return undefined;
    if (found.stat.isSymbolicLink()) {
      hops++;
      const target = await readlink(found.path);
      if (target.startsWith('/')) done = [];
      todo = [...target.split('/').filter((one) => one !== ''), ...todo];
    } else if (todo.length === 0) {
      if (!found.stat.isFile() || found.stat.size > fileBytesMax) return undefined;
      return await readFile(found.path, 'utf8');
    } else done.push(part);
  }
  return undefined;
}
