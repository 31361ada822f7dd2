/** Networks in the cluster world: what hosts apply, and what they have to know in the end. */
import type { Clock, Random } from '#lib';
import type { NetworkConsumer, NetworkView, ViewChanges } from '#agent';
import type { Store } from '#manager';
import { NetworkIndex } from '#manager/dispatcher/network-index';
import { Network, NetworkAttachmentConfig, NetworkSpec } from '#proto';

export const networkNames = ['front', 'back'] as const;

export const newNetworks = (): readonly Network[] =>
  networkNames.map((name) => Network.create({ id: name, spec: NetworkSpec.create({ name }) }));

/** None, one or both. */
export const someNetworks = (random: Random): readonly NetworkAttachmentConfig[] =>
  networkNames
    .filter(() => random.below(2) === 0)
    .map((network) => NetworkAttachmentConfig.create({ network }));

/** Applies what it is told after a while; sometimes it cannot. */
export class SlowConsumer implements NetworkConsumer {
  readonly name = 'slow';
  view: NetworkView | undefined;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  apply(view: NetworkView, _changes: ViewChanges): Promise<void> {
    this.view = view;
    const kind = this.#random.below(20);
    if (kind === 0) return Promise.reject(new Error('no such device'));
    const delayMs = this.#random.below(kind === 1 ? 3_000 : 50);
    return new Promise((resolve) => {
      this.#clock.after(delayMs, resolve);
    });
  }
}

/** The first difference between what the node knows and what it should; undefined when it is right. */
export function wrongView(store: Store, nodeId: string, view: NetworkView | undefined) {
  const nothing = (): void => undefined;
  const index = new NetworkIndex({
    changed: nothing,
    moved: nothing,
    ingressChanged: nothing,
    stopping: nothing,
  });
  store.view((tx) => index.rebuild(tx));
  const networks = index.networksOfNode(nodeId);
  const expected = {
    networks: networks.map(({ network }) => network),
    hosts: networks.flatMap(({ hosts }) => [...hosts.values()]),
    endpoints: networks.flatMap(({ endpoints }) => [...endpoints.values()]),
    services: networks.flatMap(({ services }) => [...services.values()]),
  };
  for (const kind of ['networks', 'hosts', 'endpoints', 'services'] as const) {
    const known = [...(view?.[kind].values() ?? [])].map((each) => JSON.stringify(each));
    const wanted = expected[kind].map((each) => JSON.stringify(each));
    if (known.toSorted().join() !== wanted.toSorted().join())
      return `${nodeId} knows ${known.length} ${kind} of ${wanted.length}, or other ones`;
  }
  return undefined;
}
