/** Plain GETs with a deadline on silence, a CA of one's own and redirects that keep secrets at home. */
import http from 'node:http';
import https from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

export interface HttpRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly ca: readonly string[] | undefined;
  readonly isVerified: boolean;
  readonly signal: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: AsyncIterable<Uint8Array>;
  /** Reads at most `bytesMax`; throws when there is more. */
  bytes(bytesMax: number): Promise<Uint8Array>;
  /** Lets go of a body that nobody reads. */
  discard(): void;
}

/** A connection that is silent for this long is given up. */
const silenceMsMax = 30_000;
const redirectsMax = 5;
/** Connections to one registry. */
const socketsMax = 8;

/** Connections of one pull; `close` ends them. */
export class HttpClient {
  readonly #plain = new http.Agent({ keepAlive: true, maxSockets: socketsMax });
  readonly #secure = new https.Agent({ keepAlive: true, maxSockets: socketsMax });

  close(): void {
    this.#plain.destroy();
    this.#secure.destroy();
  }

  /** Rejects with the system's or TLS' own error. Follows redirects; Authorization stays with its host. */
  async get(request: HttpRequest): Promise<HttpResponse> {
    let { url, headers } = request;
    for (let redirects = 0; ; redirects++) {
      const response = await this.#once({ ...request, url, headers });
      const { location } = response.headers;
      const isRedirect = [301, 302, 303, 307, 308].includes(response.statusCode ?? 0);
      if (!isRedirect || location === undefined) return toResponse(response);
      response.destroy();
      if (redirects === redirectsMax) throw new Error(`more than ${redirectsMax} redirects`);
      const next = new URL(location, url);
      if (url.protocol === 'https:' && next.protocol !== 'https:' && request.isVerified)
        throw new Error(`redirected from https to ${next.protocol}`);
      if (next.origin !== url.origin) {
        const { authorization: _, ...rest } = headers;
        headers = rest;
      }
      url = next;
    }
  }

  #once(request: HttpRequest): Promise<IncomingMessage> {
    const { url, headers, ca, isVerified, signal } = request;
    return new Promise((resolve, reject) => {
      const common = { headers: { 'user-agent': 'tessera', ...headers }, signal };
      const sent =
        url.protocol === 'https:'
          ? https.get(url, {
              ...common,
              agent: this.#secure,
              rejectUnauthorized: isVerified,
              ...(ca === undefined ? {} : { ca: [...ca] }),
            })
          : http.get(url, { ...common, agent: this.#plain });
      sent.setTimeout(silenceMsMax, () =>
        sent.destroy(new Error(`no byte for ${silenceMsMax / 1_000} s`)),
      );
      sent.once('response', resolve);
      sent.once('error', reject);
    });
  }
}

function toResponse(message: IncomingMessage): HttpResponse {
  return {
    status: message.statusCode ?? 0,
    headers: message.headers,
    body: message as AsyncIterable<Uint8Array>,
    async bytes(bytesMax) {
      const parts: Uint8Array[] = [];
      let size = 0;
      for await (const part of message as AsyncIterable<Uint8Array>) {
        size += part.length;
        if (size > bytesMax) throw new Error(`the answer is larger than ${bytesMax} bytes`);
        parts.push(part);
      }
      return Buffer.concat(parts);
    },
    discard() {
      message.resume();
    },
  };
}
