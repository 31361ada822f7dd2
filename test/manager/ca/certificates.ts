import { X509Certificate } from 'node:crypto';
import test from 'ava';
import { NodeRole } from '#proto';
import {
  certificateDigest,
  certificateSigner,
  isIssuedBy,
  makeKeyAndRequest,
  makeRootCa,
  readNodeCertificate,
} from '#manager/ca/certificates-node';

const nowMs = 1_800_000_000_000;
const hourMs = 3_600_000;

async function signed(role: NodeRole, lifeMs = 24 * hourMs) {
  const root = await makeRootCa('cluster1', nowMs);
  const { keyPem, csrDer } = await makeKeyAndRequest();
  const pem = await certificateSigner.sign({
    root,
    csrDer,
    nodeId: 'node1',
    clusterId: 'cluster1',
    role,
    nowMs,
    lifeMs,
  });
  return { root, keyPem, csrDer, pem, certificate: new X509Certificate(Buffer.from(pem)) };
}

test('a signed certificate reads back as what was asked for', async (t) => {
  for (const role of [NodeRole.WORKER, NodeRole.MANAGER]) {
    const { pem } = await signed(role);
    const read = readNodeCertificate(pem);
    t.is(read.nodeId, 'node1');
    t.is(read.clusterId, 'cluster1');
    t.is(read.role, role);
    t.is(read.notBeforeMs, nowMs - hourMs);
    t.is(read.notAfterMs, nowMs + 24 * hourMs);
  }
});

test('only a manager carries the name that those who call managers ask for', async (t) => {
  const manager = await signed(NodeRole.MANAGER);
  const worker = await signed(NodeRole.WORKER);
  t.is(manager.certificate.checkHost('tessera-manager'), 'tessera-manager');
  t.is(worker.certificate.checkHost('tessera-manager'), undefined);
  t.is(worker.certificate.checkHost('node1'), 'node1');
});

test('a certificate is trusted from its root only, and only in its time', async (t) => {
  const { certificate, root } = await signed(NodeRole.WORKER);
  const other = await makeRootCa('cluster1', nowMs);
  t.true(isIssuedBy(certificate, root.certificatePem, nowMs));
  t.false(isIssuedBy(certificate, other.certificatePem, nowMs));
  t.false(isIssuedBy(certificate, root.certificatePem, nowMs - 2 * hourMs));
  t.false(isIssuedBy(certificate, root.certificatePem, nowMs + 25 * hourMs));
  const bundle = Buffer.concat([other.certificatePem, root.certificatePem]);
  t.true(isIssuedBy(certificate, bundle, nowMs));
});

test('a node certificate cannot sign another', async (t) => {
  const { certificate } = await signed(NodeRole.MANAGER);
  t.false(certificate.ca);
});

test('no certificate outlives the root', async (t) => {
  const { certificate, root } = await signed(NodeRole.WORKER, 100 * 365 * 24 * hourMs);
  const rootEnd = new X509Certificate(Buffer.from(root.certificatePem)).validToDate;
  t.is(certificate.validToDate.getTime(), rootEnd.getTime());
});

test('the id of a node comes from its key, so asking twice names the same node', async (t) => {
  const one = await makeKeyAndRequest();
  const two = await makeKeyAndRequest();
  const id = await certificateSigner.nodeIdOf(one.csrDer);
  t.regex(id, /^[0-9a-z]{25}$/);
  t.is(await certificateSigner.nodeIdOf(one.csrDer), id);
  t.not(await certificateSigner.nodeIdOf(two.csrDer), id);
});

test('a broken or changed request is refused', async (t) => {
  const { csrDer } = await makeKeyAndRequest();
  const changed = new Uint8Array(csrDer);
  const last = changed.length - 1;
  changed[last] = (changed[last] ?? 0) ^ 1;
  for (const bytes of [new Uint8Array(0), new Uint8Array(20), changed, new Uint8Array(20_000)])
    await t.throwsAsync(certificateSigner.nodeIdOf(bytes), {
      code: 'INVALID_ARGUMENT',
      message: /^invalid certificate request: /,
    });
});

test('the digest of a root has 50 characters and is its own', async (t) => {
  const one = await makeRootCa('cluster1', nowMs);
  const two = await makeRootCa('cluster1', nowMs);
  t.regex(certificateDigest(one.certificatePem), /^[0-9a-z]{50}$/);
  t.is(certificateDigest(one.certificatePem), certificateDigest(one.certificatePem));
  t.not(certificateDigest(one.certificatePem), certificateDigest(two.certificatePem));
  t.throws(() => certificateDigest(new Uint8Array([1, 2, 3])), { code: 'INVALID_ARGUMENT' });
});
