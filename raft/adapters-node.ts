/**
 * `raft-ts/node`: the machine's disk, clock and chance, for the ports of `raft-ts`, and proposals from
 * other processes over a socket.
 */
import { randomInt } from 'node:crypto';
import type { Clock, Random } from './ports.ts';

export { AesLogCipher, logKeyId } from './log/cipher-node.ts';
export { nodeDisk } from './log/disk-node.ts';
export { ProposalClient } from './remote/client-node.ts';
export { remoteDefaults } from './remote/limits.ts';
export type { RemoteOptions } from './remote/limits.ts';
export { serveProposals } from './remote/server-node.ts';

/** Timers that do not keep the process alive. */
export function systemClock(): Clock {
  return {
    monotonic: () => performance.now(),
    after(delayMs, fn) {
      const handle = setTimeout(fn, delayMs);
      handle.unref();
      return { cancel: () => clearTimeout(handle) };
    },
    soon: (fn) => void setImmediate(fn),
  };
}

export function systemRandom(): Random {
  return { below: (bound) => randomInt(bound) };
}
