import { NetworkAttachmentConfig } from '#proto';
import { UsageError } from '../cli.ts';
import { parseFields } from './key-value.ts';

/** "NAME", or "name=NAME,alias=db,alias=cache,ip=10.1.0.5,ip=10.1.0.6". */
export function parseNetwork(flag: string, text: string): NetworkAttachmentConfig {
  if (text === '') throw new UsageError(`${flag} '': name a network`);
  if (!text.includes('=')) return NetworkAttachmentConfig.create({ network: text });
  let network = '';
  const aliases: string[] = [];
  const addresses: string[] = [];
  for (const [key, value = ''] of parseFields(flag, text)) {
    if (key === 'name') network = value;
    else if (key === 'alias') aliases.push(value);
    else if (key === 'ip') addresses.push(value);
    else
      throw new UsageError(
        `${flag} '${text}': field '${key}' is not known: use name, alias, ip (one for each slot)`,
      );
  }
  if (network === '') throw new UsageError(`${flag} '${text}': name is missing`);
  return NetworkAttachmentConfig.create({ network, aliases, addresses });
}
