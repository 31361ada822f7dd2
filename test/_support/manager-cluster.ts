/** Managers of this process over real gRPC on loopback and real disks; only TLS is left out. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom, silentLogger, silentMetrics } from '#lib';
import { systemClock } from '#lib/clock-node';
import type { Manager } from '#manager';
import { nodeManager } from '#manager/manager-node';
import { NodeRole, RaftMembershipService, RaftTransportService } from '#proto';
import { channelOptions, grpc } from '#proto/rpc';
import { serve } from '#proto/serve-node';
import { firstObjects } from './manager-world.ts';

const nodeIdKey = 'test-node-id';

interface Member {
  readonly manager: Manager;
  readonly server: grpc.Server;
  readonly clients: Map<string, grpc.Client>;
}

export class ManagerCluster {
  readonly #directory: string;
  readonly #members = new Map<string, Member>();
  readonly #ports = new Map<string, number>();

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async make(): Promise<ManagerCluster> {
    return new ManagerCluster(await mkdtemp(join(tmpdir(), 'tessera-managers-')));
  }

  manager(nodeId: string): Manager {
    const member = this.#members.get(nodeId);
    if (member === undefined) throw new Error(`no manager runs as ${nodeId}`);
    return member.manager;
  }

  get managers(): readonly Manager[] {
    return [...this.#members.values()].map(({ manager }) => manager);
  }

  async start(
    nodeId: string,
    how: { readonly first?: boolean; readonly peer?: string },
  ): Promise<Manager> {
    const clock = systemClock();
    const random = seededRandom(Math.trunc(performance.now() * 1000)).fork(nodeId);
    const basics = { clock, random, log: silentLogger, metrics: silentMetrics };
    const server = new grpc.Server(channelOptions);
    const port = await bind(server, this.#ports.get(nodeId) ?? 0);
    this.#ports.set(nodeId, port);
    const clients = new Map<string, grpc.Client>();
    const manager = nodeManager({
      ...basics,
      nodeId,
      clusterId: 'cluster-1',
      address: `127.0.0.1:${port}`,
      directory: join(this.#directory, nodeId),
      first: how.first === true ? firstObjects(nodeId) : undefined,
      peers: how.peer === undefined ? [] : [`127.0.0.1:${this.#ports.get(how.peer)}`],
      // Tasks in these tests belong to no service: the real loops would clear them away.
      loops: () => ({}),
      channelFor: (address) => clientAs(nodeId, address, clients),
    });
    const options = {
      ...basics,
      identify: ({ metadata, peer }: { metadata: grpc.Metadata; peer: string }) => ({
        caller: {
          kind: 'node',
          nodeId: String(metadata.get(nodeIdKey)[0]),
          role: NodeRole.MANAGER,
        } as const,
        address: peer,
        isForwarded: false,
      }),
    };
    serve(server, RaftTransportService, manager.handlers.raftTransport, options);
    serve(server, RaftMembershipService, manager.handlers.raftMembership, options);
    this.#members.set(nodeId, { manager, server, clients });
    await manager.start();
    return manager;
  }

  /** Cuts its connections, then stops it: what is left of a process that was killed. */
  async kill(nodeId: string): Promise<void> {
    const member = this.#members.get(nodeId);
    if (member === undefined) return;
    this.#members.delete(nodeId);
    member.server.forceShutdown();
    for (const client of member.clients.values()) client.close();
    await member.manager.stop();
  }

  async close(): Promise<void> {
    for (const nodeId of this.#members.keys()) await this.kill(nodeId);
    await rm(this.#directory, { recursive: true, force: true });
  }
}

function bind(server: grpc.Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(
      `127.0.0.1:${port}`,
      grpc.ServerCredentials.createInsecure(),
      (error, bound) => (error === null ? resolve(bound) : reject(error)),
    );
  });
}

function clientAs(nodeId: string, address: string, clients: Map<string, grpc.Client>): grpc.Client {
  const known = clients.get(address);
  if (known !== undefined) return known;
  const named: grpc.Interceptor = (options, next) =>
    new grpc.InterceptingCall(next(options), {
      start(metadata, listener, proceed) {
        metadata.set(nodeIdKey, nodeId);
        proceed(metadata, listener);
      },
    });
  const client = new grpc.Client(address, grpc.credentials.createInsecure(), {
    ...channelOptions,
    'grpc.use_local_subchannel_pool': 1,
    interceptors: [named],
  });
  clients.set(address, client);
  return client;
}
