import { Mount, MountKind } from '#proto';
import { UsageError } from '../cli.ts';
import { parseBytes } from './bytes.ts';
import { parseBoolean, parseFields } from './key-value.ts';
import { parseWord } from './words.ts';

const kinds = { bind: MountKind.BIND, volume: MountKind.VOLUME, tmpfs: MountKind.TMPFS };

const longNames: Readonly<Record<string, string>> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
};

/** "type=bind,source=/data,target=/data,readonly"; the type is volume when it is not said. */
export function parseMount(flag: string, text: string): Mount {
  const wrong = (why: string): UsageError => new UsageError(`${flag} '${text}': ${why}`);
  let mount = Mount.create({ kind: MountKind.VOLUME });
  for (const [key, value] of parseFields(flag, text)) {
    const name = longNames[key] ?? key;
    if (name === 'readonly')
      mount = { ...mount, isReadOnly: parseBoolean(`${flag} ${key}`, value) };
    else if (name === 'existing')
      mount = { ...mount, isExisting: parseBoolean(`${flag} ${key}`, value) };
    else if (value === undefined) throw wrong(`field '${key}' has no value`);
    else if (name === 'type') mount = { ...mount, kind: parseWord(`${flag} type`, value, kinds) };
    else if (name === 'source') mount = { ...mount, source: value };
    else if (name === 'target') mount = { ...mount, target: value };
    else if (name === 'tmpfs-size')
      mount = { ...mount, tmpfsSizeBytes: parseBytes(`${flag} tmpfs-size`, value) };
    else if (name === 'tmpfs-mode') {
      if (!/^[0-7]{1,4}$/.test(value)) throw wrong('tmpfs-mode is octal, as in 1777');
      mount = { ...mount, tmpfsMode: Number.parseInt(value, 8) };
    } else
      throw wrong(
        `field '${key}' is not known: use type, source, target, readonly, existing, tmpfs-size, tmpfs-mode`,
      );
  }
  if (mount.target === '') throw wrong('target is missing');
  if (mount.kind === MountKind.BIND && mount.source === '') throw wrong('source is missing');
  if (mount.isExisting && (mount.kind !== MountKind.VOLUME || mount.source === ''))
    throw wrong('existing goes with a volume that has a name');
  if (mount.kind === MountKind.TMPFS && mount.source !== '') throw wrong('tmpfs has no source');
  if (mount.kind !== MountKind.TMPFS && mount.tmpfsSizeBytes + mount.tmpfsMode > 0)
    throw wrong('tmpfs-size and tmpfs-mode go with type=tmpfs');
  return mount;
}
