import type { Task } from '#proto';
import type { NetworkView } from './view.ts';

/**
 * Where this host answers names to the task: the gateways of its first network other than the
 * ingress. Empty for tasks without networks, and while the view does not have it.
 */
export function gatewaysOfTask(view: NetworkView, task: Task): readonly string[] {
  for (const { networkId } of task.networks) {
    const network = view.networks.get(networkId);
    if (network === undefined || network.isIngress) continue;
    const gateways = (network.allocation?.subnets ?? []).map(({ gateway }) => gateway);
    return gateways.filter((gateway) => gateway !== '');
  }
  return [];
}
