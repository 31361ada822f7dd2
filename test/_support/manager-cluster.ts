/**
 * Managers of this process over real sockets and gRPC on loopback, with real disks; only TLS is
 * left out: who sends is said in clear.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom, silentLogger, silentMetrics } from '#lib';
import { systemClock } from '#lib/clock-node';
import type { Manager } from '#manager';
import { nodeManager } from '#manager/manager-node';
import { receiveRaftLink } from '#manager/replication/raft-link-receiver-node';
import { NodeRole, RaftMembershipService, RaftTransportService } from '#proto';
import { channelOptions, grpc } from '#proto/rpc';
import { serve } from '#proto/serve-node';
import { firstObjects } from './manager-world.ts';

const nodeIdKey = 'test-node-id';

interface Member {
  readonly manager: Manager;
  readonly server: grpc.Server;
  readonly links: LinkServer;
  readonly clients: Map<string, grpc.Client>;
}

export class ManagerCluster {
  readonly #directory: string;
  readonly #members = new Map<string, Member>();
  readonly #ports = new Map<string, number>();
  /** Where a manager takes Raft's messages, by the address that the others know. */
  readonly #linkPorts = new Map<string, number>();

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
    const links = await LinkServer.listen();
    this.#linkPorts.set(`127.0.0.1:${port}`, links.port);
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
      socketFor: (address) => linkAs(nodeId, this.#linkPorts.get(address) ?? 1),
    });
    links.onLink = (socket, from) =>
      receiveRaftLink(socket, {
        ...basics,
        receive: (batch) =>
          manager.handlers.raftTransport.receive(batch, {
            kind: 'node',
            nodeId: from,
            role: NodeRole.MANAGER,
          }),
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
    this.#members.set(nodeId, { manager, server, links, clients });
    await manager.start();
    return manager;
  }

  /** Cuts its connections, then stops it: what is left of a process that was killed. */
  async kill(nodeId: string): Promise<void> {
    const member = this.#members.get(nodeId);
    if (member === undefined) return;
    this.#members.delete(nodeId);
    member.server.forceShutdown();
    member.links.close();
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

/** Takes connections that begin with a line that says who sends. */
class LinkServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  onLink: (socket: Socket, from: string) => void = (socket) => socket.destroy();

  private constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => this.#sockets.delete(socket));
      socket.once('data', (first: Buffer) => {
        const end = first.indexOf(10);
        if (end < first.length - 1) socket.unshift(first.subarray(end + 1));
        this.onLink(socket, first.toString('utf8', 0, end));
      });
    });
  }

  static async listen(): Promise<LinkServer> {
    const links = new LinkServer();
    const { promise, resolve } = Promise.withResolvers<void>();
    links.#server.listen(0, '127.0.0.1', resolve);
    await promise;
    return links;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

function linkAs(nodeId: string, port: number): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.write(`${nodeId}\n`);
  return socket;
}
