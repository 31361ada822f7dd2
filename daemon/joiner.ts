import { backoffMs, ClusterError, messageOf, sleep } from '#lib';
import type { Clock, ErrorCode, Logger, Random } from '#lib';
import { parseJoinToken } from '#manager';
import type { CertificateResponse, JoinRequest } from '#proto';
import {
  advertiseAddress,
  dataPathAddress,
  defaultPort,
  joinHostPort,
  listenAddress,
} from './advertise.ts';
import { splitHostPort } from './advertise.ts';
import type { HostAddress } from './advertise.ts';
import type { CertificateMaker } from './founding.ts';
import type { JoinRecord, NodeRecord } from './node-record.ts';
import type { TlsMaterial } from './peer-identity.ts';

const retry = { baseMs: 250, maxMs: 5_000, jitter: 0.3 } as const;

/** Trying again cannot help: a person has to change something. */
const finalCodes: ReadonlySet<ErrorCode> = new Set([
  'INVALID_TOKEN',
  'WRONG_CA_DIGEST',
  'INVALID_ARGUMENT',
  'PERMISSION_DENIED',
  'UNAUTHENTICATED',
  'ALREADY_EXISTS',
]);

/** Asks a manager for this node's certificate; real: `requestCertificate` in `joining-node.ts`. */
export type RequestCertificate = (options: {
  readonly join: JoinRecord;
  readonly hostname: string;
  readonly storeName: string;
  readonly digestOf: (certificatePem: Uint8Array) => string;
  readonly signal: AbortSignal;
}) => Promise<CertificateResponse>;

export interface JoinAnswer {
  readonly record: NodeRecord;
  readonly material: TlsMaterial;
}

export interface PrepareOptions {
  readonly certificates: CertificateMaker;
  readonly hostAddresses: () => readonly HostAddress[];
  readonly addressTowards: (host: string) => Promise<string | undefined>;
}

/** Checks what the user gave and makes this node's key. INVALID_TOKEN, INVALID_ARGUMENT. */
export async function prepareJoin(
  request: JoinRequest,
  options: PrepareOptions,
): Promise<JoinRecord> {
  parseJoinToken(request.token);
  const remote = splitHostPort(request.remoteAddress, defaultPort, 'HOST:PORT');
  const addresses = options.hostAddresses();
  const listen = listenAddress(request.listenAddress, addresses);
  const own = splitHostPort(listen, 0, '--listen-addr');
  const towards =
    request.advertiseAddress === '' ? await options.addressTowards(remote.host) : undefined;
  const advertise = towards ?? request.advertiseAddress;
  const { keyPem, csrDer } = await options.certificates.makeKeyAndRequest();
  return {
    token: request.token.trim(),
    remoteAddress: joinHostPort(remote.host, remote.port),
    advertiseAddress: advertiseAddress(advertise, own, addresses),
    listenAddress: listen,
    dataPathAddress: dataPathAddress(request.dataPathAddress, addresses),
    availability: request.availability,
    keyPem: new TextDecoder().decode(keyPem),
    csrDerBase64: csrDer.toBase64(),
  };
}

export interface JoinerOptions {
  readonly join: JoinRecord;
  readonly hostname: string;
  readonly storeName: string;
  readonly certificates: CertificateMaker;
  readonly requestCertificate: RequestCertificate;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Asks for the certificate again and again, with back-off, until it is given, refused or cancelled. */
export class Joiner {
  readonly #options: JoinerOptions;
  readonly #abort = new AbortController();
  #lastError = '';

  constructor(options: JoinerOptions) {
    this.#options = options;
  }

  /** Why the last attempt failed; empty before the first. */
  get lastError(): string {
    return this.#lastError;
  }
  get isCancelled(): boolean {
    return this.#abort.signal.aborted;
  }

  cancel(): void {
    this.#abort.abort(new ClusterError('CANCELLED', 'the attempt to join was ended'));
  }

  async run(): Promise<JoinAnswer> {
    const { join, hostname, storeName, certificates, clock, random, log } = this.#options;
    const { signal } = this.#abort;
    const digestOf = (pem: Uint8Array): string => certificates.digestOf(pem);
    for (let attempt = 0; ; attempt++) {
      signal.throwIfAborted();
      try {
        const options = { join, hostname, storeName, digestOf, signal };
        return answerOf(join, await this.#options.requestCertificate(options));
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof ClusterError && finalCodes.has(error.code)) throw error;
        this.#lastError = messageOf(error);
        log.warn('join attempt failed', { reason: this.#lastError });
        await sleep(clock, backoffMs(retry, attempt, random), signal);
      }
    }
  }
}

function answerOf(join: JoinRecord, response: CertificateResponse): JoinAnswer {
  return {
    record: {
      nodeId: response.nodeId,
      clusterId: response.clusterId,
      role: response.role,
      advertiseAddress: join.advertiseAddress,
      listenAddress: join.listenAddress,
      dataPathAddress: join.dataPathAddress,
      managerAddresses: [...new Set([...response.managerAddresses, join.remoteAddress])],
      store: response.store || 'raft',
    },
    material: {
      keyPem: new TextEncoder().encode(join.keyPem),
      certificatePem: response.certificatePem,
      rootPem: response.rootCertificatePem,
    },
  };
}
