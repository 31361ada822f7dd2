/** A registry of a few lines, in this process: what the registry client's tests speak to. */
import { createHash } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Blob, BuiltImage } from '../../scripts/image-archive.ts';

export interface TinyRegistryOptions {
  /** Demands a login. `token`: by a token that this server gives out. */
  readonly login?: {
    readonly kind: 'basic' | 'token';
    readonly username: string;
    readonly password: string;
  };
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Asked before each answer; what it returns replaces the answer. Counts from 0 per path. */
  readonly fault?: (path: string, count: number) => Fault | undefined;
}

export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Record<string, string> }
  /** Ends the connection after so many bytes of the body. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  | { readonly kind: 'other-bytes' }
  | { readonly kind: 'redirect'; readonly to: string };

export interface SeenRequest {
  readonly path: string;
  readonly range: string;
  readonly authorization: string;
}

const token = 'tiny-token';

export class TinyRegistry {
  readonly seen: SeenRequest[] = [];
  readonly #options: TinyRegistryOptions;
  readonly #server: http.Server | https.Server;
  readonly #blobs = new Map<string, Uint8Array>();
  readonly #manifests = new Map<string, Blob>();
  readonly #counts = new Map<string, number>();

  constructor(options: TinyRegistryOptions = {}) {
    this.#options = options;
    const handle = (request: IncomingMessage, response: ServerResponse): void =>
      this.#answer(request, response);
    this.#server =
      options.tls === undefined
        ? http.createServer(handle)
        : https.createServer(options.tls, handle);
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this.host;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  put(path: string, tag: string, image: BuiltImage): void {
    for (const blob of [...image.layers, image.config]) this.#blobs.set(blob.digest, blob.bytes);
    this.putManifest(path, tag, image.manifest);
  }

  putManifest(path: string, tag: string, manifest: Blob): void {
    this.#manifests.set(`${path}/${tag}`, manifest);
    this.#manifests.set(`${path}/${manifest.digest}`, manifest);
  }

  dropBlob(digest: string): void {
    this.#blobs.delete(digest);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://tiny');
    const { authorization = '', range = '' } = request.headers;
    this.seen.push({ path: url.pathname, range, authorization });
    if (url.pathname === '/token') return this.#giveToken(authorization, response);
    const count = this.#counts.get(url.pathname) ?? 0;
    this.#counts.set(url.pathname, count + 1);
    const fault = this.#options.fault?.(url.pathname, count);
    if (fault?.kind === 'status') {
      response.writeHead(fault.status, fault.headers).end();
      return;
    }
    if (fault?.kind === 'redirect') {
      response.writeHead(307, { location: fault.to }).end();
      return;
    }
    if (!this.#isWelcome(authorization)) return this.#challenge(response);
    const [, path = '', kind = '', reference = ''] =
      /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(url.pathname) ?? [];
    const manifest = this.#manifests.get(`${path}/${reference}`);
    const bytes = kind === 'manifests' ? manifest?.bytes : this.#blobs.get(reference);
    if (bytes === undefined) {
      response.writeHead(404).end();
      return;
    }
    const body = fault?.kind === 'other-bytes' ? Buffer.from(bytes).fill(1, 0, 4) : bytes;
    this.#send(response, body, manifest?.mediaType, range, fault);
  }

  #send(
    response: ServerResponse,
    bytes: Uint8Array,
    mediaType: string | undefined,
    range: string,
    fault: Fault | undefined,
  ): void {
    const start = Number(/^bytes=(\d+)-$/.exec(range)?.[1] ?? 0);
    const body = bytes.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, {
      'content-type': mediaType ?? 'application/octet-stream',
      'content-length': body.length,
    });
    if (fault?.kind !== 'cut') {
      response.end(body);
      return;
    }
    response.write(body.subarray(0, fault.afterBytes), () => response.destroy());
  }

  #isWelcome(authorization: string): boolean {
    const { login } = this.#options;
    if (login === undefined) return true;
    return authorization === (login.kind === 'token' ? `Bearer ${token}` : basicOf(login));
  }

  #challenge(response: ServerResponse): void {
    const header =
      this.#options.login?.kind === 'token'
        ? `Bearer realm="http://${this.host}/token",service="tiny",scope="repository:x:pull"`
        : 'Basic realm="tiny"';
    response.writeHead(401, { 'www-authenticate': header }).end();
  }

  #giveToken(authorization: string, response: ServerResponse): void {
    const { login } = this.#options;
    if (login === undefined || authorization !== basicOf(login)) {
      response.writeHead(401).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ token }));
  }
}

function basicOf(login: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
}

/** An unfinished write keeps what came, as containerd does. */
export class MemoryBlobs {
  readonly blobs = new Map<string, Uint8Array>();
  readonly #unfinished = new Map<string, Uint8Array>();

  async write(
    write: { readonly ref: string; readonly expected: string },
    source: (offset: number) => AsyncIterable<Uint8Array>,
  ): Promise<{ readonly digest: string; readonly sizeBytes: number }> {
    const known = this.blobs.get(write.expected);
    if (known !== undefined) return { digest: write.expected, sizeBytes: known.length };
    const parts: Uint8Array[] = [];
    const before = this.#unfinished.get(write.ref) ?? new Uint8Array();
    parts.push(before);
    try {
      for await (const part of source(before.length)) parts.push(part);
    } catch (error) {
      this.#unfinished.set(write.ref, Buffer.concat(parts));
      throw error;
    }
    const bytes = Buffer.concat(parts);
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    this.#unfinished.delete(write.ref);
    if (write.expected !== '' && digest !== write.expected)
      throw Object.assign(new Error(`unexpected digest ${digest}`), { code: 'IMAGE_INVALID' });
    this.blobs.set(digest, bytes);
    return { digest, sizeBytes: bytes.length };
  }
}
