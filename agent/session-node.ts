import type { Logger } from '#lib';
import { ClusterError } from '#lib';
import { DispatcherService } from '#proto';
import type { AgentMessage, ManagerMessage, WorkDown, WorkUp } from '#proto';
import { callDuplex, fromStatus, writeTo } from '#proto/rpc';
import type { grpc } from '#proto/rpc';
import type { ManagerAddresses } from './manager-addresses.ts';
import type { ManagerLine, SessionHandlers, SessionLink, WorkLink } from './session-port.ts';

/** Messages that wait for a manager that does not read; more and the session is given up. */
const unsentMessagesMax = 10_000;

export interface GrpcManagerLineOptions {
  /** Shared with whoever learns addresses: update it when a session tells new ones. */
  readonly addresses: ManagerAddresses;
  /** A channel to `address`, owned and reused by the one who gives it. */
  readonly channelFor: (address: string) => grpc.Client;
  readonly log: Logger;
}

type SessionCall = grpc.ClientDuplexStream<AgentMessage, ManagerMessage>;

/** The agent's line to the managers over gRPC. */
export class GrpcManagerLine implements ManagerLine {
  readonly #options: GrpcManagerLineOptions;
  /** Where the present session is: work goes there too. */
  #address = '';

  constructor(options: GrpcManagerLineOptions) {
    this.#options = options;
  }

  openSession(handlers: SessionHandlers): SessionLink {
    const { addresses, channelFor, log } = this.#options;
    const address = addresses.pick();
    log.debug('opening session', { address });
    this.#address = address;
    const call = callDuplex(channelFor(address), DispatcherService.session);
    let isOver = false;
    let unsent = 0;
    const end = (error: unknown): void => {
      if (isOver) return;
      isOver = true;
      const known = fromStatus(error);
      addresses.failed(address, known);
      call.cancel();
      handlers.onClose(known);
    };
    call.on('data', (message: ManagerMessage) => {
      if (isOver) return;
      if (message.body?.kind === 'session') {
        addresses.update(message.body.session.managerAddresses);
        addresses.worked(address);
      }
      handlers.onMessage(message);
    });
    call.on('error', end);
    call.on('end', () => end(new ClusterError('UNAVAILABLE', 'the manager ended the session')));
    return {
      send: (message) => {
        if (isOver) return;
        if (unsent >= unsentMessagesMax) {
          end(new ClusterError('LIMIT_EXCEEDED', 'the manager does not read'));
          return;
        }
        unsent++;
        call.write(message, () => {
          unsent--;
        });
      },
      close: () => {
        if (isOver) return;
        isOver = true;
        // A manager that has gone silent says nothing more: the next session tries another one.
        addresses.failed(address, undefined);
        finish(call);
      },
    };
  }

  openWork(signal: AbortSignal): WorkLink {
    const channel = this.#options.channelFor(this.#address);
    const call = callDuplex(channel, DispatcherService.work, { signal });
    const over = Promise.withResolvers<never>();
    const end = (error: unknown): void => over.reject(fromStatus(error));
    call.on('error', end);
    call.on('close', () => end(new ClusterError('CANCELLED', 'the manager has hung up')));
    // Nobody may be sending when it ends.
    over.promise.catch(() => undefined);
    return {
      send: (message: WorkUp) => Promise.race([writeTo(call, message), over.promise]),
      incoming: incoming(call),
      close: () => {
        call.end();
      },
    };
  }
}

/** What was written still goes out; the answer is not waited for. */
function finish(call: SessionCall): void {
  call.removeAllListeners('data');
  call.end();
  call.resume();
}

/** Leaving the iteration leaves the call open: the answer may still have to go up. */
async function* incoming(
  call: grpc.ClientDuplexStream<WorkUp, WorkDown>,
): AsyncGenerator<WorkDown> {
  try {
    for await (const message of call.iterator({ destroyOnReturn: false }))
      yield message as WorkDown;
  } catch (error) {
    throw fromStatus(error);
  }
}
