/**
 * Encryption at rest: the keys of what a node stores (`keyring-node.ts`), and the cluster's lock, which
 * makes managers wait for a person after a restart. Owns cluster.lock, together with `control`.
 */
export { lockFor } from './cluster-lock.ts';
export { keepKeys } from './key-keeper.ts';
export type { KeptKeys } from './key-keeper.ts';
export { formatUnlockKey, newUnlockKey, parseUnlockKey } from './unlock-key.ts';
