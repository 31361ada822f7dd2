/**
 * Channels and sockets to managers: TLS with this node's certificate, checked against the cluster's
 * root.
 */
import type { Socket } from 'node:net';
import tls from 'node:tls';
import { managerServerName } from '#manager/ca/signer';
import { channelOptions, grpc } from '#proto/rpc';
import { sessionProtocol } from '#proto';
import { raftLinkProtocol } from '#manager';
import { splitHostPort } from './advertise.ts';
import type { TlsMaterial } from './peer-identity.ts';

/** Addresses of managers are few; the least recently made channel goes when there are more. */
const channelCountMax = 64;

/** One channel per address, made again when the certificate changes. */
export class Channels {
  readonly #clients = new Map<string, grpc.Client>();
  /** Of the certificate before: closing them would cut their streams. They go at the next rotation. */
  #retired: readonly grpc.Client[] = [];
  #credentials: grpc.ChannelCredentials;
  #context: tls.SecureContext;
  /** Of agents' sessions, with the certificate of now; and with the one before. */
  #sessions = new Set<Socket>();
  #retiredSessions: ReadonlySet<Socket> = new Set();

  constructor(material: TlsMaterial) {
    this.#credentials = credentialsOf(material);
    this.#context = contextOf(material);
  }

  /** `address` is host:port. Ask each time a call or stream begins; never keep the answer. */
  readonly channelFor = (address: string): grpc.Client => {
    const known = this.#clients.get(address);
    if (known !== undefined) return known;
    const client = managerClient(address, this.#credentials);
    this.#clients.set(address, client);
    const [oldest] = this.#clients.keys();
    if (this.#clients.size > channelCountMax && oldest !== undefined) {
      this.#clients.get(oldest)?.close();
      this.#clients.delete(oldest);
    }
    return client;
  };

  /** A new connection, on its way, for Raft's messages to one manager. */
  readonly socketFor = (address: string): Socket => this.#connect(address, raftLinkProtocol);

  /** A new connection, on its way, for the session with one manager. */
  readonly sessionSocketFor = (address: string): Socket => {
    const socket = this.#connect(address, sessionProtocol);
    const sessions = this.#sessions;
    sessions.add(socket);
    socket.once('close', () => sessions.delete(socket));
    return socket;
  };

  #connect(address: string, protocol: string): Socket {
    const { host, port } = splitHostPort(address, 0, 'address of a manager');
    return tls.connect({
      host,
      port,
      secureContext: this.#context,
      servername: managerServerName,
      ALPNProtocols: [protocol],
    });
  }

  /** Later calls use the new certificate; streams that are open go on over the old connections. */
  rotate(material: TlsMaterial): void {
    for (const client of this.#retired) client.close();
    for (const socket of this.#retiredSessions) socket.destroy();
    this.#retiredSessions = this.#sessions;
    this.#sessions = new Set();
    this.#retired = [...this.#clients.values()];
    this.#clients.clear();
    this.#credentials = credentialsOf(material);
    this.#context = contextOf(material);
  }

  close(): void {
    for (const client of [...this.#retired, ...this.#clients.values()]) client.close();
    for (const socket of [...this.#retiredSessions, ...this.#sessions]) socket.destroy();
    this.#retired = [];
    this.#clients.clear();
  }
}

function contextOf(material: TlsMaterial): tls.SecureContext {
  return tls.createSecureContext({
    ca: Buffer.from(material.rootPem),
    key: Buffer.from(material.keyPem),
    cert: Buffer.from(material.certificatePem),
    minVersion: 'TLSv1.3',
  });
}

function credentialsOf(material: TlsMaterial): grpc.ChannelCredentials {
  return grpc.ChannelCredentials.createSsl(
    Buffer.from(material.rootPem),
    Buffer.from(material.keyPem),
    Buffer.from(material.certificatePem),
  );
}

function managerClient(address: string, credentials: grpc.ChannelCredentials): grpc.Client {
  return new grpc.Client(address, credentials, {
    ...channelOptions,
    'grpc.ssl_target_name_override': managerServerName,
    'grpc.use_local_subchannel_pool': 1,
  });
}

/**
 * For a node that has no certificate yet. `rootPem` pins the cluster; without one, anything is
 * accepted: only for fetching the root, whose digest is checked afterwards.
 */
export function anonymousClient(address: string, rootPem: Uint8Array | undefined): grpc.Client {
  if (rootPem !== undefined)
    return managerClient(address, grpc.ChannelCredentials.createSsl(Buffer.from(rootPem)));
  const context = tls.createSecureContext({ minVersion: 'TLSv1.3' });
  const credentials = grpc.ChannelCredentials.createFromSecureContext(context, {
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
  return managerClient(address, credentials);
}
