import type { Socket } from 'node:net';
import type { RaftNode } from '../node/raft-node.ts';
import { remoteDefaults } from './limits.ts';
import type { RemoteOptions } from './limits.ts';
import { writeTogether } from './socket-node.ts';
import { encodeOutcome, frame, FrameCutter } from './wire.ts';

/**
 * Proposes to `node` what a `ProposalClient` at the other end of `socket` (TCP, TLS, a Unix socket)
 * says, and answers with the outcomes, until the socket closes. Whoever is at the other end may
 * write: look at its certificate before. Reads no further while `unansweredMax` or
 * `unansweredBytesMax` is reached or the answers are not read. Destroys the socket, with a `RaftError`
 * `BAD_INPUT`, over what is no proposal or larger than `entryBytesMax`.
 */
export function serveProposals(
  node: Pick<RaftNode, 'propose'>,
  socket: Socket,
  options: Omit<RemoteOptions, 'timeoutMs'> = {},
): void {
  const limits = { ...remoteDefaults, ...options };
  const cutter = new FrameCutter(limits.entryBytesMax);
  let unanswered = 0;
  let unansweredBytes = 0;
  const goOn = (): void => {
    const isFull =
      unanswered >= limits.unansweredMax ||
      unansweredBytes >= limits.unansweredBytesMax ||
      socket.writableNeedDrain;
    if (isFull) socket.pause();
    else if (socket.isPaused()) socket.resume();
  };
  const propose = async (number: number, data: Uint8Array): Promise<void> => {
    unanswered++;
    unansweredBytes += data.length;
    const outcome = await node.propose(data);
    unanswered--;
    unansweredBytes -= data.length;
    if (socket.destroyed) return;
    writeTogether(socket, frame(number, encodeOutcome(outcome)));
    goOn();
  };
  socket.on('error', () => socket.destroy());
  socket.on('drain', goOn);
  socket.on('data', (piece: Uint8Array) => {
    try {
      for (const { number, body } of cutter.cut(piece)) void propose(number, body);
    } catch (error) {
      socket.destroy(error as Error);
      return;
    }
    goOn();
  });
}
