/**
 * The default task network of a host: bridge `tessera0` with NAT, one namespace per task, published
 * ports. Owns the nftables table `ip tessera`, the namespaces `ts-*` and their links.
 */
export { BridgeNetworks } from './bridge-networks-node.ts';
export { hostHasIpv6 } from './host-ipv6-node.ts';
export { hostRoutes } from './host-routes-node.ts';
export type { BridgeNetworksOptions } from './bridge-networks-node.ts';
