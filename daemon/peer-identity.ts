import type { Ms } from '#lib';
import type { NodeRole } from '#proto';

/** What the certificate of a connection proves. It has been checked against the cluster's root. */
export interface PeerIdentity {
  readonly nodeId: string;
  readonly clusterId: string;
  readonly role: NodeRole;
  readonly notBeforeMs: Ms;
  readonly notAfterMs: Ms;
}

/** Why a connection or a call was refused; the label of `tessera_tls_refused_total`. */
export type RefusalReason =
  | 'handshake'
  | 'untrusted'
  | 'not-a-node'
  | 'no-certificate'
  | 'other-cluster'
  | 'expired'
  | 'removed'
  | 'too-many-connections';

/** A node's key and certificate with the roots it trusts; PEM. */
export interface TlsMaterial {
  readonly keyPem: Uint8Array;
  readonly certificatePem: Uint8Array;
  readonly rootPem: Uint8Array;
}
