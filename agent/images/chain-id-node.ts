/** The names of unpacked layers: a layer on top of those below it (OCI image spec, "ChainID"). */
import { createHash } from 'node:crypto';

const sha256 = (text: string): string =>
  `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** One id per layer, lowest first; the last is the whole root file system. */
export function chainIds(diffIds: readonly string[]): readonly string[] {
  const ids: string[] = [];
  for (const diffId of diffIds) {
    const below = ids.at(-1);
    ids.push(below === undefined ? diffId : sha256(`${below} ${diffId}`));
  }
  return ids;
}
