/** What a network may not be because of others: their names, their subnets, the routes of nodes. */
import { ClusterError, doCidrsOverlap, formatCidr, parseCidr } from '#lib';
import type { Network, NetworkSpec } from '#proto';
import type { ReadTransaction } from '../store/types.ts';
import { limits } from './limits.ts';

function conflict(message: string, details: Readonly<Record<string, string>>): ClusterError {
  return new ClusterError('FAILED_PRECONDITION', message, { details });
}

/** ALREADY_EXISTS, LIMIT_EXCEEDED, or FAILED_PRECONDITION naming what the subnet overlaps. */
export function requireNoConflict(tx: ReadTransaction, spec: NetworkSpec): void {
  const taken = tx.byName('network', spec.name);
  if (taken !== undefined)
    throw new ClusterError(
      'ALREADY_EXISTS',
      `network ${spec.name} already exists: choose another name or remove it with` +
        ` 'tsctl network rm ${spec.name}'`,
      { details: { network: taken.id } },
    );
  if (tx.count('network') >= limits.networksMax)
    throw new ClusterError(
      'LIMIT_EXCEEDED',
      `there are ${limits.networksMax} networks: remove some first`,
    );
  for (const { subnet } of spec.subnets) {
    requireNotANetwork(tx, subnet);
    requireNotARoute(tx, subnet);
  }
}

function requireNotANetwork(tx: ReadTransaction, subnet: string): void {
  const cidr = parseCidr(subnet);
  if (cidr === undefined) return;
  for (const other of tx.list('network'))
    for (const text of subnetsOf(other)) {
      const theirs = parseCidr(text);
      if (theirs === undefined || !doCidrsOverlap(cidr, theirs)) continue;
      throw conflict(
        `--subnet ${subnet} overlaps ${text} of network ${other.spec?.name ?? other.id}:` +
          ' choose another, or leave it out and get a free one',
        { network: other.id },
      );
    }
}

/** A route that takes everything (a default route) is in nobody's way. */
function requireNotARoute(tx: ReadTransaction, subnet: string): void {
  const cidr = parseCidr(subnet);
  if (cidr === undefined) return;
  for (const node of tx.list('node'))
    for (const route of node.description?.routes ?? []) {
      const theirs = parseCidr(route);
      if (theirs === undefined || theirs.length === 0 || !doCidrsOverlap(cidr, theirs)) continue;
      throw conflict(
        `--subnet ${subnet} overlaps the route ${formatCidr(theirs)} of node` +
          ` ${node.description?.hostname ?? node.id}: choose another`,
        { node: node.id },
      );
    }
}

/** What a network has, or asks for while it has nothing. */
export function subnetsOf({ spec, allocation }: Network): readonly string[] {
  return (allocation?.subnets ?? spec?.subnets ?? []).map(({ subnet }) => subnet);
}
