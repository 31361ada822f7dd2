/** The certificate authority of a cluster. X.509 itself is in `certificates-node.ts`. */
export { certificateHandlers } from './handlers.ts';
export type { CertificateHandlersOptions } from './handlers.ts';
export { makeJoinToken, parseJoinToken, tokensEqual } from './join-token.ts';
export type { JoinToken } from './join-token.ts';
export { backdateMs, renewalAtMs, renewalRetryMs } from './renewal.ts';
export type { Validity } from './renewal.ts';
export { effectiveRole } from './roles.ts';
export { certificateLifeDefaultMs, certificateLifeMinMs, managerServerName } from './signer.ts';
export type { CertificateSigner, NodeIdentity, RootKeyPair, SignRequest } from './signer.ts';
