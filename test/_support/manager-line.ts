/** Calls to one manager of a lab, as its host's own root would make them: by its socket. */
import { ClusterError, hasCode } from '#lib';
import { ControlService, InfoRequest, LocalService, WatchRequest } from '#proto';
import type { InfoResponse, Method, WatchResponse } from '#proto';
import { callServerStream, callUnary, channelOptions, grpc } from '#proto/rpc';
import type { ServiceCalls } from './linearizability/control-client.ts';

/** Until a daemon that is down is given up; nothing was sent then. */
const connectMs = 300;

export class ManagerLine {
  readonly host: string;
  readonly #client: grpc.Client;
  readonly #deadlineMs: number;

  constructor(host: string, socket: string, deadlineMs: number) {
    this.host = host;
    this.#deadlineMs = deadlineMs;
    this.#client = new grpc.Client(
      `unix://${socket}`,
      grpc.credentials.createInsecure(),
      channelOptions,
    );
  }

  /**
   * Rejects with UNAVAILABLE only when nothing was sent, or when the manager says so itself; a line
   * that breaks under a call leaves its outcome open.
   */
  async call<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
  ): Promise<Response> {
    await this.#connected();
    const deadlineMs = this.#deadlineMs;
    try {
      return await callUnary(this.#client, method, request, { deadlineMs });
    } catch (error) {
      if (!hasCode(error, 'UNAVAILABLE') || isTold(error)) throw error;
      throw new ClusterError('OUTCOME_UNKNOWN', `${this.host} went away`, { cause: error });
    }
  }

  info(): Promise<InfoResponse> {
    return this.call(LocalService.info, InfoRequest.create());
  }

  watch(fromVersion: number, signal: AbortSignal): AsyncIterable<WatchResponse> {
    const request = WatchRequest.create({ fromVersion });
    const options = { deadlineMs: Number.POSITIVE_INFINITY, signal };
    return callServerStream(this.#client, ControlService.watch, request, options);
  }

  get services(): ServiceCalls {
    const { createService, getService, removeService, updateService } = ControlService;
    return {
      createService: (request) => this.call(createService, request),
      getService: (request) => this.call(getService, request),
      removeService: (request) => this.call(removeService, request),
      updateService: (request) => this.call(updateService, request),
    };
  }

  close(): void {
    this.#client.close();
  }

  #connected(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#client.waitForReady(Date.now() + connectMs, (error) => {
        if (error === undefined || error === null) resolve();
        else reject(new ClusterError('UNAVAILABLE', `${this.host} does not answer`));
      });
    });
  }
}

/** The manager's own word, not that of the transport. */
function isTold(error: unknown): boolean {
  const { metadata } = ((error as Error).cause ?? {}) as Partial<grpc.ServiceError>;
  return (metadata?.get('tessera-error-code').length ?? 0) > 0;
}
