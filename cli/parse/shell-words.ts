import { UsageError } from '../cli.ts';

/** Words as a shell splits them: blanks separate, quotes and backslashes keep together. */
export function splitWords(flag: string, text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] ?? '';
    if (letter === '\\' && quote !== "'" && at + 1 < text.length) {
      at++;
      const next = text[at] ?? '';
      // Within double quotes a backslash only guards what would mean something there.
      word = (word ?? '') + (quote === '"' && !'"\\$`'.includes(next) ? `\\${next}` : next);
    } else if (quote !== '') {
      if (letter === quote) quote = '';
      else word += letter;
    } else if (letter === '"' || letter === "'") {
      quote = letter;
      word ??= '';
    } else if (/\s/.test(letter)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + letter;
  }
  if (quote !== '') throw new UsageError(`${flag} '${text}': a quote is not closed`);
  if (word !== undefined) words.push(word);
  return words;
}
