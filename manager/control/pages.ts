/** Most bytes of objects in one page; below the limit of a message on the wire. */
export const pageBytesMax = 1 << 20;
/** Most objects in one page. */
export const pageItemsMax = 1_000;
/** Most objects that are looked at for one page, so that a narrow filter holds nobody up. */
export const pageScannedMax = 5_000;

export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page begins; '' when this one was the last. */
  readonly nextAfterId: string;
}

/**
 * The next page of what `source` has, in its order. `show` answers undefined for what is left out. A
 * page may be empty and not the last one. A single object larger than a page is a page.
 */
export function pageOf<S extends { readonly id: string }, T>(
  source: Iterable<S>,
  show: (stored: S) => T | undefined,
  encode: (shown: T) => Uint8Array,
): Page<T> {
  const items: T[] = [];
  let bytes = 0;
  let scanned = 0;
  let lastId = '';
  for (const stored of source) {
    const isFull = items.length >= pageItemsMax || scanned >= pageScannedMax;
    if (isFull) return { items, nextAfterId: lastId };
    const shown = show(stored);
    if (shown !== undefined) {
      bytes += encode(shown).length;
      if (bytes > pageBytesMax && items.length > 0) return { items, nextAfterId: lastId };
      items.push(shown);
    }
    lastId = stored.id;
    scanned++;
  }
  return { items, nextAfterId: '' };
}
