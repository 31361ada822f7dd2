/**
 * The one TLS port. We end TLS ourselves and hand the clear stream to grpc-js, because a certificate
 * is optional on this port (a joining node has none), while a certificate that is there must be good:
 * a connection with a bad one is closed and counted, which grpc-js alone cannot do.
 */
import net from 'node:net';
import type { Socket } from 'node:net';
import tls from 'node:tls';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { ClusterError, Pacer, TurnQueue, limitedLogger, messageOf } from '#lib';
import type { Clock, Counter, Logger, Metrics, Ms } from '#lib';
import { isIssuedBy, identityOf } from '#manager/ca/certificates-node';
import { grpc } from '#proto/rpc';
import type { IncomingCall } from '#proto/serve-node';
import type { PeerIdentity, RefusalReason, TlsMaterial } from './peer-identity.ts';
import { Strangers } from './strangers.ts';

/** More connections at once than this are refused: 10,000 agents, and others beside them. */
const connectionCountMax = 16_000;
const handshakeDeadlineMs = 10_000;
/**
 * Handshakes that begin between two turns of the event loop. Each takes a millisecond or two: when thousands of agents
 * come at once, to a new leader, those who are connected are served all the same.
 */
const handshakesPerTurn = 10;
const sweepPeriodMs = 10_000;
/** Connections that are looked at between two turns of the event loop. */
const sweptPerTurn = 1_000;
const noBytes = Buffer.alloc(0);

export type TakeLink = (socket: Socket, identity: PeerIdentity) => void;

export interface TlsListenerOptions {
  readonly server: grpc.Server;
  /** Serves connections without a certificate, with tighter limits; left out: `server` does. */
  readonly strangersServer?: grpc.Server;
  readonly material: TlsMaterial;
  readonly clusterId: string;
  /** Whether the node was removed from the cluster; asked for every call. */
  readonly isRemoved: (nodeId: string) => boolean;
  /**
   * By protocol (ALPN), what takes connections that are not gRPC's, from nodes with a good certificate; it may be a
   * worker's. Others are refused in the handshake.
   */
  readonly links?: ReadonlyMap<string, TakeLink>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export class TlsListener {
  readonly #options: TlsListenerOptions;
  /** Has the port; `#server` is handed its connections. */
  readonly #door: net.Server;
  readonly #server: tls.Server;
  /** Connections whose handshake is yet to begin, with the time at which they came. */
  readonly #arrivals: TurnQueue<Socket, Ms>;
  readonly #injector: grpc.ConnectionInjector;
  readonly #strangersInjector: grpc.ConnectionInjector;
  readonly #strangers = new Strangers();
  readonly #log: Logger;
  readonly #refused: Counter;
  readonly #sockets = new Map<TLSSocket, PeerIdentity | undefined>();
  /** Every connection, also those in the middle of their handshake. */
  readonly #connections = new Set<Socket>();
  /** By the very object that `getAuthContext` hands out. */
  readonly #identities = new WeakMap<PeerCertificate, PeerIdentity>();
  #material: TlsMaterial;
  #sweep: { cancel(): void } | undefined;
  /** One that is under way included. */
  #sweepsWanted = 0;
  #giveUp: (() => void) | undefined;

  constructor(options: TlsListenerOptions) {
    this.#options = options;
    this.#material = options.material;
    this.#log = limitedLogger(options.log, options.clock);
    const clear = grpc.ServerCredentials.createInsecure();
    this.#injector = options.server.createConnectionInjector(clear);
    this.#strangersInjector =
      options.strangersServer?.createConnectionInjector(clear) ?? this.#injector;
    this.#refused = options.metrics.counter(
      'tessera_tls_refused_total',
      'Connections and calls refused for their certificate, by reason.',
      ['reason'],
    );
    options.metrics.observedGauge(
      'tessera_tls_connections',
      'Open connections on the TLS port.',
      () => this.#sockets.size,
    );
    this.#server = tls.createServer({
      ...contextOf(options.material),
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
      ALPNProtocols: ['h2', ...(options.links?.keys() ?? [])],
      handshakeTimeout: handshakeDeadlineMs,
    });
    this.#arrivals = new TurnQueue(options.clock, handshakesPerTurn, (socket, cameAt) =>
      this.#beginHandshake(socket, cameAt),
    );
    // Nothing is read of a connection before its turn.
    this.#door = net.createServer({ pauseOnConnect: true }, (socket) => this.#meet(socket));
    this.#door.maxConnections = connectionCountMax;
    this.#door.on('drop', () => this.#refuse('too-many-connections'));
    this.#server.on('secureConnection', (socket) => this.#accept(socket));
    this.#server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      // Hung up before a word was said: a probe, not an intruder.
      if (error.code === 'ECONNRESET') socket.destroy();
      else this.#refuse('handshake', socket, messageOf(error));
    });
  }

  /** Resolves to the port that was bound. FAILED_PRECONDITION when the address cannot be bound. */
  listen(host: string, port: number): Promise<number> {
    this.#scheduleSweep();
    return new Promise((resolve, reject) => {
      // Closed in the middle of this, the server tells nothing at all.
      this.#giveUp = () => reject(new ClusterError('CANCELLED', 'the port is being closed'));
      this.#door.once('error', (error) =>
        reject(
          new ClusterError(
            'FAILED_PRECONDITION',
            `could not listen on ${host}:${port} (${messageOf(error)}): choose another address with --listen-addr`,
            { cause: error },
          ),
        ),
      );
      this.#door.listen({ host, port }, () => {
        const address = this.#door.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  /** New connections use the new certificate at once; open ones go on. */
  rotate(material: TlsMaterial): void {
    this.#material = material;
    this.#server.setSecureContext(contextOf(material));
  }

  /** Who calls: undefined without a certificate. Throws UNAUTHENTICATED for one that is no longer good. */
  identify(call: Pick<IncomingCall, 'authContext'>): PeerIdentity | undefined {
    const certificate = call.authContext.sslPeerCertificate;
    if (certificate === undefined) return undefined;
    const identity = this.#identities.get(certificate);
    if (identity !== undefined) {
      this.requireGood(identity);
      return identity;
    }
    this.#refused.inc({ reason: 'untrusted' });
    throw refusal('untrusted', undefined);
  }

  /** Throws UNAUTHENTICATED when a certificate that was good at the handshake is so no longer. */
  requireGood(identity: PeerIdentity): void {
    const reason = this.#reasonToRefuse(identity);
    if (reason === undefined) return;
    this.#refused.inc({ reason });
    throw refusal(reason, identity);
  }

  async close(): Promise<void> {
    this.#sweep?.cancel();
    this.#giveUp?.();
    const closed = new Promise<void>((resolve) => this.#door.close(() => resolve()));
    this.#arrivals.clear();
    this.#injector.destroy();
    if (this.#strangersInjector !== this.#injector) this.#strangersInjector.destroy();
    for (const socket of this.#connections) socket.destroy();
    await closed;
  }

  #meet(socket: Socket): void {
    const { remoteAddress = '', remotePort = 0 } = socket;
    this.#connections.add(socket);
    socket.once('close', () => {
      this.#connections.delete(socket);
      this.#arrivals.delete(socket);
      this.#strangers.forget(remoteAddress, remotePort);
    });
    if (!this.#strangers.admit(remoteAddress, remotePort))
      this.#refuse('too-many-connections', socket);
    else this.#arrivals.add(socket, this.#options.clock.monotonic());
  }

  /** Who has waited for too long has given up, or comes again. */
  #beginHandshake(socket: Socket, cameAt: Ms): void {
    if (socket.destroyed) return;
    if (this.#options.clock.monotonic() - cameAt > handshakeDeadlineMs)
      this.#refuse('handshake', socket, 'too many came at once');
    else this.#server.emit('connection', socket);
  }

  #accept(socket: TLSSocket): void {
    socket.on('error', () => socket.destroy());
    const certificate = socket.getPeerX509Certificate();
    let identity: PeerIdentity | undefined;
    if (certificate !== undefined) {
      const isTrusted = isIssuedBy(certificate, this.#material.rootPem, this.#options.clock.now());
      if (!isTrusted || !socket.authorized) {
        const isLate = certificate.validToDate.getTime() < this.#options.clock.now();
        this.#refuse(isLate ? 'expired' : 'untrusted', socket, String(socket.authorizationError));
        return;
      }
      try {
        identity = identityOf(certificate);
      } catch (error) {
        this.#refuse('not-a-node', socket, messageOf(error));
        return;
      }
      const reason = this.#reasonToRefuse(identity);
      if (reason !== undefined) {
        this.#refuse(reason, socket, identity.nodeId);
        return;
      }
      this.#remember(socket, identity);
      this.#strangers.forget(socket.remoteAddress ?? '', socket.remotePort ?? 0);
    }
    this.#sockets.set(socket, identity);
    socket.once('close', () => this.#sockets.delete(socket));
    const take = this.#options.links?.get(String(socket.alpnProtocol));
    if (take !== undefined) {
      if (identity === undefined)
        this.#refuse('no-certificate', socket, String(socket.alpnProtocol));
      else take(socket, identity);
      return;
    }
    const isStranger = identity === undefined;
    (isStranger ? this.#strangersInjector : this.#injector).injectConnection(socket);
  }

  /**
   * grpc-js asks the socket for the certificate at every call, and only passes it on: it gets an empty one, by which
   * `identify` finds who it is. The real one would take some kilobytes for each of thousands of agents.
   */
  #remember(socket: TLSSocket, identity: PeerIdentity): void {
    const certificate = { raw: noBytes } as PeerCertificate;
    this.#identities.set(certificate, identity);
    Object.defineProperty(socket, 'getPeerCertificate', { value: () => certificate });
  }

  #reasonToRefuse(identity: PeerIdentity): RefusalReason | undefined {
    if (identity.clusterId !== this.#options.clusterId) return 'other-cluster';
    if (identity.notAfterMs < this.#options.clock.now()) return 'expired';
    if (this.#options.isRemoved(identity.nodeId)) return 'removed';
    return undefined;
  }

  #refuse(reason: RefusalReason, socket?: Socket, detail?: string): void {
    this.#refused.inc({ reason });
    this.#log.warn('connection refused', {
      reason,
      address: `${socket?.remoteAddress ?? ''}:${socket?.remotePort ?? 0}`,
      detail,
    });
    socket?.destroy();
  }

  /** Closes connections whose certificate ran out or whose node was removed since they were opened; thousands of them in slices. */
  sweep(): void {
    this.#sweepsWanted++;
    if (this.#sweepsWanted === 1) void this.#sweepAll();
  }

  async #sweepAll(): Promise<void> {
    const pacer = new Pacer(this.#options.clock, { itemsMax: sweptPerTurn, bytesMax: Infinity });
    while (this.#sweepsWanted > 0) {
      // What is asked for from here on is for the next time.
      this.#sweepsWanted = 1;
      for (const [socket, identity] of this.#sockets) {
        const reason = identity === undefined ? undefined : this.#reasonToRefuse(identity);
        if (reason !== undefined) this.#refuse(reason, socket, identity?.nodeId);
        if (pacer.isFull()) await pacer.pause();
      }
      this.#sweepsWanted--;
    }
  }

  #scheduleSweep(): void {
    this.#sweep = this.#options.clock.after(sweepPeriodMs, () => {
      this.sweep();
      this.#scheduleSweep();
    });
  }
}

function contextOf(material: TlsMaterial): tls.SecureContextOptions {
  return {
    key: Buffer.from(material.keyPem),
    cert: Buffer.from(material.certificatePem),
    ca: Buffer.from(material.rootPem),
  };
}

function refusal(reason: RefusalReason, identity: PeerIdentity | undefined): ClusterError {
  const who = identity === undefined ? 'the caller' : `node ${identity.nodeId}`;
  const text: Partial<Record<RefusalReason, string>> = {
    expired: `the certificate of ${who} has expired: run 'tsctl leave --force' there, then join again`,
    removed: `${who} was removed from the cluster: run 'tsctl leave --force' there, then join again`,
  };
  return new ClusterError(
    'UNAUTHENTICATED',
    text[reason] ?? `the certificate of ${who} is not one of this cluster`,
  );
}
