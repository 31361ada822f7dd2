/** X.509 with ECDSA P-256: the root, requests, node certificates, and reading them back. */
import { createHash, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { ClusterError } from '#lib';
import type { Ms } from '#lib';
import { NodeRole } from '#proto';
import { backdateMs } from './renewal.ts';
import type { Validity } from './renewal.ts';
import { managerServerName, rootLifeMs, unitOfRole } from './signer.ts';
import type { CertificateSigner, NodeIdentity, RootKeyPair, SignRequest } from './signer.ts';

type X509 = typeof import('@peculiar/x509');

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const digestLength = 50;
const certificateBytesMax = 16 << 10;

let loading: Promise<X509> | undefined;

/** The library costs 150 ms to load: only where a certificate is made. */
function x509(): Promise<X509> {
  loading ??= (async () => {
    await import('reflect-metadata');
    const library = await import('@peculiar/x509');
    library.cryptoProvider.set(webcrypto as unknown as Crypto);
    return library;
  })();
  return loading;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function pem(label: string, der: ArrayBuffer | Uint8Array): Uint8Array {
  const base64 = Buffer.from(der as Uint8Array).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return bytesOf(`-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`);
}

function derOf(pemBytes: Uint8Array): Buffer<ArrayBuffer> {
  return Buffer.from(textOf(pemBytes).replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
}

/** Positive, never zero, 127 random bits. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

/** A self-signed root of a new cluster, valid for 20 years. */
export async function makeRootCa(clusterId: string, nowMs: Ms): Promise<RootKeyPair> {
  const library = await x509();
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await library.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: ['tessera-ca'] }, { O: [clusterId] }],
    notBefore: new Date(nowMs - backdateMs),
    notAfter: new Date(nowMs + rootLifeMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      await library.SubjectKeyIdentifierExtension.create(keys.publicKey as unknown as CryptoKey),
      new library.BasicConstraintsExtension(true, 0, true),
      new library.KeyUsagesExtension(
        library.KeyUsageFlags.keyCertSign | library.KeyUsageFlags.cRLSign,
        true,
      ),
    ],
  });
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificatePem: pem('CERTIFICATE', certificate.rawData),
    keyPem: pem('PRIVATE KEY', new Uint8Array(key)),
  };
}

/** A node's new key and the request for a certificate of it. */
export async function makeKeyAndRequest(): Promise<{
  readonly keyPem: Uint8Array;
  readonly csrDer: Uint8Array;
}> {
  const { Pkcs10CertificateRequestGenerator } = await x509();
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: 'CN=tessera-node',
    keys,
    signingAlgorithm: algorithm,
  });
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    keyPem: pem('PRIVATE KEY', new Uint8Array(key)),
    csrDer: new Uint8Array(request.rawData),
  };
}

/** A request is asked for its node's id and then signed: its key is checked once. */
const requestedKeys = new WeakMap<Uint8Array, Promise<webcrypto.CryptoKey>>();

function requestedKey(csrDer: Uint8Array): Promise<webcrypto.CryptoKey> {
  const known = requestedKeys.get(csrDer);
  if (known !== undefined) return known;
  const key = checkedKey(csrDer);
  requestedKeys.set(csrDer, key);
  return key;
}

async function checkedKey(csrDer: Uint8Array): Promise<webcrypto.CryptoKey> {
  const { Pkcs10CertificateRequest } = await x509();
  const refuse = (why: string, cause?: unknown): ClusterError =>
    new ClusterError('INVALID_ARGUMENT', `invalid certificate request: ${why}`, { cause });
  if (csrDer.length === 0 || csrDer.length > certificateBytesMax)
    throw refuse(`expected 1 to ${certificateBytesMax} bytes of PKCS#10, got ${csrDer.length}`);
  try {
    const request = new Pkcs10CertificateRequest(new Uint8Array(csrDer));
    const key = await request.publicKey.export(algorithm, ['verify']);
    if (await request.verify()) return key as unknown as webcrypto.CryptoKey;
  } catch (error) {
    throw refuse('not PKCS#10 with a P-256 key', error);
  }
  throw refuse('its signature does not fit its key');
}

interface Issuer {
  readonly certificate: InstanceType<X509['X509Certificate']>;
  readonly key: webcrypto.CryptoKey;
}

/** By the root's key as the store holds it: parsed once, not for every node that joins. */
const issuers = new WeakMap<Uint8Array, Promise<Issuer>>();

function issuerOf(root: RootKeyPair): Promise<Issuer> {
  const known = issuers.get(root.keyPem);
  if (known !== undefined) return known;
  const made = makeIssuer(root);
  issuers.set(root.keyPem, made);
  return made;
}

async function makeIssuer({ certificatePem, keyPem }: RootKeyPair): Promise<Issuer> {
  const library = await x509();
  const der = derOf(keyPem);
  const key = await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
  return { certificate: new library.X509Certificate(derOf(certificatePem)), key };
}

async function sign(request: SignRequest): Promise<Uint8Array> {
  const library = await x509();
  const publicKey = await requestedKey(request.csrDer);
  const { certificate: issuer, key: signingKey } = await issuerOf(request.root);
  const isManager = request.role === NodeRole.MANAGER;
  const certificate = await library.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [
      { CN: [request.nodeId] },
      { OU: [isManager ? unitOfRole.manager : unitOfRole.worker] },
      { O: [request.clusterId] },
    ],
    issuer: issuer.subjectName,
    notBefore: new Date(request.nowMs - backdateMs),
    notAfter: new Date(Math.min(request.nowMs + request.lifeMs, issuer.notAfter.getTime())),
    signingAlgorithm: algorithm,
    publicKey: publicKey as unknown as CryptoKey,
    signingKey: signingKey as unknown as CryptoKey,
    extensions: [
      await library.SubjectKeyIdentifierExtension.create(publicKey as unknown as CryptoKey),
      await library.AuthorityKeyIdentifierExtension.create(issuer),
      new library.BasicConstraintsExtension(false, undefined, true),
      new library.KeyUsagesExtension(library.KeyUsageFlags.digitalSignature, true),
      new library.ExtendedKeyUsageExtension([
        library.ExtendedKeyUsage.clientAuth,
        library.ExtendedKeyUsage.serverAuth,
      ]),
      new library.SubjectAlternativeNameExtension([
        { type: 'dns', value: request.nodeId },
        ...(isManager ? [{ type: 'dns' as const, value: managerServerName }] : []),
      ]),
    ],
  });
  return pem('CERTIFICATE', certificate.rawData);
}

async function nodeIdOf(csrDer: Uint8Array): Promise<string> {
  const key = await webcrypto.subtle.exportKey('spki', await requestedKey(csrDer));
  const hash = createHash('sha256').update(new Uint8Array(key)).digest('hex').slice(0, 32);
  return BigInt(`0x${hash}`).toString(36).padStart(25, '0');
}

export const certificateSigner: CertificateSigner = { sign, nodeIdOf };

/** SHA-256 of the certificate in base 36, 50 characters: what join tokens pin. INVALID_ARGUMENT. */
export function certificateDigest(certificatePem: Uint8Array): string {
  const raw = parse(certificatePem).raw;
  const hash = createHash('sha256').update(raw).digest('hex');
  return BigInt(`0x${hash}`).toString(36).padStart(digestLength, '0');
}

function parse(certificatePem: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(Buffer.from(certificatePem));
  } catch (error) {
    throw new ClusterError('INVALID_ARGUMENT', 'not a certificate in PEM', { cause: error });
  }
}

/** What is written in a node's certificate. INVALID_ARGUMENT when it is not one of ours. */
export function readNodeCertificate(certificatePem: Uint8Array): NodeIdentity & Validity {
  return identityOf(parse(certificatePem));
}

/** As `readNodeCertificate`, of a parsed one. Says nothing about who signed it. */
export function identityOf(certificate: X509Certificate): NodeIdentity & Validity {
  const subject = certificate.toLegacyObject().subject as unknown as Record<string, unknown>;
  const { CN: nodeId, OU: unit, O: clusterId } = subject;
  const isKnownUnit = unit === unitOfRole.manager || unit === unitOfRole.worker;
  if (typeof nodeId !== 'string' || typeof clusterId !== 'string' || !isKnownUnit)
    throw new ClusterError('INVALID_ARGUMENT', 'not the certificate of a node of a cluster');
  return {
    nodeId,
    clusterId,
    role: unit === unitOfRole.manager ? NodeRole.MANAGER : NodeRole.WORKER,
    notBeforeMs: certificate.validFromDate.getTime(),
    notAfterMs: certificate.validToDate.getTime(),
  };
}

/** Whether `root` signed `certificate` and it is in date. A root may be a bundle of several. */
export function isIssuedBy(certificate: X509Certificate, rootPem: Uint8Array, nowMs: Ms): boolean {
  const isInDate =
    certificate.validFromDate.getTime() <= nowMs && nowMs <= certificate.validToDate.getTime();
  return isInDate && rootsOf(rootPem).some((root) => isSignedBy(certificate, root));
}

function isSignedBy(certificate: X509Certificate, root: X509Certificate): boolean {
  return certificate.checkIssued(root) && certificate.verify(root.publicKey);
}

/** By the bundle that a daemon holds: every connection is checked against it. */
const roots = new WeakMap<Uint8Array, readonly X509Certificate[]>();

function rootsOf(bundlePem: Uint8Array): readonly X509Certificate[] {
  const known = roots.get(bundlePem);
  if (known !== undefined) return known;
  const parsed = parseRoots(bundlePem);
  roots.set(bundlePem, parsed);
  return parsed;
}

function parseRoots(bundlePem: Uint8Array): readonly X509Certificate[] {
  const blocks = textOf(bundlePem).match(
    /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g,
  );
  return (blocks ?? []).map((block) => new X509Certificate(block));
}
