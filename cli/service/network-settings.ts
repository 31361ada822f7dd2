/** How a service is reached: settings of one value. */
import { EndpointMode, EndpointSpec } from '#proto';
import type { ServiceSpec } from '#proto';
import { parseDuration } from '../parse/duration.ts';
import { parseWord } from '../parse/words.ts';

const modes = { vip: EndpointMode.VIP, dnsrr: EndpointMode.DNSRR };

export function setEndpointMode(spec: ServiceSpec, value: string, flag: string): ServiceSpec {
  const mode = parseWord(flag, value, modes);
  return { ...spec, endpoint: { ...(spec.endpoint ?? EndpointSpec.create()), mode } };
}

/** In whole seconds, rounded up; 0 turns it off. */
export function setSessionAffinity(spec: ServiceSpec, value: string, flag: string): ServiceSpec {
  const sessionAffinitySeconds = Math.ceil(parseDuration(flag, value) / 1000);
  return {
    ...spec,
    endpoint: { ...(spec.endpoint ?? EndpointSpec.create()), sessionAffinitySeconds },
  };
}
