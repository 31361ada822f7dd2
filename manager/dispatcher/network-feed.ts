import { ClusterError, Pacer } from '#lib';
import type { Clock, Metrics, Ms } from '#lib';
import { NetworkChanges, TaskState } from '#proto';
import type { ManagerMessage, Task } from '#proto';
import type { ReadTransaction, Store, StoreEvent } from '../store/types.ts';
import { isToStop, takesPart } from './network-content.ts';
import { NetworkIndex } from './network-index.ts';
import { networkMessage } from './network-message.ts';
import { PartWriter, merged } from './network-parts.ts';
import type { ChangeBody, Part } from './network-parts.ts';
import { StopHolds } from './stop-holds.ts';
import type { ToldNetwork } from './told-network.ts';

/** One agent's session, as far as it is told of networks. */
export interface NetworkListener {
  readonly nodeId: string;
  send(message: ManagerMessage): void;
}

interface Follower {
  readonly listener: NetworkListener;
  /** The networks it knows. */
  readonly known: Set<string>;
  sequence: number;
}

export interface NetworkFeedOptions {
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Changes of this urgency are there: `flush` is to be called within that time. */
  readonly wake: (delayMs: Ms) => void;
  /** The agent of the task may be told to stop it. */
  readonly release: (taskId: string) => void;
}

/** Objects that are looked at between two turns of the event loop, when a term begins. */
const objectsPerSlice = 500;
/** What somebody waits for goes out with the assignments of the same commits. */
const urgentMs: Ms = 1;
/** The rest is gathered for longer the more agents there are to be told: 1 ms for each ten ... */
const agentsPerMs = 10;
/** ... up to this. */
const patientMaxMs: Ms = 50;

/**
 * Tells every agent of the networks its node takes part in, in numbered messages, and holds back
 * the stop of a task until no host leads callers to it. What changes in a network is put together
 * once, for all of its nodes.
 */
export class NetworkFeed {
  readonly #options: NetworkFeedOptions;
  readonly #index: NetworkIndex;
  readonly #holds: StopHolds;
  readonly #messages;
  readonly #followers = new Map<string, Follower>();
  /** Nodes without a session whose hosts may lead callers on: they are expected back. */
  readonly #away = new Set<string>();
  /** By network: the agents that know it. */
  readonly #audiences = new Map<string, Set<Follower>>();
  /** Networks with changes that were not told yet. */
  readonly #changed = new Set<ToldNetwork>();
  /** By node: the networks that it has joined or left, perhaps. */
  readonly #moved = new Map<string, Set<string>>();
  #building: Promise<void> = Promise.resolve();
  /** Counts starts and stops. */
  #term = 0;

  constructor(options: NetworkFeedOptions) {
    this.#options = options;
    const { clock, metrics, release } = options;
    this.#holds = new StopHolds({ clock, metrics, release });
    this.#messages = metrics.counter(
      'tessera_dispatcher_network_messages_total',
      'Messages about networks that were sent to agents.',
    );
    this.#index = new NetworkIndex({
      changed: (network, canWait) => {
        this.#changed.add(network);
        options.wake(canWait ? this.#patientMs : urgentMs);
      },
      moved: (nodeId, networkId) => this.#move(nodeId, networkId),
      ingressChanged: (networkId) => {
        for (const nodeId of this.#followers.keys()) this.#move(nodeId, networkId);
      },
      stopping: (task) => this.#stopping(task),
    });
  }

  /** Resolves once agents can be told of their networks. Rejects when `stop` comes before. */
  get ready(): Promise<void> {
    return this.#building;
  }

  /** From nothing, as the store is; in slices, between which commits are taken. */
  start(store: Store): void {
    this.#building = this.#build(store, ++this.#term);
    // Whoever waits for it is told.
    this.#building.catch(() => undefined);
  }

  async #build(store: Store, term: number): Promise<void> {
    const pacer = new Pacer(this.#options.clock, { itemsMax: objectsPerSlice, bytesMax: Infinity });
    for (const step of this.#steps(store.image())) {
      store.view(step);
      if (!pacer.isFull()) continue;
      await pacer.pause();
      if (term !== this.#term) throw new ClusterError('NOT_LEADER', 'this manager leads no more');
    }
    // No agent has been told anything yet.
    for (const network of this.#index.networks()) network.forgetChanges();
    this.#changed.clear();
    this.#moved.clear();
  }

  /** A new leader does not know what its agents have applied: it holds the stops that it finds. */
  *#steps(image: ReadTransaction): Generator<(tx: ReadTransaction) => void> {
    yield* this.#index.rebuilding(image);
    for (const { endpoints } of this.#index.networks())
      for (const id of endpoints.keys())
        yield (tx) => {
          const task = tx.get('task', id);
          if (task !== undefined && isToStop(task) && task.status?.state === TaskState.RUNNING)
            this.#holds.hold(id, [neverTold]);
        };
  }

  stop(): void {
    this.#term++;
    this.#holds.clear();
    this.#followers.clear();
    this.#away.clear();
    this.#audiences.clear();
    this.#changed.clear();
    this.#moved.clear();
  }

  /** These nodes have been there under the leader before, and are to register. */
  expect(nodeIds: readonly string[]): void {
    for (const id of nodeIds) if (!this.#followers.has(id)) this.#away.add(id);
  }

  /** After a commit; `tx` is of the state it made. */
  take(tx: ReadTransaction, events: readonly StoreEvent[]): void {
    this.#index.take(tx, events);
    for (const { table, object, kind } of events)
      if (table === 'task' && (kind === 'remove' || !takesPart(object)))
        this.#holds.cancel(object.id);
  }

  /** The agent is there: it gets all of its networks. Replaces an earlier session of its node. */
  open(listener: NetworkListener): void {
    const { nodeId } = listener;
    this.#forget(nodeId);
    const follower: Follower = { listener, known: new Set(), sequence: 0 };
    this.#followers.set(nodeId, follower);
    this.#away.delete(nodeId);
    const networks = this.#index.networksOfNode(nodeId);
    for (const { id } of networks) this.#follow(follower, id);
    const parts = merged(networks.flatMap((network) => network.full()));
    if (parts.length === 0) this.#send(follower, noChanges, { isFull: true });
    for (const [index, { body }] of parts.entries())
      this.#send(follower, body, { isFull: true, isContinued: index < parts.length - 1 });
    this.#holds.back(nodeId, follower.sequence);
  }

  /** The session is over; its host stays as it was told last, until the agent is back. */
  close(listener: NetworkListener): void {
    const { nodeId } = listener;
    if (this.#followers.get(nodeId)?.listener !== listener) return;
    this.#forget(nodeId);
    this.#away.add(nodeId);
  }

  /** The node is DOWN, has left or is removed: nothing waits for it. */
  giveUp(nodeId: string): void {
    this.#away.delete(nodeId);
    this.#holds.gaveUp(nodeId);
  }

  applied(listener: NetworkListener, sequence: number): void {
    const follower = this.#followers.get(listener.nodeId);
    if (follower?.listener === listener) this.#holds.applied(listener.nodeId, sequence);
  }

  /** The task as its agent may know it: one whose stop is held back goes on. */
  asTold(task: Task): Task {
    if (!this.#holds.has(task.id) || !isToStop(task)) return task;
    return { ...task, desiredState: TaskState.RUNNING };
  }

  /** Tells what has changed. Before the assignments of the same commits. */
  flush(): void {
    const changed = [...this.#changed];
    const moved = [...this.#moved];
    this.#changed.clear();
    this.#moved.clear();
    const parts = new Map<Follower, Part[]>();
    const add = (follower: Follower, more: readonly Part[]): void => {
      const known = parts.get(follower);
      if (known === undefined) parts.set(follower, [...more]);
      else known.push(...more);
    };
    const joined: (readonly [Follower, ToldNetwork])[] = [];
    for (const [nodeId, networkIds] of moved) {
      const follower = this.#followers.get(nodeId);
      if (follower === undefined) continue;
      for (const id of networkIds) {
        const isPart = this.#index.takesPart(nodeId, id);
        const network = this.#index.network(id);
        if (isPart && network !== undefined && !follower.known.has(id))
          joined.push([follower, network]);
        if (!isPart && follower.known.has(id)) {
          this.#unfollow(follower, id);
          add(follower, leaving(id));
        }
      }
    }
    for (const network of changed) {
      const changes = network.takeChanges();
      for (const follower of this.#audiences.get(network.id) ?? []) add(follower, changes);
    }
    for (const [follower, network] of joined) {
      this.#follow(follower, network.id);
      add(follower, network.full());
    }
    for (const [follower, own] of parts)
      for (const { body } of merged(own)) this.#send(follower, body, {});
    for (const { id } of changed) this.#told(id);
  }

  get #patientMs(): Ms {
    return Math.max(urgentMs, Math.min(patientMaxMs, this.#followers.size / agentsPerMs));
  }

  #told(networkId: string): void {
    if (!this.#holds.isUntold(networkId)) return;
    const audience = [...(this.#audiences.get(networkId) ?? [])];
    this.#holds.told(
      networkId,
      new Map(audience.map(({ listener, sequence }) => [listener.nodeId, sequence])),
      [...this.#away].filter((nodeId) => this.#index.takesPart(nodeId, networkId)),
    );
  }

  #follow(follower: Follower, networkId: string): void {
    follower.known.add(networkId);
    const audience = this.#audiences.get(networkId);
    if (audience === undefined) this.#audiences.set(networkId, new Set([follower]));
    else audience.add(follower);
  }

  #unfollow(follower: Follower, networkId: string): void {
    follower.known.delete(networkId);
    const audience = this.#audiences.get(networkId);
    audience?.delete(follower);
    if (audience?.size === 0) this.#audiences.delete(networkId);
  }

  #forget(nodeId: string): void {
    const follower = this.#followers.get(nodeId);
    this.#followers.delete(nodeId);
    this.#moved.delete(nodeId);
    if (follower !== undefined) for (const id of [...follower.known]) this.#unfollow(follower, id);
    this.#holds.left(nodeId);
  }

  #move(nodeId: string, networkId: string): void {
    if (!this.#followers.has(nodeId)) return;
    const networkIds = this.#moved.get(nodeId);
    if (networkIds === undefined) this.#moved.set(nodeId, new Set([networkId]));
    else networkIds.add(networkId);
    // An assignment may need it.
    this.#options.wake(urgentMs);
  }

  #stopping(task: Task): void {
    this.#holds.hold(
      task.id,
      task.networks.map(({ networkId }) => networkId),
    );
  }

  #send(
    follower: Follower,
    body: ChangeBody,
    flags: { readonly isFull?: boolean; readonly isContinued?: boolean },
  ): void {
    const { isFull = false, isContinued = false } = flags;
    this.#messages.inc();
    const head = { sequence: ++follower.sequence, isFull, isContinued };
    follower.listener.send(networkMessage(head, body));
  }
}

/** A network whose nodes are told nothing: only time ends what waits for it. */
const neverTold = '';

const noChanges: ChangeBody = NetworkChanges.create();

function leaving(networkId: string): readonly Part[] {
  const writer = new PartWriter();
  writer.add('removedNetworkIds', networkId);
  return writer.parts;
}
