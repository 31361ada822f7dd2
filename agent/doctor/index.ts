/**
 * Looks at the networks of one host when the managers ask: reaches the other nodes over each of them,
 * compares what the kernel has with what the view says, asks the name server, finds who else wants the
 * ports. Contract: one examination at a time, bounded, and nothing of the host is changed by it. What
 * decides is pure; the way to `ip`, `ping` and sockets is `DoctorHost`.
 */
export { probingHost } from './doctor-host-node.ts';
export { NetworkDoctor } from './network-doctor.ts';
