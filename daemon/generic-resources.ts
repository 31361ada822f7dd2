/** `--node-generic-resource gpu=2,fpga=a1,fpga=a2`: what this host has that only its administrator knows. */
import type { GenericResources } from '#agent';

const entryPattern = /^([A-Za-z0-9][A-Za-z0-9._/-]{0,62})=([A-Za-z0-9][A-Za-z0-9._:-]{0,127})$/;
const namesMax = 1_000;
const countMax = 1_000_000;

/** Undefined for text that is none of it. */
export function parseGenericResources(text: string): GenericResources | undefined {
  const found = new Map<string, number | string[]>();
  for (const entry of text === '' ? [] : text.split(',')) {
    const [, kind = '', value = ''] = entryPattern.exec(entry) ?? [];
    if (kind === '') return undefined;
    const known = found.get(kind);
    if (/^\d+$/.test(value)) {
      if (known !== undefined || Number(value) > countMax) return undefined;
      found.set(kind, Number(value));
    } else if (known === undefined) found.set(kind, [value]);
    else if (typeof known === 'number' || known.includes(value)) return undefined;
    else if (known.push(value) > namesMax) return undefined;
  }
  return found;
}
