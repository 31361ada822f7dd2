/** The user and group files of images, read once per image and not per container. */
import type { Mount } from '#proto/containerd';
import { layersOf, readImageFile } from './image-files-node.ts';
import type { UserFiles } from './user.ts';

/** Images whose files are remembered; the oldest goes. */
const rememberedMax = 64;

export class UserFileCache {
  readonly #files = new Map<string, Promise<UserFiles>>();

  /** `root`: the image's root snapshot, which never changes; `mounts`: a snapshot on top of it. */
  async read(root: string, mounts: readonly Mount[]): Promise<UserFiles> {
    const known = this.#files.get(root);
    if (known !== undefined) return await known;
    const layers = layersOf(mounts);
    const files = Promise.all([
      readImageFile(layers, '/etc/passwd'),
      readImageFile(layers, '/etc/group'),
    ]).then(([passwd = '', group = '']) => ({ passwd, group }));
    this.#files.set(root, files);
    files.catch(() => this.#files.delete(root));
    for (const oldest of this.#files.keys()) {
      if (this.#files.size <= rememberedMax) break;
      this.#files.delete(oldest);
    }
    return await files;
  }
}
