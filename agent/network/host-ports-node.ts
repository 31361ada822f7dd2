/** Whether a port of this host is free: tried by listening on it for a moment. */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { Protocol } from '#proto';
import type { PortConfig } from '#proto';

function listens(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function binds(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ port, address: host, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}

/** False when another process of this host has it. SCTP is not tried. */
export async function isPortFree(port: PortConfig): Promise<boolean> {
  const host = port.hostIp === '' ? '0.0.0.0' : port.hostIp;
  if (port.protocol === Protocol.TCP) return await listens(port.publishedPort, host);
  if (port.protocol === Protocol.UDP) return await binds(port.publishedPort, host);
  return true;
}
