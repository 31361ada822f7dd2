/**
 * What makes a host a manager: the replicated store, the leader's loops, and the calls it serves.
 * Composition roots enter here; inside the folder its parts are imported by their own files.
 */
export * from './store/index.ts';
export * from './ca/index.ts';
