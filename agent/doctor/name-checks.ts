/** Which names an examination asks the node's own name server, and what must come. Pure. */
import { EndpointMode } from '#proto';
import type { NetworkService } from '#proto';
import { gatewaysOf } from '../dns/name-table.ts';
import { serviceKey } from '../network-view/view.ts';
import type { NetworkView } from '../network-view/view.ts';

export interface NameQuestion {
  readonly networkId: string;
  readonly server: string;
  readonly name: string;
  readonly serviceId: string;
}

/** One service of each network at each of its gateways; at most `questionsMax`. */
export function nameQuestions(
  view: NetworkView,
  networkIds: ReadonlySet<string>,
  questionsMax: number,
): readonly NameQuestion[] {
  const services = Map.groupBy(view.services.values(), ({ networkId }) => networkId);
  const questions: NameQuestion[] = [];
  for (const network of view.networks.values()) {
    if (network.isIngress || (networkIds.size > 0 && !networkIds.has(network.id))) continue;
    const named = (services.get(network.id) ?? []).filter((one) => isAlone(one, services));
    const service = named.find((one) => expectedOf(view, one).length > 0) ?? named[0];
    if (service === undefined) continue;
    const { networkId, serviceId, name } = service;
    for (const server of gatewaysOf(network))
      questions.push({ networkId, server, name, serviceId });
  }
  return questions.slice(0, questionsMax);
}

/** IPv4 addresses that the name stands for; undefined when the service is gone. */
export function expectedAnswer(
  view: NetworkView,
  { networkId, serviceId }: NameQuestion,
): readonly string[] | undefined {
  const service = view.services.get(serviceKey(networkId, serviceId));
  return service === undefined ? undefined : expectedOf(view, service);
}

function expectedOf(view: NetworkView, service: NetworkService): readonly string[] {
  if (service.mode === EndpointMode.VIP && service.address !== '') return [service.address];
  return [...view.endpoints.values()]
    .filter(
      ({ networkId, serviceId, isServing }) =>
        isServing && networkId === service.networkId && serviceId === service.serviceId,
    )
    .map(({ address }) => address);
}

/** Nobody else answers to its name on its network. */
function isAlone(
  { networkId, serviceId, name }: NetworkService,
  services: ReadonlyMap<string, readonly NetworkService[]>,
): boolean {
  return !(services.get(networkId) ?? []).some(
    (other) =>
      other.serviceId !== serviceId && (other.name === name || other.aliases.includes(name)),
  );
}
