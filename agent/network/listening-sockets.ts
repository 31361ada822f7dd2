/** What listens in a network namespace, from the kernel's tables of sockets (proc_net_tcp(5)). Pure. */
import type { ListeningSockets } from '../runtime/network-port.ts';

/** States of include/net/tcp_states.h, as the tables have them. */
const tcpListen = '0A';
/** Half open: the SYN is answered. */
const tcpSynReceived = '03';
/** A datagram socket that takes packets from anybody. */
const udpUnconnected = '07';

/** The text of one table: header, then a socket a line. */
export interface SocketTable {
  readonly protocol: 'tcp' | 'udp';
  readonly text: string;
}

/** Sockets of the loopback are left out: nobody outside reaches them. */
export function listeningSockets(tables: readonly SocketTable[]): ListeningSockets {
  const waiting = new Map<string, number>();
  const halfOpen = new Map<string, number>();
  for (const { protocol, text } of tables)
    for (const line of text.split('\n').slice(1)) {
      const [, local = '', , state, queues = ''] = line.trim().split(/\s+/);
      const [address = '', port = ''] = local.split(':');
      const key = `${Number.parseInt(port, 16)}/${protocol}`;
      if (protocol === 'tcp' && state === tcpSynReceived) add(halfOpen, key, 1);
      if (state !== (protocol === 'tcp' ? tcpListen : udpUnconnected) || isLoopback(address))
        continue;
      const unaccepted = protocol === 'tcp' ? Number.parseInt(queues.split(':')[1] ?? '', 16) : 0;
      add(waiting, key, unaccepted || 0);
    }
  for (const [key, count] of halfOpen) if (waiting.has(key)) add(waiting, key, count);
  return waiting;
}

function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

/** Words of 32 bits in the machine's order, as the kernel prints them; all we run on is little endian. */
function isLoopback(address: string): boolean {
  if (address.length === 8) return address.endsWith('7F');
  return (
    address === '00000000000000000000000001000000' ||
    (address.startsWith('0000000000000000FFFF0000') && address.endsWith('7F'))
  );
}
