/** An image of the machine's own Redis, with the libraries it needs and a shell: no registry is asked. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { busyboxImage } from '../../scripts/busybox-image.ts';
import { buildImage, ociArchive } from '../../scripts/image-archive.ts';
import type { LayerEntry } from '../../scripts/image-archive.ts';

const programs = ['/usr/bin/redis-server', '/usr/bin/redis-cli'];

/** What the dynamic linker would load, itself included: absolute paths, as the program expects them. */
function librariesOf(program: string): readonly string[] {
  const text = execFileSync('ldd', [program], { encoding: 'utf8' });
  return text.split('\n').flatMap((line) => /(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

/** Every folder above the file, outermost first; relative. */
function foldersOf(path: string): readonly string[] {
  const parts = path.split('/').slice(1, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'));
}

/** An OCI archive with the image `name`. Its command keeps cluster state and data in /data. */
export async function redisArchive(name: string): Promise<Uint8Array> {
  const base = busyboxImage([name]);
  const libraries = [...new Set(programs.flatMap(librariesOf))];
  // What the shell's image has as a folder or a link stays that.
  const known = new Set(base.layers.flat().map(({ path }) => path));
  const folders = new Set(libraries.flatMap(foldersOf).filter((path) => !known.has(path)));
  const file = (from: string, path: string): LayerEntry => ({
    kind: 'file',
    path,
    content: readFileSync(from),
    mode: 0o755,
  });
  const layer: readonly LayerEntry[] = [
    ...[...folders, 'data'].map((path): LayerEntry => ({ kind: 'directory', path })),
    ...libraries.map((path) => file(path, path.slice(1))),
    ...programs.map((path) => file(path, path.replace('/usr/bin/', 'bin/'))),
  ];
  const image = {
    ...base,
    layers: [...base.layers, layer],
    config: { ...base.config, Cmd: ['redis-server'] },
  };
  return await ociArchive([await buildImage(image)]);
}
