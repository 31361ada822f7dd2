/**
 * The control API: what users ask of a cluster, as functions without a transport. Checks every
 * input, reads linearizably, writes by store transactions. Owns service.spec, previous_spec,
 * spec_version, is_removing; node.spec; cluster.spec and the join tokens.
 */
export type { PackBackup } from './options.ts';
export { controlHandlers } from './control.ts';
export { checkedClusterSpec } from './cluster.ts';
export { validateNodeSpec } from './nodes.ts';
