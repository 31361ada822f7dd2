/**
 * Gives networks their number, subnets and gateways, services their virtual addresses and published ports,
 * tasks and nodes their addresses on networks. Owns Network.allocation, error and hosts, Service.endpoint,
 * Task.networks, a task's way from NEW to PENDING and why it waits there. Nothing is given twice: one leader
 * decides at a time, from a state rebuilt from the store, and every decision is looked at again in the transaction
 * that writes it.
 */
export { Allocator } from './allocator.ts';
