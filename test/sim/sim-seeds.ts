import { readFileSync } from 'node:fs';

/** Seeds of one world that once failed, from seeds.txt. */
export function mendedSeeds(
  world: string,
): readonly { readonly seed: number; readonly what: string }[] {
  const text = readFileSync(new URL('seeds.txt', import.meta.url), 'utf8');
  return text.split('\n').flatMap((line) => {
    const [name, seed, ...what] = line.split(' ');
    return name === world ? [{ seed: Number(seed), what: what.join(' ') }] : [];
  });
}
