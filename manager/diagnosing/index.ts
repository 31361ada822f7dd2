/**
 * What is wrong with the networks, from what the nodes have seen of them: pure. One problem for one cause, as
 * far as that shows, with the evidence and what to do. Owns no field of any object.
 */
export { absentHosts } from './absent-hosts.ts';
export { diagnose } from './diagnose.ts';
export type { NodeAnswer } from './scene.ts';
