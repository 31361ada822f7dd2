import type { NodeRole } from '#proto';
import type { Ms } from '#lib';

/** A root certificate and its key; PEM. The key never leaves the managers. */
export interface RootKeyPair {
  readonly certificatePem: Uint8Array;
  readonly keyPem: Uint8Array;
}

/** What a certificate says about a node. */
export interface NodeIdentity {
  readonly nodeId: string;
  readonly clusterId: string;
  readonly role: NodeRole;
}

export interface SignRequest extends NodeIdentity {
  readonly root: RootKeyPair;
  /** PKCS#10. Its key is taken, its subject and extensions are not read. */
  readonly csrDer: Uint8Array;
  readonly nowMs: Ms;
  readonly lifeMs: Ms;
}

/** Signs node certificates. Real: `certificates-node.ts`. */
export interface CertificateSigner {
  /** PEM. INVALID_ARGUMENT for a request that is broken or not signed by its own key. */
  sign(request: SignRequest): Promise<Uint8Array>;
  /**
   * The id of the node that holds the key of this request: 25 characters of base 36, from the hash of
   * its public key. The same key always gives the same id, so a request made twice makes one node.
   */
  nodeIdOf(csrDer: Uint8Array): Promise<string>;
}

/** In every manager's certificate: what those who call a manager ask its certificate for. */
export const managerServerName = 'tessera-manager';

/** The organisational unit of a certificate by role. */
export const unitOfRole = { worker: 'tessera-worker', manager: 'tessera-manager' } as const;

/** Shortest and default life of a node certificate. */
export const certificateLifeMinMs = 60 * 60 * 1000;
export const certificateLifeDefaultMs = 90 * 24 * 60 * 60 * 1000;
/** Life of the root certificate: 20 years. */
export const rootLifeMs = 20 * 365 * 24 * 60 * 60 * 1000;
