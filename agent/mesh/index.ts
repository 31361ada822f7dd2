/**
 * The mesh of one host, a table of nftables of its own: virtual addresses and published ports led to
 * tasks on whichever node, session affinity, isolation, and the way back of replies, so that tasks see
 * their callers' own addresses. Contract: the networks as the managers tell of them in, rules out. What
 * decides is pure (`MeshRules`); links, and NAT to the outside, are the overlay's.
 */
export { Mesh } from './mesh.ts';
export { nftHost } from './mesh-host-node.ts';
