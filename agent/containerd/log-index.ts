/**
 * When the bytes of a log came: marks (offset, time), ascending, as pairs of varints relative to the
 * mark before. The first mark is absolute: the log begins there. Pure.
 */
export interface LogMark {
  /** Bytes before this offset had been written by `atMs`. */
  readonly offset: number;
  readonly atMs: number;
}

function pushVarint(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}

/** One mark, relative to `before`; a clock that went back counts as standing still. */
export function encodeMark(mark: LogMark, before: LogMark | undefined): Uint8Array {
  const bytes: number[] = [];
  pushVarint(bytes, mark.offset - (before?.offset ?? 0));
  pushVarint(bytes, Math.max(0, mark.atMs - (before?.atMs ?? 0)));
  return Uint8Array.from(bytes);
}

export function encodeMarks(marks: readonly LogMark[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let before: LogMark | undefined;
  for (const mark of marks) {
    parts.push(encodeMark(mark, before));
    before = { offset: mark.offset, atMs: Math.max(mark.atMs, before?.atMs ?? 0) };
  }
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A torn last mark (the agent was killed while it wrote) is left out. */
export function decodeMarks(bytes: Uint8Array): readonly LogMark[] {
  const marks: LogMark[] = [];
  let at = 0;
  const varint = (): number | undefined => {
    let value = 0;
    for (let scale = 1; at < bytes.length; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    return undefined;
  };
  let offset = 0;
  let atMs = 0;
  for (;;) {
    const moreBytes = varint();
    const laterMs = varint();
    if (moreBytes === undefined || laterMs === undefined) return marks;
    offset += moreBytes;
    atMs += laterMs;
    marks.push({ offset, atMs });
  }
}

/** When the byte at `offset` was seen: the first mark past it, or the last one there is. */
export function timeAt(marks: readonly LogMark[], offset: number): number {
  let low = 0;
  let high = marks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((marks[middle]?.offset ?? 0) > offset) high = middle;
    else low = middle + 1;
  }
  return (marks[low] ?? marks.at(-1))?.atMs ?? 0;
}

/** Where reading must begin to have everything that came at or after `sinceMs`. */
export function offsetSince(marks: readonly LogMark[], sinceMs: number): number {
  let offset = marks[0]?.offset ?? 0;
  for (const mark of marks) {
    if (mark.atMs >= sinceMs) break;
    offset = mark.offset;
  }
  return offset;
}
