import type { ServiceSpec } from '#proto';
import type { ListFlag } from './list-flag.ts';
import { merged } from './merged.ts';

/** A list of texts where a text is its own key. */
export function textList(
  flag: string,
  value: string,
  help: string,
  read: (spec: ServiceSpec) => readonly string[],
  write: (spec: ServiceSpec, list: readonly string[]) => ServiceSpec,
  check: (flag: string, text: string) => string = (_, text) => text,
): ListFlag {
  return {
    flag,
    value,
    help,
    key: value,
    add: (spec, texts, name) =>
      write(
        spec,
        merged(
          read(spec),
          texts.map((text) => check(name, text)),
          (text) => text,
        ),
      ),
    remove: (spec, texts) =>
      write(
        spec,
        read(spec).filter((text) => !texts.includes(text)),
      ),
  };
}
