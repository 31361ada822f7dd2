import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import type { HostAddress } from './advertise.ts';

/** The addresses of this host's interfaces, now. */
export function hostAddresses(): readonly HostAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([interfaceName, infos]) =>
    (infos ?? []).map((info) => ({
      interfaceName,
      address: info.address,
      isIpv6: info.family === 'IPv6',
      isLocal:
        info.internal || info.address.startsWith('169.254.') || info.address.startsWith('fe80:'),
    })),
  );
}

/** The address this host would send from to reach `host`. Sends nothing. */
export function addressTowards(host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    const done = (address: string | undefined): void => {
      socket.close();
      resolve(address);
    };
    socket.once('error', () => done(undefined));
    socket.connect(9, host, () => done(socket.address().address));
  });
}
