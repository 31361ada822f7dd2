/** One repository of one registry: manifests and blobs by the OCI distribution API, with its logins. */
import { ClusterError, messageOf } from '#lib';
import type { RegistryAuth } from '#proto';
import * as v from 'valibot';
import { parseChallenge, tokenUrl } from './auth-challenge.ts';
import type { Challenge } from './auth-challenge.ts';
import type { HttpClient, HttpResponse } from './http-node.ts';
import { documentBytesMax, mediaTypes } from './manifest.ts';
import type { RegistryEndpoint } from './registry-config-node.ts';

export interface RegistryClientOptions {
  readonly endpoint: RegistryEndpoint;
  /** As in the image's name, without host and tag. */
  readonly path: string;
  readonly auth: RegistryAuth | undefined;
  readonly http: HttpClient;
  /** First of the folders where certificates are looked for; named in the error. */
  readonly certificateFolder: string;
}

const manifestTypes = [
  mediaTypes.index,
  mediaTypes.manifest,
  mediaTypes.dockerIndex,
  mediaTypes.dockerManifest,
].join(', ');

const tokenSchema = v.object({
  token: v.optional(v.string()),
  access_token: v.optional(v.string()),
});
const tokenBytesMax = 1 << 20;

/** A failure that may be gone at the next try. */
export class TransientError extends Error {
  override readonly name = 'TransientError';
  /** What the server asked to be waited, milliseconds; 0 = nothing said. */
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number, cause?: unknown) {
    super(message, { cause });
    this.retryAfterMs = retryAfterMs;
  }
}

const certificateCodes = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

export class RegistryClient {
  readonly #options: RegistryClientOptions;
  #authorization = '';

  constructor(options: RegistryClientOptions) {
    this.#options = options;
  }

  get host(): string {
    return this.#options.endpoint.host;
  }

  /** `reference`: a tag or a digest. Undefined when the registry does not have it. */
  async manifest(
    reference: string,
    signal: AbortSignal,
  ): Promise<{ readonly bytes: Uint8Array; readonly mediaType: string } | undefined> {
    const headers = { accept: manifestTypes };
    const response = await this.#get(`manifests/${reference}`, headers, signal);
    if (response.status === 404) {
      response.discard();
      return undefined;
    }
    this.#expect(response, [200]);
    const bytes = await response.bytes(documentBytesMax).catch((error: unknown) => {
      throw this.#connectionError(error, signal);
    });
    return { bytes, mediaType: (response.headers['content-type'] ?? '').split(';')[0] ?? '' };
  }

  /** The blob's bytes from `offset` on. IMAGE_INVALID when the registry lost it. */
  async *blob(digest: string, offset: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const headers: Record<string, string> = offset > 0 ? { range: `bytes=${offset}-` } : {};
    const response = await this.#get(`blobs/${digest}`, headers, signal);
    if (response.status === 404) {
      response.discard();
      throw new ClusterError(
        'IMAGE_INVALID',
        `registry ${this.host} has a manifest of ${this.#options.path} but not its blob ${digest}`,
      );
    }
    // Asked for what lies behind the end: everything is here already.
    if (offset > 0 && response.status === 416) return response.discard();
    this.#expect(response, [200, 206]);
    let skip = response.status === 206 ? 0 : offset;
    try {
      for await (const part of response.body) {
        const kept = part.subarray(Math.min(skip, part.length));
        skip -= part.length - kept.length;
        if (kept.length > 0) yield kept;
      }
    } catch (error) {
      throw this.#connectionError(error, signal);
    }
  }

  async #get(
    what: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const { endpoint, path } = this.#options;
    const url = new URL(`v2/${path}/${what}`, endpoint.url);
    const first = await this.#send(url, headers, this.#authorization, signal);
    if (first.status !== 401) return first;
    first.discard();
    const challenge = parseChallenge(first.headers['www-authenticate'] ?? '');
    if (challenge === undefined) throw this.#refused();
    // A token may have run out: one new one for each request that is refused.
    this.#authorization = await this.#login(challenge, signal);
    const second = await this.#send(url, headers, this.#authorization, signal);
    if (second.status === 401) second.discard();
    if (second.status === 401) throw this.#refused();
    return second;
  }

  async #send(
    url: URL,
    headers: Readonly<Record<string, string>>,
    authorization: string,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const { endpoint, http } = this.#options;
    const { ca, isVerified } = endpoint;
    const all = authorization === '' ? headers : { ...headers, authorization };
    try {
      return await http.get({ url, headers: all, ca, isVerified, signal });
    } catch (error) {
      throw this.#connectionError(error, signal);
    }
  }

  async #login(challenge: Challenge, signal: AbortSignal): Promise<string> {
    const { auth, path, endpoint } = this.#options;
    const basic =
      auth === undefined || auth.username === ''
        ? ''
        : `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`;
    if (challenge.kind === 'basic') {
      if (basic === '') throw this.#refused();
      return basic;
    }
    const url = tokenUrl(challenge, path);
    const isDowngrade = url?.protocol === 'http:' && endpoint.url.protocol === 'https:';
    if (url === undefined || isDowngrade)
      throw new ClusterError(
        'REGISTRY_UNAVAILABLE',
        `registry ${this.host} sends to '${challenge.realm}' for a login: that is not an https address`,
      );
    const response = await this.#send(url, {}, basic, signal);
    if ([400, 401, 403].includes(response.status)) {
      response.discard();
      throw this.#refused();
    }
    this.#expect(response, [200]);
    const bytes = await response.bytes(tokenBytesMax);
    const parsed = v.safeParse(tokenSchema, parseJson(bytes));
    const token = parsed.success ? (parsed.output.token ?? parsed.output.access_token) : undefined;
    if (token === undefined || !/^[\x21-\x7e]+$/.test(token))
      throw new ClusterError(
        'REGISTRY_UNAVAILABLE',
        `the login server of registry ${this.host} answered without a token`,
      );
    return `Bearer ${token}`;
  }

  #expect(response: HttpResponse, statuses: readonly number[]): void {
    if (statuses.includes(response.status)) return;
    response.discard();
    const { status } = response;
    if (status === 401 || status === 403) throw this.#refused();
    const after = Number(response.headers['retry-after'] ?? 0) * 1_000;
    const why = status === 429 ? 'too many requests' : `status ${status}`;
    const text = `registry ${this.host} answers with ${why}`;
    if (status === 429 || status >= 500) throw new TransientError(text, after > 0 ? after : 0);
    throw new ClusterError('REGISTRY_UNAVAILABLE', `${text} for ${this.#options.path}`);
  }

  #refused(): ClusterError {
    const { path, auth } = this.#options;
    const hint =
      auth === undefined || auth.username === ''
        ? 'check the name, or log in and pass the login on (--with-registry-auth)'
        : `check the name and the password of user ${auth.username}`;
    return new ClusterError(
      'REGISTRY_UNAUTHORIZED',
      `registry ${this.host} refuses access to ${path}: ${hint}`,
      { details: { registry: this.host } },
    );
  }

  #connectionError(error: unknown, signal: AbortSignal): unknown {
    signal.throwIfAborted();
    if (error instanceof ClusterError) return error;
    const code = (error as { readonly code?: string }).code ?? '';
    if (certificateCodes.has(code))
      return new ClusterError(
        'REGISTRY_UNAVAILABLE',
        `registry ${this.host} shows a certificate that is not trusted (${messageOf(error)}): put its CA ` +
          `into ${this.#options.certificateFolder}/${this.host}/ca.crt on every node`,
        { cause: error, details: { registry: this.host } },
      );
    return new TransientError(reasonOf(error), 0, error);
  }
}

/** Several addresses that all failed hide their reasons in a list. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError)
    return error.errors.map((one: unknown) => messageOf(one)).join('; ');
  return messageOf(error);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
