import { ClusterError } from '#lib';
import { Protocol, ProtocolNames, PublishModeNames } from '#proto';
import type { PortConfig } from '#proto';
import { addressOf } from '#scheduler';
import { invalid, quoted, requireCount, requireEnum, requireRange } from './invalid.ts';
import { limits } from './limits.ts';

const ipv4Pattern = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
const ipv6Pattern = /^[0-9a-fA-F:]*:[0-9a-fA-F:]*:[0-9a-fA-F:.]*$/;
const addressLengthMax = 45;

function describe(port: PortConfig): string {
  const protocol = (ProtocolNames[port.protocol] ?? '').toLowerCase();
  const host = port.hostIp === '' ? '' : `${port.hostIp}:`;
  return `${host}${port.publishedPort}/${protocol}`;
}

function clash(a: PortConfig, b: PortConfig): boolean {
  const [one, other] = [addressOf(a), addressOf(b)];
  return (
    a.publishedPort === b.publishedPort &&
    a.protocol === b.protocol &&
    (one === other || one === '' || other === '')
  );
}

function validatePort(at: string, port: PortConfig): void {
  requireEnum(`${at}.protocol`, '--publish protocol', port.protocol, ProtocolNames);
  requireEnum(`${at}.mode`, '--publish mode', port.mode, PublishModeNames);
  requireRange(`${at}.target_port`, '--publish target', port.targetPort, 1, 65_535);
  if (port.publishedPort !== 0)
    requireRange(`${at}.published_port`, '--publish published', port.publishedPort, 1, 65_535);
  if (port.protocol === Protocol.SCTP)
    throw new ClusterError(
      'UNIMPLEMENTED',
      '--publish protocol sctp is not available in this version: use tcp or udp',
      { details: { field: `${at}.protocol` } },
    );
  // Looked at by its length first: the patterns take their time with a long one.
  if (port.hostIp.length > addressLengthMax)
    throw invalid(`${at}.host_ip`, '--publish host_ip is too long for an IP address');
  if (port.hostIp !== '' && !ipv4Pattern.test(port.hostIp) && !ipv6Pattern.test(port.hostIp))
    throw invalid(
      `${at}.host_ip`,
      `--publish host_ip ${quoted(port.hostIp)} is not an IP address: write one, or leave it out`,
    );
  if (port.name.length > limits.nameLengthMax)
    throw invalid(`${at}.name`, `--publish name is longer than ${limits.nameLengthMax} characters`);
}

/**
 * The published ports of one service. Two services may publish the same port of a host: the
 * scheduler keeps their tasks on different nodes.
 */
export function validatePorts(ports: readonly PortConfig[]): void {
  requireCount('spec.endpoint.ports', '--publish', ports, limits.portsMax);
  for (const [index, port] of ports.entries()) {
    validatePort(`spec.endpoint.ports[${index}]`, port);
    const earlier = ports
      .slice(0, index)
      .some((other) => other.publishedPort !== 0 && clash(port, other));
    if (earlier)
      throw invalid(
        `spec.endpoint.ports[${index}].published_port`,
        `two --publish ask for port ${describe(port)} of the host: give each its own`,
      );
  }
}
