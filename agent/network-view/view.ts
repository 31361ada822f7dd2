import type { Endpoint, Network, NetworkChanges, NetworkHost, NetworkService } from '#proto';

/** The key of a node on a network, and of a task on one, as NetworkChanges has them. */
export const hostKey = (networkId: string, nodeId: string): string => `${networkId}/${nodeId}`;
export const endpointKey = (networkId: string, taskId: string): string => `${networkId}/${taskId}`;

/** Read only; the maps change with every message taken. */
export interface NetworkView {
  readonly networks: ReadonlyMap<string, Network>;
  /** By `hostKey`. */
  readonly hosts: ReadonlyMap<string, NetworkHost>;
  /** By `endpointKey`. */
  readonly endpoints: ReadonlyMap<string, Endpoint>;
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
    const isFull = message.isFull;
    const hostOf = (host: NetworkHost) => hostKey(host.networkId, host.nodeId);
    const endpointOf = (endpoint: Endpoint) => endpointKey(endpoint.networkId, endpoint.taskId);
    return {
      networks: take(
        this.networks,
        isFull,
        message.networks,
        ({ id }) => id,
        message.removedNetworkIds,
      ),
      hosts: take(this.hosts, isFull, message.hosts, hostOf, message.removedHosts),
      endpoints: take(
        this.endpoints,
        isFull,
        message.endpoints,
        endpointOf,
        message.removedEndpoints,
      ),
      services: take(
        this.services,
        isFull,
        message.services,
        ({ serviceId }) => serviceId,
        message.removedServiceIds,
      ),
    };
  }
}

function take<T>(
  map: Map<string, T>,
  isFull: boolean,
  upserted: readonly T[],
  keyOf: (object: T) => string,
  removed: readonly string[],
): readonly Change<T>[] {
  const changes: Change<T>[] = [];
  const present = isFull ? new Set(upserted.map(keyOf)) : undefined;
  const gone = present === undefined ? removed : [...map.keys()].filter((key) => !present.has(key));
  for (const key of gone) {
    const old = map.get(key);
    if (old === undefined) continue;
    map.delete(key);
    changes.push({ old, now: undefined });
  }
  for (const now of upserted) {
    const key = keyOf(now);
    changes.push({ old: map.get(key), now });
    map.set(key, now);
  }
  return changes;
}
