/** What both ends of a connection for proposals do with its socket. */
import type { Socket } from 'node:net';

/** Frames written in one turn of the event loop leave together. False: wait for `drain`. */
export function writeTogether(socket: Socket, bytes: Uint8Array): boolean {
  if (socket.writableCorked === 0) {
    socket.cork();
    process.nextTick(() => socket.uncork());
  }
  return socket.write(bytes);
}
