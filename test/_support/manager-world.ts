/**
 * Several managers in one process on a virtual clock: memory disks and a network that can be cut.
 * No real timers, sockets or files.
 */
import { packBackup } from '#proto/backup-node';
import { ClusterError, seededRandom, silentLogger, silentMetrics } from '#lib';
import type { Random } from '#lib';
import { Manager } from '#manager';
import type { CertificateSigner, ManagerTransport } from '#manager';
import type { MembershipClient } from '#manager/joining';
import type { LoopBasics, LoopMakers } from '#manager/leader-loops';
import { Cluster, ClusterSpec, Node, NodeRole, NodeSpec, NodeStatus, RootCa } from '#proto';
import type { CallContext, RaftBatch, RaftJoinResponse, RaftLeaveResponse } from '#proto';
import { RaftJoinRequest, RaftLeaveRequest, SnapshotChunk } from '#proto';
import { toSnapshotHeader, toWire } from '#manager/replication/raft-wire';
import type { MemberAddress } from '#manager/replication/raft-wire';
import { memoryDisk } from 'raft-ts';
import type { MemberId, MemoryDisk, RaftMessage, RaftNodeOptions, SnapshotMeta } from 'raft-ts';
import { VirtualClock } from './virtual-clock.ts';

export const clusterId = 'cluster-1';

/** Signs nothing: certificates are not what these worlds are about. */
const noSigner: CertificateSigner = {
  sign: () => Promise.resolve(new Uint8Array([1])),
  nodeIdOf: () => Promise.resolve('unknown'),
};

export interface ManagerWorldOptions {
  readonly seed?: number;
  readonly raft?: RaftNodeOptions;
  /** One way, milliseconds; default 1. */
  readonly latencyMs?: number;
  readonly loops?: (basics: LoopBasics) => LoopMakers;
}

interface Host {
  readonly nodeId: string;
  address: string;
  readonly disks: Map<'member' | 'raft', MemoryDisk>;
  manager: Manager | undefined;
  /** Counts the processes: what an earlier one still sends is not carried. */
  incarnation: number;
}

export class ManagerWorld {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly failures: ClusterError[] = [];
  readonly #options: ManagerWorldOptions;
  readonly #hosts = new Map<string, Host>();
  /** Addresses that nothing goes to and nothing comes from. */
  readonly #cut = new Set<string>();

  constructor(options: ManagerWorldOptions = {}) {
    this.#options = options;
    this.random = seededRandom(options.seed ?? 1);
  }

  /** A host with empty disks; its node id is also its address' host part. */
  host(nodeId: string): Host {
    let host = this.#hosts.get(nodeId);
    if (host === undefined) {
      const disks = new Map<'member' | 'raft', MemoryDisk>();
      for (const name of ['member', 'raft'] as const) disks.set(name, memoryDisk());
      host = { nodeId, address: `${nodeId}:7377`, disks, manager: undefined, incarnation: 0 };
      this.#hosts.set(nodeId, host);
    }
    return host;
  }

  manager(nodeId: string): Manager {
    const { manager } = this.host(nodeId);
    if (manager === undefined) throw new Error(`no manager runs on ${nodeId}`);
    return manager;
  }

  running(nodeId: string): Manager | undefined {
    return this.host(nodeId).manager;
  }

  /** Starts (again) a manager; `first` founds the cluster, `peers` are asked to be taken in. */
  boot(
    nodeId: string,
    how: { readonly first?: boolean; readonly peers?: readonly string[] },
  ): {
    readonly manager: Manager;
    readonly started: Promise<void>;
  } {
    const host = this.host(nodeId);
    host.incarnation++;
    const random = this.random.fork(`${nodeId}/${this.clock.eventCount}`);
    const manager = new Manager({
      nodeId,
      clusterId,
      address: host.address,
      clock: this.clock,
      random,
      log: silentLogger,
      metrics: silentMetrics,
      first: how.first === true ? firstObjects(nodeId) : undefined,
      peers: (how.peers ?? []).map((peer) => this.host(peer).address),
      disk: (name) => host.disks.get(name) as MemoryDisk,
      transport: (addressOf) => this.#transport(host, addressOf),
      client: this.#client(host),
      packBackup,
      signer: noSigner,
      loops: this.#options.loops ?? (() => ({})),
      raft: { tickMs: 20, ...this.#options.raft },
      onFailed: (error) => this.failures.push(error),
    });
    host.manager = manager;
    const started = manager.start();
    started.catch(() => undefined);
    return { manager, started };
  }

  /** Boots, and lets time pass until it has started. */
  async start(
    nodeId: string,
    how: { readonly first?: boolean; readonly peers?: readonly string[] } = {},
  ): Promise<Manager> {
    const { manager, started } = this.boot(nodeId, how);
    await this.clock.resolve(started, 60_000, `the start of ${nodeId}`);
    return manager;
  }

  /** A power cut: what was not synced is lost, and nothing more is heard of the process. */
  crash(nodeId: string): void {
    const host = this.host(nodeId);
    const { manager } = host;
    host.manager = undefined;
    host.incarnation++;
    for (const disk of host.disks.values())
      disk.crash(this.random.fork(`crash/${this.clock.eventCount}`));
    void manager?.stop().catch(() => undefined);
  }

  /** From its next start on the host is reached elsewhere. */
  move(nodeId: string, address: string): void {
    this.host(nodeId).address = address;
  }

  /** The disks of a host are replaced by empty ones. */
  wipe(nodeId: string): void {
    const { disks } = this.host(nodeId);
    for (const name of disks.keys()) disks.set(name, memoryDisk());
  }

  async stop(nodeId: string): Promise<void> {
    const host = this.host(nodeId);
    const { manager } = host;
    if (manager !== undefined) await this.clock.resolve(manager.stop(), 60_000, 'the stop');
    host.manager = undefined;
  }

  async stopAll(): Promise<void> {
    for (const nodeId of this.#hosts.keys()) await this.stop(nodeId);
  }

  cut(nodeId: string): void {
    this.#cut.add(this.host(nodeId).address);
  }

  heal(nodeId: string): void {
    this.#cut.delete(this.host(nodeId).address);
  }

  /** The one that leads with a majority behind it; time passes until there is one. */
  async leader(): Promise<Manager> {
    let found: Manager | undefined;
    const look = (): boolean => {
      const leading = [...this.#hosts.values()].filter(
        (host) => !this.#cut.has(host.address) && host.manager?.isLeader() === true,
      );
      found = leading.length === 1 ? leading[0]?.manager : undefined;
      return found !== undefined;
    };
    await this.clock.until(look, 30_000, 'one leader');
    if (found === undefined) throw new Error('no leader');
    await this.clock.resolve(found.store.readBarrier(), 30_000, 'the barrier of the leader');
    return found;
  }

  nodeIdOf(manager: Manager): string {
    for (const host of this.#hosts.values()) if (host.manager === manager) return host.nodeId;
    throw new Error('not a manager of this world');
  }

  #delay(): number {
    const base = this.#options.latencyMs ?? 1;
    return base * (1 + this.random.next());
  }

  #reachable(from: Host, address: string): Host | undefined {
    if (this.#cut.has(from.address) || this.#cut.has(address)) return undefined;
    return [...this.#hosts.values()].find((host) => host.address === address);
  }

  #context(from: Host): CallContext {
    const caller = { kind: 'node', nodeId: from.nodeId, role: NodeRole.MANAGER } as const;
    return { caller, address: from.address, signal: new AbortController().signal };
  }

  #transport(from: Host, addressOf: (id: MemberId) => MemberAddress | undefined): ManagerTransport {
    const { incarnation } = from;
    const exchange = (batch: RaftBatch, address: string): void => {
      this.clock.after(this.#delay(), () => {
        const target =
          from.incarnation === incarnation ? this.#reachable(from, address)?.manager : undefined;
        try {
          target?.handlers.raftTransport.receive(batch, this.#context(from).caller);
        } catch (error) {
          this.failures.push(error as ClusterError);
        }
      });
    };
    return {
      send: (message: RaftMessage) => {
        const address = addressOf(message.to)?.address;
        if (address !== undefined) exchange({ messages: [toWire(message)] }, address);
      },
      sendSnapshot: async (header, meta: SnapshotMeta, chunks) => {
        await this.clock.wait(this.#delay());
        const address = addressOf(header.to)?.address ?? '';
        const target = this.#reachable(from, address)?.manager;
        if (target === undefined) throw new ClusterError('UNAVAILABLE', 'cut');
        const parts = snapshotParts(header, meta, chunks);
        await target.handlers.raftTransport.installSnapshot(parts, this.#context(from));
      },
      probe: async (address) => {
        await this.clock.wait(this.#delay());
        if (this.#reachable(from, address)?.manager !== undefined) return;
        throw new ClusterError('UNAVAILABLE', 'nothing answers');
      },
      close: () => undefined,
    };
  }

  /** As over the network, passed on to the leader by whoever is asked. */
  #client(from: Host): MembershipClient {
    const ask = async <T>(address: string, call: (leader: Manager) => Promise<T>): Promise<T> => {
      await this.clock.wait(this.#delay());
      const asked = this.#reachable(from, address)?.manager;
      const leader = asked?.isLeader() === true ? undefined : asked?.leader();
      const answering =
        leader === undefined ? asked : this.#reachable(from, leader.address)?.manager;
      if (answering === undefined) throw new ClusterError('UNAVAILABLE', 'nobody answers');
      const answer = await call(answering);
      await this.clock.wait(this.#delay());
      return answer;
    };
    return {
      join: (address, self, raftId) =>
        ask<RaftJoinResponse>(address, (leader) =>
          leader.handlers.raftMembership.join(
            RaftJoinRequest.create({ address: self, raftId }),
            this.#context(from),
          ),
        ),
      report: async (address) => {
        await this.clock.wait(this.#delay());
        const asked = this.#reachable(from, address)?.manager;
        if (asked === undefined) throw new ClusterError('UNAVAILABLE', 'nobody answers');
        const { raftMembership } = asked.handlers;
        return raftMembership.getManagerReport({}, this.#context(from));
      },
      leave: (address, force) =>
        ask<RaftLeaveResponse>(address, (leader) =>
          leader.handlers.raftMembership.leave(
            RaftLeaveRequest.create({ force }),
            this.#context(from),
          ),
        ),
    };
  }
}

async function* snapshotParts(
  header: RaftMessage,
  meta: SnapshotMeta,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<SnapshotChunk> {
  const first = toSnapshotHeader(header, meta);
  yield SnapshotChunk.create({ part: { kind: 'header', header: first } });
  for await (const chunk of chunks) yield SnapshotChunk.create({ part: { kind: 'chunk', chunk } });
}

/** A manager's node as joining by token leaves it. */
export function managerNode(id: string): Node {
  const spec = NodeSpec.create({ role: NodeRole.MANAGER });
  return Node.create({ id, spec, role: NodeRole.MANAGER, status: NodeStatus.create() });
}

export function firstObjects(nodeId: string): { readonly cluster: Cluster; readonly node: Node } {
  const spec = ClusterSpec.create({ name: 'default', heartbeatPeriodMs: 1000 });
  const cluster = Cluster.create({ id: clusterId, spec, rootCa: RootCa.create({ digest: 'd' }) });
  return { cluster, node: managerNode(nodeId) };
}
