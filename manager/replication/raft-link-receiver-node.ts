/** The receiving end of another manager's `RaftLink`. */
import type { Socket } from 'node:net';
import { messageOf } from '#lib';
import type { Clock, Logger, Ms, Timer } from '#lib';
import { FrameReader, RaftBatch } from '#proto';

/** A byte goes back so long after something was read; what is read meanwhile shares it. */
const signOfLifeMs: Ms = 250;
const signOfLife = Buffer.of(0);

export interface RaftLinkReceiverOptions {
  /** One batch; throws when the peer may not send it: the connection ends then. */
  readonly receive: (batch: RaftBatch) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Reads frames from `socket` until it closes. The bytes that go back mean nothing but that they are
 * read here: by them the other side finds out that a link was cut.
 */
export function receiveRaftLink(socket: Socket, options: RaftLinkReceiverOptions): void {
  const { receive, clock, log } = options;
  const reader = new FrameReader();
  let due: Timer | undefined;
  const say = (): void => {
    due = undefined;
    if (!socket.destroyed && socket.writableLength === 0) socket.write(signOfLife);
  };
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => due?.cancel());
  socket.on('data', (piece: Uint8Array) => {
    try {
      for (const frame of reader.read(piece)) receive(RaftBatch.decode(frame));
    } catch (error) {
      log.warn('raft link ended', { address: socket.remoteAddress, reason: messageOf(error) });
      socket.destroy();
      return;
    }
    due ??= clock.after(signOfLifeMs, say);
  });
}
