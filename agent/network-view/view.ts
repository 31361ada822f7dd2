import { Endpoint, Network, NetworkHost, NetworkService } from '#proto';
import type { MessageCodec, NetworkChanges } from '#proto';

/** The keys of a node, a task and a service on a network, as NetworkChanges has them. */
export const hostKey = (networkId: string, nodeId: string): string => `${networkId}/${nodeId}`;
export const endpointKey = (networkId: string, taskId: string): string => `${networkId}/${taskId}`;
export const serviceKey = (networkId: string, serviceId: string): string =>
  `${networkId}/${serviceId}`;

/** Read only; the maps change with every message taken. */
export interface NetworkView {
  readonly networks: ReadonlyMap<string, Network>;
  /** By `hostKey`. */
  readonly hosts: ReadonlyMap<string, NetworkHost>;
  /** By `endpointKey`. */
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  /** By `serviceKey`: one entry for each network of a service. */
  readonly services: ReadonlyMap<string, NetworkService>;
}

/** One object that came, changed (`old` and `now`) or went (`now` undefined). */
export interface Change<T> {
  readonly old: T | undefined;
  readonly now: T | undefined;
}

/** What one message changed in the view. Readers may work from it alone or compare with all of it. */
export interface ViewChanges {
  readonly networks: readonly Change<Network>[];
  readonly hosts: readonly Change<NetworkHost>[];
  readonly endpoints: readonly Change<Endpoint>[];
  readonly services: readonly Change<NetworkService>[];
}

/** What the managers told of the networks this node takes part in. */
export class LiveNetworkView implements NetworkView {
  readonly networks = new Map<string, Network>();
  readonly hosts = new Map<string, NetworkHost>();
  readonly endpoints = new Map<string, Endpoint>();
  readonly services = new Map<string, NetworkService>();

  /** Takes a whole message: a full set (all of its parts joined) or an increment. */
  apply(message: NetworkChanges): ViewChanges {
    const { isFull } = message;
    const gone = new Set(isFull ? [] : message.removedNetworkIds);
    return {
      networks: take(
        this.networks,
        { isFull, upserted: message.networks, removed: message.removedNetworkIds },
        ({ id }) => id,
        Network,
      ),
      hosts: take(
        this.hosts,
        {
          isFull,
          upserted: message.hosts,
          removed: removed(this.hosts, message.removedHosts, gone),
        },
        ({ networkId, nodeId }) => hostKey(networkId, nodeId),
        NetworkHost,
      ),
      endpoints: take(
        this.endpoints,
        {
          isFull,
          upserted: message.endpoints,
          removed: removed(this.endpoints, message.removedEndpoints, gone),
        },
        ({ networkId, taskId }) => endpointKey(networkId, taskId),
        Endpoint,
      ),
      services: take(
        this.services,
        {
          isFull,
          upserted: message.services,
          removed: removed(this.services, message.removedServices, gone),
        },
        ({ networkId, serviceId }) => serviceKey(networkId, serviceId),
        NetworkService,
      ),
    };
  }
}

/** What a message removes by name, and what goes with the networks that are gone. */
function removed(
  map: ReadonlyMap<string, { readonly networkId: string }>,
  named: readonly string[],
  goneNetworkIds: ReadonlySet<string>,
): readonly string[] {
  if (goneNetworkIds.size === 0) return named;
  const keys = new Set(named);
  for (const [key, { networkId }] of map) if (goneNetworkIds.has(networkId)) keys.add(key);
  return [...keys];
}

interface Taken<T> {
  readonly isFull: boolean;
  readonly upserted: readonly T[];
  readonly removed: readonly string[];
}

/** What is told again as it was is no change. */
function take<T>(
  map: Map<string, T>,
  taken: Taken<T>,
  keyOf: (object: T) => string,
  codec: MessageCodec<T>,
): readonly Change<T>[] {
  const { isFull, upserted } = taken;
  const changes: Change<T>[] = [];
  const present = isFull ? new Set(upserted.map(keyOf)) : undefined;
  const gone =
    present === undefined ? taken.removed : [...map.keys()].filter((key) => !present.has(key));
  for (const key of gone) {
    const old = map.get(key);
    if (old === undefined) continue;
    map.delete(key);
    changes.push({ old, now: undefined });
  }
  for (const now of upserted) {
    const key = keyOf(now);
    const old = map.get(key);
    map.set(key, now);
    if (old === undefined || !isSame(codec, old, now)) changes.push({ old, now });
  }
  return changes;
}

function isSame<T>(codec: MessageCodec<T>, a: T, b: T): boolean {
  return Buffer.compare(codec.encode(a), codec.encode(b)) === 0;
}
