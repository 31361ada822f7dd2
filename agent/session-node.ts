import type { Socket } from 'node:net';
import type { Logger, Ms } from '#lib';
import { ClusterError, isErrorCode, messageOf } from '#lib';
import { AgentMessage, DispatcherService, FrameReader, ManagerMessage, frameOf } from '#proto';
import type { SessionEnd, WorkDown, WorkUp } from '#proto';
import { callDuplex, fromStatus, writeTo } from '#proto/rpc';
import type { grpc } from '#proto/rpc';
import type { ManagerAddresses } from './manager-addresses.ts';
import type { ManagerLine, SessionHandlers, SessionLink, WorkLink } from './session-port.ts';

/** Bytes that wait for a manager that does not read; more and the session is given up. */
const unsentBytesMax = 16 << 20;
/** What was said before a close has left within this, or never does. */
const closeDeadlineMs: Ms = 5_000;

export interface ManagerConnectionsOptions {
  /** Shared with whoever learns addresses: update it when a session tells new ones. */
  readonly addresses: ManagerAddresses;
  /** A channel to `address`, owned and reused by the one who gives it. */
  readonly channelFor: (address: string) => grpc.Client;
  /** A new connection to `address`, on its way, for one session. */
  readonly sessionSocketFor: (address: string) => Socket;
  readonly log: Logger;
}

/** The agent's line to the managers: a connection for the session, gRPC for work. */
export class ManagerConnections implements ManagerLine {
  readonly #options: ManagerConnectionsOptions;
  /** Where the present session is: work goes there too. */
  #address = '';

  constructor(options: ManagerConnectionsOptions) {
    this.#options = options;
  }

  openSession(handlers: SessionHandlers): SessionLink {
    const { addresses, sessionSocketFor, log } = this.#options;
    const address = addresses.pick();
    log.debug('opening session', { address });
    this.#address = address;
    const socket = sessionSocketFor(address);
    const reader = new FrameReader();
    let isOver = false;
    const end = (error: ClusterError): void => {
      if (isOver) return;
      isOver = true;
      addresses.failed(address, error);
      socket.destroy();
      handlers.onClose(error);
    };
    const take = (message: ManagerMessage): void => {
      const { body } = message;
      if (body?.kind === 'end') {
        end(errorOf(body.end));
        return;
      }
      if (body?.kind === 'session') {
        addresses.update(body.session.managerAddresses);
        addresses.worked(address);
      }
      handlers.onMessage(message);
    };
    socket.setNoDelay(true);
    socket.on('data', (piece: Uint8Array) => {
      try {
        for (const frame of reader.read(piece)) if (!isOver) take(ManagerMessage.decode(frame));
      } catch (error) {
        end(new ClusterError('INTERNAL', messageOf(error), { cause: error }));
      }
    });
    socket.on('error', (cause) =>
      end(new ClusterError('UNAVAILABLE', messageOf(cause), { cause })),
    );
    socket.on('close', () => end(new ClusterError('UNAVAILABLE', 'the manager ended the session')));
    return {
      send: (message) => {
        if (isOver) return;
        socket.write(frameOf(AgentMessage.encode(message)));
        if (socket.writableLength > unsentBytesMax)
          end(new ClusterError('LIMIT_EXCEEDED', 'the manager does not read'));
      },
      close: () => {
        if (isOver) return;
        isOver = true;
        // A manager that has gone silent says nothing more: the next session tries another one.
        addresses.failed(address, undefined);
        socket.end();
        socket.setTimeout(closeDeadlineMs, () => socket.destroy());
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

function errorOf({ code, message, details }: SessionEnd): ClusterError {
  return new ClusterError(isErrorCode(code) ? code : 'INTERNAL', message, {
    details: { ...details },
  });
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
