/** Debian's docker-registry with TLS from a CA of its own and a login, on loopback, in a temporary folder. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { poll } from '#test/_support/poll';
import type { Blob, BuiltImage } from '../../scripts/image-archive.ts';
import { freePort } from './free-port.ts';

export interface RealRegistry {
  /** HOST:PORT, to be used in image names. */
  readonly host: string;
  /** PEM of the authority that signed its certificate. */
  readonly caPem: string;
  readonly username: string;
  readonly password: string;
  push(path: string, tag: string, image: BuiltImage): Promise<void>;
  stop(): Promise<void>;
}

export function whyNoRegistry(): string | undefined {
  for (const tool of ['docker-registry', 'htpasswd', 'openssl'])
    if (spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0) return `needs ${tool}`;
  return undefined;
}

function run(folder: string, ...argv: readonly string[]): string {
  const [file = '', ...args] = argv;
  const done = spawnSync(file, args, { cwd: folder, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${argv.join(' ')}: ${done.stderr}`);
  return done.stdout;
}

function makeCertificates(folder: string): void {
  const subject = ['-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-subj'];
  const days = ['-days', '2'];
  run(
    folder,
    'openssl',
    'req',
    '-x509',
    ...subject,
    '/CN=test ca',
    ...days,
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
  );
  run(
    folder,
    'openssl',
    'req',
    ...subject,
    '/CN=registry',
    '-keyout',
    'tls.key',
    '-out',
    'tls.csr',
  );
  writeFileSync(join(folder, 'ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost');
  const signing = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'ext'];
  run(folder, 'openssl', 'x509', '-req', '-in', 'tls.csr', ...signing, ...days, '-out', 'tls.crt');
}

export async function startRegistry(): Promise<RealRegistry> {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-registry-'));
  const [username, password] = ['ann', 'correct horse'];
  makeCertificates(folder);
  writeFileSync(join(folder, 'htpasswd'), run(folder, 'htpasswd', '-Bbn', username, password));
  mkdirSync(join(folder, 'data'));
  const host = `127.0.0.1:${await freePort()}`;
  writeFileSync(
    join(folder, 'config.yml'),
    JSON.stringify({
      version: '0.1',
      log: { level: 'error' },
      storage: { filesystem: { rootdirectory: join(folder, 'data') } },
      http: {
        addr: host,
        secret: 'x',
        tls: { certificate: join(folder, 'tls.crt'), key: join(folder, 'tls.key') },
      },
      auth: { htpasswd: { realm: 'test', path: join(folder, 'htpasswd') } },
    }),
  );
  const log = openSync(join(folder, 'log'), 'a');
  const child = spawn('docker-registry', ['serve', join(folder, 'config.yml')], {
    stdio: ['ignore', log, log],
  });
  const caPem = readFileSync(join(folder, 'ca.crt'), 'utf8');
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const ask = (
    method: string,
    url: URL,
    body?: Blob,
  ): Promise<{ readonly status: number; readonly location: string }> =>
    new Promise((resolve, reject) => {
      const type = body === undefined ? {} : { 'content-type': body.mediaType };
      const request = https.request(
        url,
        { method, ca: caPem, agent: false, headers: { authorization, ...type } },
        (response) => {
          response.resume();
          const { statusCode = 0, headers } = response;
          response.on('end', () =>
            resolve({ status: statusCode, location: headers.location ?? '' }),
          );
        },
      );
      request.on('error', reject);
      request.end(body?.bytes);
    });
  const base = `https://${host}/v2/`;
  const expect = (answer: { readonly status: number }, status: number): void => {
    if (answer.status !== status)
      throw new Error(`registry answered ${answer.status}, not ${status}`);
  };
  await poll('the registry answers', async () => (await ask('GET', new URL(base))).status === 200, {
    describe: () => readFileSync(join(folder, 'log'), 'utf8'),
  });
  return {
    host,
    caPem,
    username,
    password,
    async push(path, tag, image) {
      for (const blob of [...image.layers, image.config]) {
        const begun = await ask('POST', new URL(`${path}/blobs/uploads/`, base));
        expect(begun, 202);
        const upload = new URL(begun.location, base);
        upload.searchParams.set('digest', blob.digest);
        expect(await ask('PUT', upload, { ...blob, mediaType: 'application/octet-stream' }), 201);
      }
      expect(await ask('PUT', new URL(`${path}/manifests/${tag}`, base), image.manifest), 201);
    },
    async stop() {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
