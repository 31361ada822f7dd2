/** Limits of a connection for proposals, the same at either end unless said otherwise. */
export const remoteDefaults = {
  /** Of one proposal, bytes; as `maxEntryBytes` of the members. */
  entryBytesMax: 2 << 20,
  /** Proposals of one connection without an answer. */
  unansweredMax: 8_192,
  /** Their bytes. */
  unansweredBytesMax: 64 << 20,
  /** The client's: how long it waits for an outcome, milliseconds. */
  timeoutMs: 30_000,
} as const;

export type RemoteOptions = { readonly [Name in keyof typeof remoteDefaults]?: number };
