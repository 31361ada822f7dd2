import { PortConfig, Protocol, PublishMode } from '#proto';
import { UsageError } from '../cli.ts';
import { parseFields } from './key-value.ts';
import { parseWord } from './words.ts';

const protocols = { tcp: Protocol.TCP, udp: Protocol.UDP, sctp: Protocol.SCTP };
const modes = { ingress: PublishMode.INGRESS, host: PublishMode.HOST };

/**
 * "mode=host,published=8080,target=80,protocol=tcp", or short "[[IP:]PUBLISHED:]TARGET[/PROTOCOL]"
 * where both numbers may be ranges of the same length ("8080-8082:80-82").
 */
export function parsePorts(flag: string, text: string): PortConfig[] {
  return text.includes('=') ? [parseLong(flag, text)] : parseShort(flag, text);
}

function parseLong(flag: string, text: string): PortConfig {
  let port = PortConfig.create();
  for (const [key, value = ''] of parseFields(flag, text)) {
    if (key === 'mode') port = { ...port, mode: parseWord(`${flag} mode`, value, modes) };
    else if (key === 'protocol')
      port = { ...port, protocol: parseWord(`${flag} protocol`, value, protocols) };
    else if (key === 'target') port = { ...port, targetPort: portNumber(flag, text, value) };
    else if (key === 'published') port = { ...port, publishedPort: portNumber(flag, text, value) };
    else if (key === 'ip' || key === 'host_ip' || key === 'host-ip')
      port = { ...port, hostIp: value };
    else if (key === 'name') port = { ...port, name: value };
    else
      throw new UsageError(
        `${flag} '${text}': field '${key}' is not known: ` +
          `use mode, published, target, protocol, ip, name`,
      );
  }
  if (port.targetPort === 0) throw new UsageError(`${flag} '${text}': target is missing`);
  return port;
}

const shortForm =
  /^(?:(?:(\d+\.\d+\.\d+\.\d+|\[[0-9a-fA-F:.]+\]):)?(\d+(?:-\d+)?)?:)?(\d+(?:-\d+)?)(?:\/([a-z]+))?$/;

function parseShort(flag: string, text: string): PortConfig[] {
  const match = shortForm.exec(text);
  if (match === null)
    throw new UsageError(
      `${flag} '${text}': write it as PUBLISHED:TARGET, ` +
        `or mode=host,published=8080,target=80,protocol=tcp`,
    );
  const [, ip = '', publishedText, targetText = '', protocolText = 'tcp'] = match;
  const targets = portRange(flag, text, targetText);
  const published = publishedText === undefined ? [] : portRange(flag, text, publishedText);
  if (published.length > 0 && published.length !== targets.length)
    throw new UsageError(`${flag} '${text}': the two ranges have different lengths`);
  const protocol = parseWord(`${flag} '${text}' protocol`, protocolText, protocols);
  return targets.map((targetPort, index) =>
    PortConfig.create({
      targetPort,
      publishedPort: published[index] ?? 0,
      protocol,
      hostIp: ip.replace(/^\[|\]$/g, ''),
    }),
  );
}

function portNumber(flag: string, text: string, digits: string): number {
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new UsageError(`${flag} '${text}': port '${digits}' is not a number of 1 to 65535`);
}

function portRange(flag: string, text: string, range: string): number[] {
  const [low = '', high = low] = range.split('-');
  const first = portNumber(flag, text, low);
  const last = portNumber(flag, text, high);
  if (last < first) throw new UsageError(`${flag} '${text}': range ${range} runs backwards`);
  return Array.from({ length: last - first + 1 }, (_, step) => first + step);
}
