/** One member of etcd: the RPC level of the npm client `etcd3` over a channel of our own. */
import { createRequire } from 'node:module';
import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import type { CallOptions, ChannelCredentials, Client, Metadata } from '@grpc/grpc-js';
import type { ICallable, Services } from 'etcd3';
import type { Host } from 'etcd3/lib/connection-pool.js';
import type { Clock, Ms } from '#lib';

/**
 * Loaded by the first endpoint: clusters without etcd do not pay for it, and it reads a file beside
 * itself, so it cannot be part of a bundle. With it the very grpc-js that it uses: a bundle has
 * another copy, whose credentials this one does not take.
 */
const load = createRequire(import.meta.url);
type Grpc = typeof import('@grpc/grpc-js');
const grpc = (): Grpc => load('@grpc/grpc-js') as Grpc;
type Etcd3 = typeof import('etcd3');
type Pool = typeof import('etcd3/lib/connection-pool.js');
const etcd3 = (): Etcd3 => load('etcd3') as Etcd3;
const pool = (): Pool => load('etcd3/lib/connection-pool.js') as Pool;

/** PEM. With `rootPem` alone only etcd shows who it is. */
export interface EtcdTls {
  readonly rootPem: Uint8Array;
  readonly keyPem?: Uint8Array;
  readonly certificatePem?: Uint8Array;
}

/** Where etcd is, and who asks. */
export interface EtcdAccess {
  /** host:port of etcd's members; tried one after the other. */
  readonly endpoints: readonly string[];
  readonly tls: EtcdTls | undefined;
  readonly login: { readonly username: string; readonly password: string } | undefined;
}

/** A page of the largest entries fits. */
const messageBytesMax = 64 << 20;
/** Sent where an address stands for a name: TLS names no addresses. */
const placeholderName = 'etcd';
/** etcd takes pings every 5 s and ends connections that send more. */
const pingMs: Ms = 10_000;
const pingDeadlineMs: Ms = 3_000;

type ServiceName = keyof typeof Services;
type Call = (
  request: unknown,
  metadata: Metadata,
  options: CallOptions,
  done: (error: Error | null, answer: unknown) => void,
) => void;

/**
 * The client's own pool is left aside: it repeats a transaction whose answer was lost, closes every call to a
 * member when one fails, leaks a channel with each token, and cannot use TLS with an address.
 */
export class EtcdEndpoint implements ICallable<Host> {
  readonly kv = new (etcd3().KVClient)(this);
  readonly lease = new (etcd3().LeaseClient)(this);
  readonly watch = new (etcd3().WatchClient)(this);
  readonly callOptionsFactory = undefined;
  readonly #host: Host;
  readonly #login: EtcdAccess['login'];
  readonly #clock: Clock;
  readonly #deadlineMs: Ms;
  #token: Promise<string> | undefined;

  constructor(
    address: string,
    { tls, login }: Pick<EtcdAccess, 'tls' | 'login'>,
    { clock, deadlineMs }: { readonly clock: Clock; readonly deadlineMs: Ms },
  ) {
    this.#login = login;
    this.#clock = clock;
    this.#deadlineMs = deadlineMs;
    const host = address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
    this.#host = new (pool().Host)(address, credentialsFor(host, tls), {
      'grpc.max_receive_message_length': messageBytesMax,
      'grpc.max_send_message_length': messageBytesMax,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1_000,
      'grpc.keepalive_time_ms': pingMs,
      'grpc.keepalive_timeout_ms': pingDeadlineMs,
      'grpc.use_local_subchannel_pool': 1,
      ...(tls !== undefined && isIP(host) !== 0
        ? { 'grpc.ssl_target_name_override': placeholderName }
        : {}),
    });
  }

  /** A deadline for one call from now. */
  deadline(): { readonly deadline: number } {
    return { deadline: this.#clock.now() + this.#deadlineMs };
  }

  close(): void {
    this.#host.close();
  }

  // What follows is called by the client's typed calls.

  async exec<T>(
    service: ServiceName,
    method: string,
    params: unknown,
    options: CallOptions = {},
  ): Promise<T> {
    try {
      return await this.#call<T>(service, method, params, await this.#metadata(service), options);
    } catch (error) {
      if (!isStaleToken(error) || this.#login === undefined) throw error;
    }
    // It was not carried out, so it may be sent again.
    this.#token = undefined;
    return this.#call<T>(service, method, params, await this.#metadata(service), options);
  }

  async withConnection<R>(
    service: ServiceName,
    work: (connection: {
      readonly resource: Host;
      readonly client: Client;
      readonly metadata: Metadata;
    }) => Promise<R> | R,
  ): Promise<R> {
    const metadata = await this.#metadata(service);
    return work({ resource: this.#host, client: this.#client(service), metadata });
  }

  /** A stream has failed: its token may be the reason. */
  markFailed(_host: Host, error: Error): void {
    if (isStaleToken(error)) this.#token = undefined;
  }

  #client(service: ServiceName): Client {
    return this.#host.getServiceClient(service);
  }

  #call<T>(
    service: ServiceName,
    method: string,
    params: unknown,
    metadata: Metadata,
    options: CallOptions,
  ): Promise<T> {
    const client = this.#client(service) as unknown as Readonly<Record<string, Call>>;
    return new Promise((resolve, reject) => {
      client[method]?.call(client, params, metadata, options, (error, answer) =>
        error === null ? resolve(answer as T) : reject(error),
      );
    });
  }

  async #metadata(service: ServiceName): Promise<Metadata> {
    const metadata = new (grpc().Metadata)();
    // A member that is cut off from the others ends its watches then, rather than fall silent.
    if (service === 'Watch') metadata.set('hasleader', 'true');
    if (this.#login === undefined || service === 'Auth') return metadata;
    this.#token ??= this.#logIn(this.#login);
    try {
      metadata.set('token', await this.#token);
    } catch (error) {
      this.#token = undefined;
      throw error;
    }
    return metadata;
  }

  async #logIn(login: NonNullable<EtcdAccess['login']>): Promise<string> {
    const { username: name, password } = login;
    const { token } = await new (etcd3().AuthClient)(this).authenticate(
      { name, password },
      this.deadline(),
    );
    return token;
  }
}

function isStaleToken(error: unknown): boolean {
  return error instanceof Error && error.message.includes('invalid auth token');
}

function credentialsFor(host: string, tls: EtcdTls | undefined): ChannelCredentials {
  const { credentials } = grpc();
  if (tls === undefined) return credentials.createInsecure();
  const buffer = (bytes: Uint8Array | undefined): Buffer | null =>
    bytes === undefined ? null : Buffer.from(bytes);
  const { rootPem, keyPem, certificatePem } = tls;
  return credentials.createSsl(buffer(rootPem), buffer(keyPem), buffer(certificatePem), {
    // By the address that was dialled, whatever name was sent.
    checkServerIdentity: (_sent, certificate) => checkServerIdentity(host, certificate),
  });
}
