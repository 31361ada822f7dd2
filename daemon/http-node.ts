/** The HTTP face: figures for Prometheus and a health check. On loopback unless told otherwise. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { ClusterError, messageOf } from '#lib';

export interface HttpFaceOptions {
  readonly host: string;
  readonly port: number;
  readonly contentType: string;
  readonly renderMetrics: () => Promise<string>;
  /** Empty when all is well; else what is wrong. */
  readonly health: () => string;
}

export class HttpFace {
  readonly #options: HttpFaceOptions;
  readonly #server: Server;

  constructor(options: HttpFaceOptions) {
    this.#options = options;
    this.#server = createServer({ requestTimeout: 10_000 }, (request, response) => {
      // Not parsed as a URL: what a stranger sends need not be one.
      const [path = '/'] = (request.url ?? '/').split('?');
      this.#answer(path).then(
        ({ status, type, body }) => {
          response.writeHead(status, { 'content-type': type });
          response.end(body);
        },
        () => {
          response.writeHead(500);
          response.end();
        },
      );
    });
    this.#server.maxConnections = 256;
  }

  /** Resolves to the port. FAILED_PRECONDITION when the address cannot be bound. */
  listen(): Promise<number> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) =>
        reject(
          new ClusterError(
            'FAILED_PRECONDITION',
            `could not listen on ${host}:${port} for metrics (${messageOf(error)}): choose another with --metrics`,
          ),
        ),
      );
      this.#server.listen({ host, port }, () => {
        const address = this.#server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  async #answer(path: string): Promise<{ status: number; type: string; body: string }> {
    const type = 'text/plain; charset=utf-8';
    if (path === '/metrics')
      return {
        status: 200,
        type: this.#options.contentType,
        body: await this.#options.renderMetrics(),
      };
    if (path !== '/healthz') return { status: 404, type, body: 'try /metrics or /healthz\n' };
    const wrong = this.#options.health();
    return wrong === ''
      ? { status: 200, type, body: 'ok\n' }
      : { status: 503, type, body: `${wrong}\n` };
  }
}
