import { UsageError } from '../cli.ts';

const letters = ['', 'k', 'm', 'g', 't', 'p'];

/** Bytes of "64m", "1GiB", "1.5g", "512": powers of 1024 whatever the spelling, as in docker. */
export function parseBytes(flag: string, text: string): number {
  const [, count = '', letter = ''] = /^(\d+(?:\.\d+)?)\s*([kmgtp]?)i?b?$/i.exec(text) ?? [];
  const bytes = Math.round(Number(count) * 1024 ** letters.indexOf(letter.toLowerCase()));
  if (count !== '' && Number.isSafeInteger(bytes)) return bytes;
  throw new UsageError(`${flag} '${text}': write a size as in 64m, 1.5g or 1GiB`);
}

/** Billionths of a processor of "0.5", "2", ".25". */
export function parseCpu(flag: string, text: string): number {
  const isNumber = /^(?:\d{1,5}(?:\.\d{0,9})?|\.\d{1,9})$/.test(text);
  if (isNumber) return Math.round(Number(text) * 1e9);
  throw new UsageError(`${flag} '${text}': write a number of processors as in 0.5 or 2`);
}
