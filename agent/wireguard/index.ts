/**
 * Tunnels between the hosts of encrypted networks: WireGuard, of the kernel or wireguard-go. Each node
 * has a key pair of its own, whose public half the managers tell to the others; the address of its tunnel
 * comes from it. Owns the devices `tswg0` and `tswg1`, their rules and routes. What goes through them is the overlay's matter.
 */
export { fileKeyStore } from './key-store-node.ts';
export { WireGuard } from './wireguard.ts';
export { kernelWireGuard } from './wireguard-host-node.ts';
