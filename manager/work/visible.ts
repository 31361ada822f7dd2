const textLengthMax = 1024;

/** A text that a node said, as it may be shown on a terminal: no control characters, 1024 long at most. */
export function visible(text: string): string {
  return text.slice(0, textLengthMax).replaceAll(/\p{Cc}/gu, ' ');
}
