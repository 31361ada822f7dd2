/** What the managers have not told yet of a network that a task needs. Pure. */
import { hostKey } from '../network-view/view.ts';
import type { NetworkView } from '../network-view/view.ts';
import { isOverlay, rangesOf } from './network-plan.ts';

/** A sentence for people; empty = everything is told. */
export function missingInView(
  view: NetworkView | undefined,
  networkId: string,
  nodeId: string,
): string {
  const network = view?.networks.get(networkId);
  if (network === undefined)
    return `network ${networkId} is not known on this node yet: waiting for the managers to tell of it`;
  const name = network.spec?.name ?? networkId;
  if (rangesOf(network).v4 === undefined)
    return `network ${name} has no subnet yet: see 'tsctl network inspect ${name}'`;
  const self = view?.hosts.get(hostKey(networkId, nodeId));
  if (isOverlay(network) && (self?.addresses?.address ?? '') === '')
    return `this node has no address on network ${name} yet: see 'tsctl network inspect ${name}'`;
  return '';
}
