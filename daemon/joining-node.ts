/** The first words of a new node with a manager: the root by its digest, then a certificate by token. */
import { X509Certificate } from 'node:crypto';
import { connect } from 'node:net';
import { ClusterError } from '#lib';
import { parseJoinToken } from '#manager';
import { CertificateAuthorityService, GetRootCertificateRequest } from '#proto';
import { IssueCertificateRequest, RenewCertificateRequest } from '#proto';
import type { CertificateResponse } from '#proto';
import { callUnary } from '#proto/rpc';
import { splitHostPort } from './advertise.ts';
import { anonymousClient } from './channels-node.ts';
import type { JoinRecord } from './node-record.ts';
import type { ChannelFor } from './ports.ts';

const callDeadlineMs = 5_000;

export interface IssueOptions {
  readonly join: JoinRecord;
  readonly hostname: string;
  readonly storeName: string;
  readonly digestOf: (certificatePem: Uint8Array) => string;
  readonly signal: AbortSignal;
}

/**
 * Asks the manager at `join.remoteAddress` for this node's certificate. WRONG_CA_DIGEST when the manager is
 * not of the cluster the token is for; INVALID_TOKEN; UNAVAILABLE when it cannot be reached.
 */
export async function requestCertificate(options: IssueOptions): Promise<CertificateResponse> {
  const { join, signal } = options;
  const { rootDigest } = parseJoinToken(join.token);
  const rootPem = await fetchRoot(join.remoteAddress, signal);
  const isSame = safeDigest(options.digestOf, rootPem) === rootDigest;
  if (!isSame)
    throw new ClusterError(
      'WRONG_CA_DIGEST',
      `the manager at ${join.remoteAddress} does not belong to the cluster of this join token (remote CA does not match fingerprint): check the address and the token`,
    );
  const client = anonymousClient(join.remoteAddress, pinned(rootPem));
  try {
    return await callUnary(
      client,
      CertificateAuthorityService.issueCertificate,
      IssueCertificateRequest.create({
        token: join.token,
        csrDer: new Uint8Array(Buffer.from(join.csrDerBase64, 'base64')),
        availability: join.availability,
        hostname: options.hostname,
        store: options.storeName,
      }),
      { deadlineMs: callDeadlineMs, signal },
    );
  } finally {
    client.close();
  }
}

async function fetchRoot(address: string, signal: AbortSignal): Promise<Uint8Array> {
  await reachable(address, signal);
  const client = anonymousClient(address, undefined);
  try {
    const response = await callUnary(
      client,
      CertificateAuthorityService.getRootCertificate,
      GetRootCertificateRequest.create(),
      { deadlineMs: callDeadlineMs, signal },
    );
    return response.certificatePem;
  } finally {
    client.close();
  }
}

/** A plain connection first: a refused or unknown address is told at once, not after a deadline. */
function reachable(address: string, signal: AbortSignal): Promise<void> {
  const { host, port } = splitHostPort(address, 0, 'HOST:PORT');
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: callDeadlineMs, signal });
    const fail = (): void => {
      socket.destroy();
      reject(
        new ClusterError(
          'UNAVAILABLE',
          `no manager can be reached at ${address}: check the address, the port and the firewall`,
        ),
      );
    };
    socket.once('error', fail);
    socket.once('timeout', fail);
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}

function safeDigest(digestOf: (pem: Uint8Array) => string, pem: Uint8Array): string {
  try {
    return digestOf(pem);
  } catch {
    return '';
  }
}

/** The one certificate whose digest was checked: others behind it in the answer are not trusted. */
function pinned(pem: Uint8Array): Uint8Array {
  return new TextEncoder().encode(new X509Certificate(Buffer.from(pem)).toString());
}

/** A new certificate by the present one, from whichever of the managers answers first. */
export async function renewCertificate(
  managers: readonly string[],
  channelFor: ChannelFor,
  csrDer: Uint8Array,
  signal: AbortSignal,
): Promise<CertificateResponse> {
  let last: unknown = new ClusterError('UNAVAILABLE', 'no manager is known to renew with');
  for (const address of managers) {
    signal.throwIfAborted();
    try {
      return await callUnary(
        channelFor(address),
        CertificateAuthorityService.renewCertificate,
        RenewCertificateRequest.create({ csrDer }),
        { deadlineMs: callDeadlineMs, signal },
      );
    } catch (error) {
      last = error;
    }
  }
  throw last;
}
