import { newId } from '#lib';
import {
  CreateNetworkResponse,
  GetNetworkResponse,
  ListNetworksResponse,
  Network,
  RemoveNetworkResponse,
} from '#proto';
import type {
  CreateNetworkRequest,
  GetNetworkRequest,
  ListNetworksRequest,
  RemoveNetworkRequest,
} from '#proto';
import { committed } from './committed.ts';
import { requireNoConflict } from './network-conflicts.ts';
import { endpointsOf, requireUnused, serviceIdsOn } from './network-users.ts';
import type { ControlHandlers, ControlOptions } from './options.ts';
import { pageOf } from './pages.ts';
import { findNetwork } from './refs.ts';
import { checkedNetworkSpec } from './validate-network.ts';

type NetworkHandlers = Pick<
  ControlHandlers,
  'createNetwork' | 'listNetworks' | 'getNetwork' | 'removeNetwork'
>;

/** Networks: create, read, remove. They are never updated. */
export function networkHandlers(options: ControlOptions): NetworkHandlers {
  const { store } = options;
  return {
    async createNetwork(request: CreateNetworkRequest) {
      const spec = checkedNetworkSpec(request.spec);
      const result = await store.update((tx) => {
        requireNoConflict(tx, spec);
        const network = Network.create({ id: newId(options.random), spec });
        tx.create('network', network);
        return network.id;
      });
      options.log.info('network created', { networkId: result.value, network: spec.name });
      return CreateNetworkResponse.create({ network: committed(result, 'network', result.value) });
    },

    async listNetworks(request: ListNetworksRequest, { signal }) {
      await store.readBarrier(signal);
      const { items: networks, nextAfterId } = pageOf(
        store.image().list('network', request.afterId),
        (network) => network,
        (network) => Network.encode(network),
      );
      return ListNetworksResponse.create({ networks, nextAfterId });
    },

    async getNetwork(request: GetNetworkRequest, { signal }) {
      await store.readBarrier(signal);
      const image = store.image();
      const network = findNetwork(image, request.ref);
      return GetNetworkResponse.create({
        network,
        endpoints: endpointsOf(image, network.id),
        serviceIds: serviceIdsOn(image, network.id),
      });
    },

    async removeNetwork(request: RemoveNetworkRequest) {
      const { value: id } = await store.update((tx) => {
        const network = findNetwork(tx, request.ref);
        requireUnused(tx, network);
        tx.remove('network', network.id);
        return network.id;
      });
      options.log.info('network removed', { networkId: id });
      return RemoveNetworkResponse.create({ id });
    },
  };
}
