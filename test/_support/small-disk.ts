/** A file system of a few megabytes, to be filled up, and to turn read-only as after an error. Root only. */
import { mkdir, mkdtemp, open, rename, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './command.ts';

const blockBytes = 64 << 10;

/** ext4 in an image: what a real disk's file system does, errors and journal included. */
export class SmallDisk {
  /** Where it is mounted. */
  readonly directory: string;
  readonly #home: string;
  #isMounted = false;

  private constructor(home: string) {
    this.#home = home;
    this.directory = join(home, 'mounted');
  }

  static async make(megabytes: number): Promise<SmallDisk> {
    const disk = new SmallDisk(await mkdtemp(join(tmpdir(), 'tessera-small-disk-')));
    await mkdir(disk.directory);
    await run(['truncate', '-s', `${megabytes}M`, disk.#image]);
    await run(['mkfs.ext4', '-q', '-F', '-m', '0', disk.#image]);
    await disk.mount();
    return disk;
  }

  get #image(): string {
    return join(this.#home, 'image');
  }

  async mount(): Promise<void> {
    const how = 'loop,errors=remount-ro';
    await run(['mount', '-o', how, this.#image, this.directory]);
    this.#isMounted = true;
  }

  async unmount(): Promise<void> {
    if (this.#isMounted) await run(['umount', this.directory]);
    this.#isMounted = false;
  }

  /** Takes what room is left, down to the last block. */
  async fill(): Promise<void> {
    const file = await open(join(this.directory, 'filler'), 'a');
    try {
      for (const size of [blockBytes, 1024]) {
        while ((await statfs(this.directory)).bavail > 0) {
          await file.write(Buffer.alloc(size, 1));
          await file.sync();
        }
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      await file.close();
    }
  }

  async makeRoom(): Promise<void> {
    await rm(join(this.directory, 'filler'), { force: true });
  }

  /** What ext4 does after an error of its disk: no write is accepted any more, open files included. */
  async abort(): Promise<void> {
    await run(['mount', '-o', 'remount,abort', this.directory]);
  }

  /** A person has looked at it: checked and mounted again. */
  async repair(): Promise<void> {
    await this.unmount();
    // Whoever has taken a copy of the machine's mounts keeps the old one alive, as it was: this is another disk.
    await run(['cp', this.#image, `${this.#image}.copy`]);
    await rename(`${this.#image}.copy`, this.#image);
    // Exit code 1: errors were found and mended.
    await run(['sh', '-c', `fsck.ext4 -fy ${this.#image} > /dev/null 2>&1 || [ $? -le 1 ]`]);
    await this.mount();
  }

  async remove(): Promise<void> {
    await this.unmount();
    await rm(this.#home, { recursive: true, force: true });
  }
}
