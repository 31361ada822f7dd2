import { ClusterError, newId } from '#lib';
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
  NetworkSpec,
  RemoveNetworkRequest,
} from '#proto';
import type { ReadTransaction } from '../store/types.ts';
import { committed } from './committed.ts';
import { invalid } from './invalid.ts';
import type { ControlHandlers, ControlOptions } from './options.ts';
import { pageOf } from './pages.ts';
import { findNetwork } from './refs.ts';
import { validateLabels } from './validate-labels.ts';

type NetworkHandlers = Pick<
  ControlHandlers,
  'createNetwork' | 'listNetworks' | 'getNetwork' | 'removeNetwork'
>;

const namePattern = /^[a-zA-Z0-9][\w.-]{0,62}$/;

function requireSpec(spec: NetworkSpec | undefined): NetworkSpec {
  if (spec === undefined) throw invalid('spec', 'the request carries no network spec');
  if (!namePattern.test(spec.name))
    throw invalid(
      'spec.name',
      'a network needs a name of letters, digits, and - _ . after the first, at most 63',
    );
  validateLabels('spec.labels', '--label', spec.labels);
  // Better refused than in cleartext.
  if (spec.isEncrypted)
    throw new ClusterError(
      'UNIMPLEMENTED',
      'encrypted networks are not there yet: leave out --opt encrypted, or encrypt between the nodes',
    );
  return spec;
}

function requireUnused(tx: ReadTransaction, network: Network): void {
  const users: string[] = [];
  for (const { spec } of tx.list('service'))
    if (spec?.task?.networks.some((one) => one.network === network.id) === true)
      users.push(spec.name);
  if (users.length === 0) return;
  const shown = users.slice(0, 5).join(', ');
  const more = users.length > 5 ? ` and ${users.length - 5} more` : '';
  throw new ClusterError(
    'FAILED_PRECONDITION',
    `network ${network.spec?.name ?? network.id} is in use by ${shown}${more}: take them off it` +
      ` or remove them first`,
    { details: { network: network.id } },
  );
}

/** Networks: create, read, remove. They are never updated. */
export function networkHandlers(options: ControlOptions): NetworkHandlers {
  const { store } = options;
  return {
    async createNetwork(request: CreateNetworkRequest) {
      const spec = requireSpec(request.spec);
      const result = await store.update((tx) => {
        const taken = tx.byName('network', spec.name);
        if (taken !== undefined)
          throw new ClusterError('ALREADY_EXISTS', `network ${spec.name} already exists`, {
            details: { network: taken.id },
          });
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
      return GetNetworkResponse.create({ network: findNetwork(store.image(), request.ref) });
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
