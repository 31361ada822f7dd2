/** `--generic-resource gpu=2`: what tasks reserve beside processor, memory and processes. */
import { parseLabel } from '../parse/key-value.ts';
import { parseInteger } from '../parse/integer.ts';
import { editResources } from './edit.ts';
import type { ListFlag } from './list-flag.ts';

const countMax = 1_000_000;

function parseGeneric(flag: string, text: string): readonly [string, number] {
  const [kind, count] = parseLabel(flag, text);
  return [kind, parseInteger(`${flag} ${kind}`, count, 1, countMax)];
}

export const genericResourceList: ListFlag = {
  flag: '--generic-resource',
  value: '<kind=n>',
  help: "resources of a kind that nodes tell with tesserad's --node-generic-resource, as in gpu=1",
  key: '<kind>',
  add: (spec, texts, flag) =>
    editResources(spec, 'reservations', (part) => ({
      ...part,
      generic: {
        ...part.generic,
        ...Object.fromEntries(texts.map((text) => parseGeneric(flag, text))),
      },
    })),
  remove: (spec, texts) =>
    editResources(spec, 'reservations', (part) => ({
      ...part,
      generic: Object.fromEntries(
        Object.entries(part.generic).filter(([kind]) => !texts.includes(kind)),
      ),
    })),
};
