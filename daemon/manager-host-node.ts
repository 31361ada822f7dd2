/** A manager and the TLS port it is reached at. */
import type { Socket } from 'node:net';
import { ClusterError, limitedLogger } from '#lib';
import { keepKeys, raftLinkProtocol } from '#manager';
import {
  CertificateAuthorityService,
  ControlService,
  DispatcherService,
  RaftMembershipService,
  RaftTransportService,
  sessionProtocol,
} from '#proto';
import type { SeedState } from '#manager';
import type { Handlers, Node, RemovedNode } from '#proto';
import { receiveRaftLink } from '#manager/replication/raft-link-receiver-node';
import { Inboxes, serveSessionLink } from '#manager/dispatcher/session-link-node';
import { grpc, channelOptions } from '#proto/rpc';
import { serve } from '#proto/serve-node';
import type { IncomingCall, Identified, ServeOptions } from '#proto/serve-node';
import { splitHostPort } from './advertise.ts';
import { forwardedCaller, forwarding } from './forwarding-node.ts';
import { callerOf, isOutdated, raftCaller } from './identify.ts';
import type { Peer } from './identify.ts';
import type { NodeRecord } from './node-record.ts';
import type { PeerIdentity, TlsMaterial } from './peer-identity.ts';
import type { Keyring } from '#manager/keys/keyring-node';
import type { Basics, ChannelFor, FirstObjects, MakeStoredManager, ManagerPart } from './ports.ts';
import type { SocketFor } from './ports.ts';
import { TlsListener } from './tls-listener-node.ts';

export interface ManagerHostOptions extends Basics {
  readonly record: NodeRecord;
  readonly material: TlsMaterial;
  readonly directory: string;
  readonly keyring: Keyring;
  /** Stores the node's private key again, under the present data key. */
  readonly resealFiles: () => Promise<void>;
  readonly channelFor: ChannelFor;
  readonly socketFor: SocketFor;
  readonly first: FirstObjects | undefined;
  readonly seed?: SeedState | undefined;
  readonly makeManager: MakeStoredManager;
}

/** Who has no certificate asks for one, in a few small calls, and goes. */
const strangersOptions: grpc.ChannelOptions = {
  ...channelOptions,
  'grpc.max_receive_message_length': 64 << 10,
  'grpc.max_concurrent_streams': 16,
  'grpc.max_connection_age_ms': 60_000,
  'grpc.max_connection_age_grace_ms': 10_000,
  'grpc-node.flow_control_window': 64 << 10,
};

interface Removed {
  readonly list: readonly RemovedNode[] | undefined;
  readonly ids: ReadonlySet<string>;
}

export class ManagerHost {
  readonly manager: ManagerPart;
  /** Answers on any manager: passed on when this one does not lead. For the local socket. */
  readonly control: Handlers<typeof ControlService>;
  readonly #options: ManagerHostOptions;
  readonly #server: grpc.Server;
  readonly #strangersServer: grpc.Server;
  readonly #inboxes: Inboxes;
  readonly #listener: TlsListener;
  readonly #keeping = new AbortController();
  #kept: Promise<void> = Promise.resolve();
  #watch: { cancel(): void } | undefined;
  #stopped: Promise<void> | undefined;
  /** The set of `list`, made once per list: it is asked at every call. */
  #removed: Removed = { list: undefined, ids: new Set() };

  constructor(options: ManagerHostOptions) {
    this.#options = options;
    const { record, channelFor, metrics, clock } = options;
    this.manager = options.makeManager({
      ...options,
      cipher: options.keyring.cipher,
      nodeId: record.nodeId,
      clusterId: record.clusterId,
      address: record.advertiseAddress,
      peers: record.managerAddresses.filter((address) => address !== record.advertiseAddress),
    });
    const { manager } = this;
    const { handlers } = manager;
    const forward = {
      clock,
      metrics,
      channelFor,
      isLeader: () => manager.isLeader(),
      leader: () => manager.leader(),
    };
    this.control = {
      ...forwarding(ControlService, handlers.control, forward),
      // Asked when there is no leader, too.
      getClusterStatus: handlers.control.getClusterStatus,
    };
    this.#inboxes = new Inboxes(clock);
    this.#server = new grpc.Server(channelOptions);
    this.#strangersServer = new grpc.Server(strangersOptions);
    this.#listener = new TlsListener({
      ...options,
      server: this.#server,
      strangersServer: this.#strangersServer,
      clusterId: record.clusterId,
      isRemoved: (nodeId) => this.#isRemoved(nodeId),
      links: new Map([
        [raftLinkProtocol, (socket, identity) => this.#onRaftLink(socket, identity)],
        [sessionProtocol, (socket, { nodeId }) => this.#onSessionLink(socket, nodeId)],
      ]),
    });
    const served = this.#serveOptions();
    const { getRootCertificate } = handlers.certificates;
    const certificates = forwarding(CertificateAuthorityService, handlers.certificates, forward);
    const membership = {
      ...forwarding(RaftMembershipService, handlers.raftMembership, forward),
      getManagerReport: handlers.raftMembership.getManagerReport,
    };
    const authority = { ...certificates, getRootCertificate };
    // Strangers are offered all of it too: so they are told why they may not use it.
    for (const server of [this.#server, this.#strangersServer]) {
      serve(server, ControlService, this.control, served);
      serve(server, CertificateAuthorityService, authority, served);
      serve(server, RaftMembershipService, membership, served);
      serve(server, DispatcherService, handlers.dispatcher, served);
      serve(server, RaftTransportService, handlers.raftTransport, served);
    }
  }

  /** The port opens first: a new member is dialled back before it is taken in. */
  async start(): Promise<void> {
    const { host, port } = splitHostPort(this.#options.record.listenAddress, 0, '--listen-addr');
    await this.#listener.listen(host, port);
    // A node that is removed is cut off in that moment, not at the next look.
    this.#watch = this.manager.store.watch(() => this.#listener.sweep(), {
      only: { kind: 'table', table: 'cluster' },
      name: 'certificates',
    });
    await this.manager.start();
  }

  /** From now on the keys of this node follow the cluster's lock. */
  keepKeys(): void {
    const { record, keyring: keys, resealFiles } = this.#options;
    const { manager } = this;
    const rekeyLog = (): Promise<void> => manager.rekey();
    const { clusterId } = record;
    this.#kept = keepKeys(
      { ...this.#options, store: manager.store, clusterId, keys, resealFiles, rekeyLog },
      this.#keeping.signal,
    );
  }

  /** May be called twice. */
  stop(): Promise<void> {
    this.#stopped ??= this.#shutDown();
    return this.#stopped;
  }

  async #shutDown(): Promise<void> {
    this.#keeping.abort(new ClusterError('CANCELLED', 'this manager is stopping'));
    await this.manager.stop();
    await this.#kept;
    this.#watch?.cancel();
    await this.#listener.close();
    this.#server.forceShutdown();
    this.#strangersServer.forceShutdown();
  }

  rotate(material: TlsMaterial): void {
    this.#listener.rotate(material);
  }

  #serveOptions(): ServeOptions {
    const { clock, log, metrics } = this.#options;
    const refused = metrics.counter(
      'tessera_rpc_refused_total',
      'Calls refused for who made them, by reason.',
      ['reason'],
    );
    const roles = {
      log: limitedLogger(log, clock),
      refused,
      roleOf: (nodeId: string) => this.#nodeOf(nodeId)?.role,
      isOutdated: (peer: Peer) => isOutdated(peer, this.#nodeOf(peer.nodeId)),
    };
    const identify = (call: IncomingCall): Identified => {
      const peer = this.#listener.identify(call);
      const claim = forwardedCaller(call.metadata);
      const caller = callerOf(call.path, peer, claim, roles);
      return { caller, address: claim?.address ?? call.peer, isForwarded: claim !== undefined };
    };
    return { ...this.#options, identify };
  }

  /** As for the calls of RaftTransport; asked for each batch, since nodes are demoted meanwhile. */
  #onRaftLink(socket: Socket, identity: PeerIdentity): void {
    const demoted = { isOutdated: (peer: Peer) => isOutdated(peer, this.#nodeOf(peer.nodeId)) };
    receiveRaftLink(socket, {
      ...this.#options,
      receive: (batch) => {
        this.#listener.requireGood(identity);
        this.manager.handlers.raftTransport.receive(batch, raftCaller(identity, demoted));
      },
    });
  }

  #onSessionLink(socket: Socket, nodeId: string): void {
    const { log } = this.#options;
    const { dispatcher } = this.manager.handlers;
    const inboxes = this.#inboxes;
    serveSessionLink(socket, nodeId, { log, inboxes, open: dispatcher.openSession });
  }

  #isRemoved(nodeId: string): boolean {
    const { clusterId } = this.#options.record;
    const list = this.manager.store.view((tx) => tx.get('cluster', clusterId)?.removedNodes);
    if (list !== this.#removed.list)
      this.#removed = { list, ids: new Set(list?.map((removed) => removed.nodeId)) };
    return this.#removed.ids.has(nodeId);
  }

  #nodeOf(nodeId: string): Node | undefined {
    return this.manager.store.view((tx) => tx.get('node', nodeId));
  }
}
