/** Tables as docker prints them: upper-case heads, columns two or more blanks apart. */
const gap = 3;

/** Cells a text takes on a terminal: wide East Asian characters and emoji two. */
export function cellWidth(text: string): number {
  let width = 0;
  for (const { segment } of segmenter.segment(text))
    width +=
      /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u.test(
        segment,
      )
        ? 2
        : 1;
  return width;
}

const segmenter = new Intl.Segmenter();

const padded = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - cellWidth(text)));

/** Control characters (a name or error from elsewhere may hold them) never reach the terminal. */
const clean = (text: string): string => text.replace(/\p{Cc}/gu, ' ');

/** One line per row, each ended by a line end; the last column is not padded. */
export function renderTable(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const lines = [heads, ...rows].map((row) => row.map(clean));
  const widths = heads.map((_, column) =>
    Math.max(...lines.map((line) => cellWidth(line[column] ?? ''))),
  );
  return lines
    .map((line) =>
      line
        .map((text, column) => padded(text, (widths[column] ?? 0) + gap))
        .join('')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** The text cut to `width` cells, with an ellipsis where something is missing. */
export function truncated(text: string, width: number): string {
  if (cellWidth(text) <= width) return text;
  let out = '';
  for (const { segment } of segmenter.segment(text)) {
    if (cellWidth(out + segment) >= width) break;
    out += segment;
  }
  return `${out}…`;
}
