import { ContainerSpec, GlobalMode, ReplicatedMode, ServiceSpec, TaskSpec } from '#proto';
import { UsageError } from '../cli.ts';
import { parseEnvFile } from '../parse/key-value.ts';
import { parseWord } from '../parse/words.ts';
import { editContainer } from './edit.ts';
import { addLists } from './lists.ts';
import { applySettings, textOf } from './settings.ts';
import type { Flags } from './settings.ts';

export interface Sources {
  /** The environment of this process. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file of --env-file. */
  readonly readFile: (path: string) => string;
}

const modes = { replicated: 'replicated', global: 'global' } as const;

/**
 * The spec that a command line asks for; a usage error names the flag and the value that is wrong.
 * Whatever no flag says keeps the API's default.
 */
export function specFromFlags(
  image: string,
  args: readonly string[],
  flags: Flags,
  sources: Sources,
): ServiceSpec {
  const mode = parseWord('--mode', textOf(flags, 'mode') ?? 'replicated', modes);
  const empty = ServiceSpec.create({
    name: textOf(flags, 'name') ?? '',
    task: TaskSpec.create({ containers: [ContainerSpec.create({ image, args })] }),
    mode:
      mode === 'global'
        ? { kind: 'global', global: GlobalMode.create() }
        : { kind: 'replicated', replicated: ReplicatedMode.create({ replicas: 1 }) },
  });
  const filed = addEnvFiles(empty, flags, sources);
  return addLists(applySettings(filed, flags), flags, sources.env);
}

/** Files first, so that --env wins over them. */
function addEnvFiles(spec: ServiceSpec, flags: Flags, sources: Sources): ServiceSpec {
  const paths = (flags['envFile'] ?? []) as readonly string[];
  const env = paths.flatMap((path) => {
    let content: string;
    try {
      content = sources.readFile(path);
    } catch (error) {
      const why = (error as { code?: string }).code === 'ENOENT' ? 'no such file' : String(error);
      throw new UsageError(`--env-file '${path}': ${why}`);
    }
    return parseEnvFile(path, content, sources.env);
  });
  const last = new Map(env.map((line) => [line.split('=')[0], line]));
  return last.size === 0
    ? spec
    : editContainer(spec, (container) => ({ ...container, env: [...last.values()] }));
}
