/**
 * Contexts: named daemons in `$XDG_CONFIG_HOME/tessera/contexts/NAME.json`, readable by their owner
 * alone; `current-context` beside that folder names the one in use.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { ClusterError } from '#lib';
import type { TlsFiles } from './connection.ts';

/** The name that stands for the daemon of this machine; it needs no file. */
export const defaultContextName = 'default';
export const defaultHost = 'unix:///run/tessera/tessera.sock';

export interface Context {
  readonly name: string;
  readonly host: string;
  readonly tls?: TlsFiles;
  readonly description?: string;
}

const nameSyntax = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}$/;

export interface ContextStore {
  list(): readonly Context[];
  /** NOT_FOUND when there is none of that name. */
  get(name: string): Context;
  /** `default` unless another was chosen. */
  currentName(): string;
  use(name: string): void;
  save(context: Context): void;
  /** Removing what is not there is no error; the current one leaves `default` current. */
  remove(name: string): void;
}

const builtIn: Context = {
  name: defaultContextName,
  host: defaultHost,
  description: "this machine's daemon",
};

/** Contexts under `dir` (as `~/.config/tessera`), which is made when first needed. */
export function contextStore(dir: string): ContextStore {
  const folder = `${dir}/contexts`;
  const currentFile = `${dir}/current-context`;
  const fileOf = (name: string): string => `${folder}/${name}.json`;
  const writeWhole = (path: string, text: string): void => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.new`, text, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  };
  const get = (name: string): Context => {
    if (name === defaultContextName) return builtIn;
    if (!nameSyntax.test(name) || !existsSync(fileOf(name)))
      throw new ClusterError('NOT_FOUND', `context ${name} not found: see 'tsctl context ls'`);
    return readContext(fileOf(name), name);
  };
  const currentName = (): string => {
    try {
      return readFileSync(currentFile, 'utf8').trim() || defaultContextName;
    } catch {
      return defaultContextName;
    }
  };
  return {
    get,
    currentName,
    list: () => {
      const names = existsSync(folder) ? readdirSync(folder) : [];
      const own = names.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -5));
      return [builtIn, ...own.sort().map((name) => readOr(fileOf(name), name))];
    },
    use: (name) => {
      get(name);
      writeWhole(currentFile, `${name}\n`);
    },
    save: (context) => {
      if (!nameSyntax.test(context.name) || context.name === defaultContextName)
        throw new ClusterError(
          'INVALID_ARGUMENT',
          `context name '${context.name}' is not valid: use 1 to 64 of a-z, A-Z, 0-9, '_.-', ` +
            `and not '${defaultContextName}'`,
        );
      writeWhole(fileOf(context.name), `${JSON.stringify(context, undefined, 2)}\n`);
    },
    remove: (name) => {
      if (name === defaultContextName)
        throw new ClusterError('INVALID_ARGUMENT', `context ${name} cannot be removed`);
      if (nameSyntax.test(name)) rmSync(fileOf(name), { force: true });
      if (currentName() === name) rmSync(currentFile, { force: true });
    },
  };
}

/** A damaged file shows as such in lists. */
function readOr(path: string, name: string): Context {
  try {
    return readContext(path, name);
  } catch {
    return { name, host: '', description: 'damaged' };
  }
}

function readContext(path: string, name: string): Context {
  try {
    const context = JSON.parse(readFileSync(path, 'utf8')) as Context;
    if (typeof context.host === 'string') return { ...context, name };
  } catch {
    // Said below, as for a file without a host.
  }
  throw new ClusterError(
    'FAILED_PRECONDITION',
    `context ${name} is damaged: remove it with 'tsctl context rm ${name}'`,
  );
}
