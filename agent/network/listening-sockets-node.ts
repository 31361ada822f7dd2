import { open } from 'node:fs/promises';
import type { ListeningSockets } from '../runtime/network-port.ts';
import { listeningSockets } from './listening-sockets.ts';
import type { SocketTable } from './listening-sockets.ts';

/** Listeners come first in their table: of a very long one the rest does not matter. Bytes. */
const tableMax = 512 * 1024;

const tables = [
  ['tcp', 'tcp'],
  ['tcp6', 'tcp'],
  ['udp', 'udp'],
  ['udp6', 'udp'],
] as const;

/** In the namespace of this process. Rejects with ENOENT when it is gone. */
export async function socketsOf(pid: number): Promise<ListeningSockets> {
  const read: SocketTable[] = [];
  for (const [name, protocol] of tables) {
    const text = await start(`/proc/${pid}/net/${name}`, name.endsWith('6'));
    read.push({ protocol, text });
  }
  return listeningSockets(read);
}

/** The first `tableMax` bytes; with `mayLack` a file that is not there is empty (no IPv6). */
async function start(path: string, mayLack: boolean): Promise<string> {
  try {
    await using file = await open(path);
    const parts: Buffer[] = [];
    for (let size = 0; size < tableMax; ) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(32 * 1024));
      if (bytesRead === 0) break;
      parts.push(buffer.subarray(0, bytesRead));
      size += bytesRead;
    }
    return Buffer.concat(parts).toString('latin1');
  } catch (error) {
    if (mayLack && (error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
