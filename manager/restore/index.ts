/** A cluster made again from a backup. Pure: bytes in, the state of a first manager out. */
export { clusterOfBackup, decodeBackup, restoredState } from './restore.ts';
export type { RestoreSummary, SeedState } from './restore.ts';
