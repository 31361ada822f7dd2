/**
 * containerd's own API, as far as the agent calls it: made from proto/containerd/*.proto. Field
 * numbers and method names are containerd's (1.6 and 1.7 alike); message names here are ours.
 */
export * from './gen/containerd.ts';
