/** An authority for tests of etcd with TLS, and the certificates it signs, as PEM files. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EtcdTls } from '#manager/etcd/etcd-endpoint-node';
import { runCommand } from './etcd-cluster.ts';

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export class EtcdCertificates {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async make(): Promise<EtcdCertificates> {
    const own = new EtcdCertificates(await mkdtemp(join(tmpdir(), 'tessera-etcd-ca-')));
    const files = ['-keyout', 'ca-key.pem', '-out', 'ca.pem'];
    await own.#openssl('req', '-x509', ...newKey, ...files, '-subj', '/CN=etcd-ca', '-days', '2');
    return own;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** `<name>.pem` and `<name>-key.pem`; `names` as in `IP:127.0.0.1,DNS:host1`. */
  async issue(name: string, names = 'IP:127.0.0.1'): Promise<void> {
    const request = ['-keyout', `${name}-key.pem`, '-out', `${name}.csr`, '-subj', `/CN=${name}`];
    await this.#openssl('req', ...newKey, ...request);
    // A member of etcd is a client of itself, too.
    const extensions = `subjectAltName=${names}\nextendedKeyUsage=serverAuth,clientAuth\n`;
    await writeFile(this.path(`${name}.ext`), extensions);
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial', '-days', '2'];
    const files = ['-in', `${name}.csr`, '-out', `${name}.pem`, '-extfile', `${name}.ext`];
    await this.#openssl('x509', '-req', ...signed, ...files);
  }

  async tls(client?: string): Promise<EtcdTls> {
    const rootPem = await readFile(this.path('ca.pem'));
    if (client === undefined) return { rootPem };
    const keyPem = await readFile(this.path(`${client}-key.pem`));
    return { rootPem, keyPem, certificatePem: await readFile(this.path(`${client}.pem`)) };
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  #openssl(...args: readonly string[]): Promise<string> {
    const paths = args.map((arg) => (/\.(?:pem|csr|ext)$/.test(arg) ? this.path(arg) : arg));
    return runCommand('openssl', paths);
  }
}
