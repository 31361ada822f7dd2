import type { Etcd } from './etcd-port.ts';
import type { Keys } from './keys.ts';
import { decodeHead } from './values.ts';

/**
 * Version of the log's end by linearizable reads. Callers that come while a read is under way share the next
 * one: it begins after they have asked.
 */
export class ReadIndex {
  readonly #read: () => Promise<number>;
  #current: Promise<unknown> = Promise.resolve();
  #next: Promise<number> | undefined;

  constructor(read: () => Promise<number>) {
    this.#read = read;
  }

  now(): Promise<number> {
    this.#next ??= this.#after(this.#current);
    return this.#next;
  }

  async #after(before: Promise<unknown>): Promise<number> {
    await before.catch(() => undefined);
    const reading = this.#read();
    this.#current = reading;
    this.#next = undefined;
    return reading;
  }
}

/** 0 when there is no cluster. */
export async function headVersion(etcd: Etcd, keys: Keys): Promise<number> {
  const [head] = (await etcd.range(keys.head)).items;
  return head === undefined ? 0 : decodeHead(head.value).version;
}
