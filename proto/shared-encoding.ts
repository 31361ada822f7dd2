/** Messages of which much is the same for many receivers: that much is encoded once. */

const encoders = new WeakMap<object, () => Uint8Array>();

/** `encode` is called instead of the message's codec when it is sent; it must give the same message. */
export function encodedBy<T extends object>(message: T, encode: () => Uint8Array): T {
  encoders.set(message, encode);
  return message;
}

/** The message's own encoding; undefined for most. */
export const ownEncoding = (message: unknown): Uint8Array | undefined =>
  typeof message === 'object' && message !== null ? encoders.get(message)?.() : undefined;
