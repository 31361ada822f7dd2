/**
 * Layers 2 and 3 of the networks on one host: a bridge and a VXLAN device for each, neighbours and
 * forwarding entries from what the managers tell, and the rules that keep networks apart. Nothing is
 * flooded and nothing is learnt. Owns the links `tsb*`, `tsv*` and `te*` and the nftables table
 * `inet tessera_overlay`; virtual addresses of services are on its bridges, what they lead to is not
 * its matter.
 */
export { lasting } from './differences.ts';
export type { Difference } from './differences.ts';
export { bridgeName, vxlanName } from './names.ts';
export { isOverlay, mtuOf } from './network-plan.ts';
export { Overlay } from './overlay.ts';
export type { OverlayHost } from './overlay-host.ts';
export { kernelHost } from './overlay-host-node.ts';
export type { TaskLink } from './task-links.ts';
