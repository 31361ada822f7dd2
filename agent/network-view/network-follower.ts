import type { Clock, Logger, Metrics, Ms, Timer } from '#lib';
import { messageOf } from '#lib';
import { NetworkChanges, NetworkState } from '#proto';
import { MessageOrder } from '../message-order.ts';
import { StateSaver } from '../state-saver.ts';
import type { AgentStorage } from '../storage-port.ts';
import type { NetworkConsumer, ViewSource } from './consumer.ts';
import { Settling } from './settling.ts';
import { LiveNetworkView } from './view.ts';
import type { NetworkView } from './view.ts';
import { withoutIpv6 } from './without-ipv6.ts';

export interface NetworkFollowerOptions {
  readonly nodeId: string;
  readonly consumers: readonly NetworkConsumer[];
  /** False: the host has no IPv6, and consumers hear of none. Default true. */
  readonly hasIpv6?: boolean;
  readonly storage: AgentStorage;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** All consumers have the host as this message of the present session says. */
  readonly onApplied: (sequence: number) => void;
  /** `isSettled` has become true. */
  readonly onSettled: () => void;
}

/** Changes of this time are saved together: what is lost of them, the next session tells again. */
const saveSoonMs: Ms = 2_000;

/**
 * Follows what the managers tell of this node's networks: keeps the view, hands every change to the
 * consumers, says what they have applied, and remembers the view across restarts.
 */
export class NetworkFollower {
  readonly #options: NetworkFollowerOptions;
  readonly #view = new LiveNetworkView();
  readonly #order = new MessageOrder<NetworkChanges>();
  readonly #saver: StateSaver<NetworkState>;
  readonly #settling: Settling;
  /** Counts sessions: what an older one asked for is not told in this one. */
  #generation = 0;
  /** The latest message of this session that all consumers have applied, and that was told. */
  #applied = 0;
  #told = 0;
  #tellTimer: Timer | undefined;
  /** Messages that consumers have not applied. */
  #waiting = 0;

  constructor(options: NetworkFollowerOptions) {
    this.#options = options;
    const { storage, clock } = options;
    this.#settling = new Settling(clock, options.onSettled);
    this.#saver = new StateSaver({
      ...options,
      what: 'networks',
      soonMs: saveSoonMs,
      write: (state) => storage.saveNetworks(state),
      collect: () => ({ state: this.#collect(), saved: () => undefined }),
    });
    const gauge = (name: string, help: string, size: () => number): void =>
      options.metrics.observedGauge(`tessera_agent_${name}`, help, size);
    gauge('networks', 'Networks this node takes part in.', () => this.#view.networks.size);
    gauge(
      'network_endpoints',
      'Tasks on the networks of this node, on whichever node.',
      () => this.#view.endpoints.size,
    );
    gauge(
      'network_changes_unapplied',
      'Whether changes of the networks are not applied to this host yet.',
      () => (this.#waiting > 0 ? 1 : 0),
    );
  }

  get view(): NetworkView {
    return this.#view;
  }

  /** This host leads callers as the managers of this session say, or as well as it can. */
  get isSettled(): boolean {
    return this.#settling.isSettled;
  }

  /** What an earlier life saved, when it was of this node. */
  restore(state: NetworkState): void {
    if (state.nodeId !== this.#options.nodeId || state.networks === undefined) return;
    this.#apply({ ...state.networks, isFull: true }, 0, 'memory');
  }

  /** A new session begins: its first message is a full set. */
  reset(): void {
    this.#forgetSession();
    this.#settling.begin();
  }

  /** Takes one message; false when one before it is missing: the session must be opened anew. */
  take(message: NetworkChanges): boolean {
    const taken = this.#order.take(message);
    if (taken === 'gap') return false;
    if (taken === 'nothing') return true;
    this.#apply(joined(taken), message.sequence, 'managers');
    this.#saver.saveSoon();
    return true;
  }

  /** For a node that leaves: the host keeps no network. */
  async clear(): Promise<void> {
    this.#forgetSession();
    const changes = this.#view.apply(NetworkChanges.create({ isFull: true }));
    await Promise.allSettled(
      this.#options.consumers.map((consumer) => consumer.apply(this.#view, changes)),
    );
  }

  /** Saves what waits. */
  async close(): Promise<void> {
    this.#tellTimer?.cancel();
    this.#settling.cancel();
    await this.#saver.close();
  }

  /** As in a crash: nothing more is saved or told. */
  abandon(): void {
    this.#tellTimer?.cancel();
    this.#saver.abandon();
    this.#settling.cancel();
    this.#forgetSession();
  }

  #forgetSession(): void {
    this.#generation++;
    this.#order.reset();
    this.#applied = 0;
    this.#told = 0;
  }

  #apply(message: NetworkChanges, sequence: number, source: ViewSource): void {
    const isWhole = this.#options.hasIpv6 ?? true;
    const changes = this.#view.apply(isWhole ? message : withoutIpv6(message));
    const generation = this.#generation;
    const { consumers, log } = this.#options;
    const isFirst = source === 'managers' && message.isFull;
    this.#waiting++;
    // Called at once, one after the other: no later message may overtake this one.
    const calls: Promise<boolean>[] = [];
    for (const consumer of consumers) {
      const before = isFirst ? Promise.all(calls) : undefined;
      const call = consumer.apply(this.#view, changes, source, before).then(
        () => true,
        (error: unknown) => {
          const { name } = consumer;
          log.warn('networks not applied', { consumer: name, sequence, err: messageOf(error) });
          return false;
        },
      );
      calls.push(call);
    }
    void Promise.all(calls).then((outcomes) => {
      this.#waiting--;
      if (generation !== this.#generation || outcomes.includes(false)) return;
      this.#applied = Math.max(this.#applied, sequence);
      this.#settling.done();
      this.#tell();
    });
  }

  /** Consumers that gather apply several messages at once: they are told as one. */
  #tell(): void {
    this.#tellTimer ??= this.#options.clock.after(0, () => {
      this.#tellTimer = undefined;
      if (this.#applied <= this.#told) return;
      this.#told = this.#applied;
      this.#options.onApplied(this.#told);
    });
  }

  #collect(): NetworkState {
    const { networks, hosts, endpoints, services } = this.#view;
    return NetworkState.create({
      nodeId: this.#options.nodeId,
      networks: NetworkChanges.create({
        isFull: true,
        networks: [...networks.values()],
        hosts: [...hosts.values()],
        endpoints: [...endpoints.values()],
        services: [...services.values()],
      }),
    });
  }
}

/** One message of several parts. */
export function joined(parts: readonly NetworkChanges[]): NetworkChanges {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return NetworkChanges.create({
    isFull: true,
    networks: parts.flatMap(({ networks }) => networks),
    hosts: parts.flatMap(({ hosts }) => hosts),
    endpoints: parts.flatMap(({ endpoints }) => endpoints),
    services: parts.flatMap(({ services }) => services),
  });
}
