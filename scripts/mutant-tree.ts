/** A copy of the tree in which bugs are planted, so that the checkout itself stays as it is. */
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { must, project } from './steps.ts';
import type { Mutant } from '../test/mutants/mutant.ts';

export class MutantTree {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** Copies all that git knows or would take; packages are linked, but the project's own. */
  static async create(directory: string): Promise<MutantTree> {
    await rm(directory, { recursive: true, force: true });
    const git = ['git', '-c', 'safe.directory=*', 'ls-files', '-co', '--exclude-standard'];
    const files = (await must(git)).split('\n').filter((file) => file !== '');
    for (const file of files) {
      const to = join(directory, file);
      await mkdir(dirname(to), { recursive: true });
      // A file that was deleted and not yet committed is still listed.
      await cp(join(project, file), to).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    }
    await linkPackages(join(directory, 'node_modules'));
    return new MutantTree(directory);
  }

  /** Plants the bug; the function returned takes it out again. Throws when it has no place. */
  async plant(mutant: Mutant): Promise<() => Promise<void>> {
    const before = new Map<string, string>();
    const after = new Map<string, string>();
    for (const { file, find, replace } of mutant.edits) {
      const text = after.get(file) ?? (await this.#read(mutant, file));
      if (!before.has(file)) before.set(file, text);
      const count = text.split(find).length - 1;
      if (count !== 1) throw new Error(`${mutant.name}: ${count} times in ${file}: ${find.trim()}`);
      after.set(
        file,
        text.replace(find, () => replace),
      );
    }
    const write = async (files: ReadonlyMap<string, string>): Promise<void> => {
      for (const [file, text] of files) await writeFile(join(this.directory, file), text);
    };
    await write(after);
    return () => write(before);
  }

  async #read(mutant: Mutant, file: string): Promise<string> {
    return readFile(join(this.directory, file), 'utf8').catch((error: unknown) => {
      throw new Error(`${mutant.name}: ${file} cannot be read`, { cause: error });
    });
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** One link a package: a link to the whole folder would lead back to the untouched `raft-ts`. */
async function linkPackages(directory: string): Promise<void> {
  await mkdir(directory);
  for (const name of await readdir(join(project, 'node_modules'))) {
    if (name === '.cache') continue;
    const target = name === 'raft-ts' ? '../raft' : join(project, 'node_modules', name);
    await symlink(target, join(directory, name));
  }
}
