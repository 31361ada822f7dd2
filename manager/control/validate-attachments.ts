/** What a service says of networks, names and ports inside, looked at by itself: others are service-networks.ts's. */
import { formatIpAddress, parseIpAddress } from '#lib';
import { EndpointMode, EndpointModeNames, PublishMode, UpdateOrder } from '#proto';
import type { DnsConfig, NetworkAttachmentConfig, ServiceSpec, TaskSpec } from '#proto';
import { isNodeNetwork } from '../allocator/needs.ts';
import { invalid, quoted, requireCount, requireEnum, requireRange } from './invalid.ts';
import { limits } from './limits.ts';

const labelPattern = /^[a-zA-Z0-9_](?:[a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?$/;
const domainPattern = /^(?=.{1,253}$)[a-zA-Z0-9_-]{1,63}(?:\.[a-zA-Z0-9_-]{1,63})*\.?$/;
const optionPattern = /^[a-z0-9-]{1,32}(?::\d{1,5})?$/;
const affinitySecondsMax = 86_400;

/** The address written in the one way; INVALID_SPEC when it is none. */
function requireAddress(field: string, what: string, text: string): string {
  const address = parseIpAddress(text);
  if (address === undefined)
    throw invalid(field, `${what} ${quoted(text)} is not an IP address: write one, as in 10.1.0.5`);
  return formatIpAddress(address);
}

/** The attachment with its addresses written in the one way; what is wrong with it is said later. */
export function normaliseAttachment(one: NetworkAttachmentConfig): NetworkAttachmentConfig {
  const addresses = one.addresses.map((text) => {
    const address = parseIpAddress(text);
    return address === undefined ? text : formatIpAddress(address);
  });
  const network = isNodeNetwork(one.network.toLowerCase())
    ? one.network.toLowerCase()
    : one.network;
  return { ...one, network, addresses };
}

function validateAttachment(at: string, one: NetworkAttachmentConfig): void {
  if (one.network === '') throw invalid(`${at}.network`, '--network names no network');
  if (isNodeNetwork(one.network) && one.aliases.length + one.addresses.length > 0)
    throw invalid(at, `--network ${one.network} has no aliases and no addresses: leave them out`);
  requireCount(`${at}.aliases`, '--network alias', one.aliases, limits.aliasesMax);
  for (const alias of one.aliases)
    if (!labelPattern.test(alias))
      throw invalid(
        `${at}.aliases`,
        `--network alias ${quoted(alias)} is not a name: use letters, digits, - and _, at most 63`,
      );
  requireCount(`${at}.addresses`, '--network ip', one.addresses, limits.fixedAddressesMax);
  for (const address of one.addresses) requireAddress(`${at}.addresses`, '--network ip', address);
}

function validateFixedAddresses(spec: ServiceSpec): void {
  const fixed = (spec.task?.networks ?? []).flatMap(({ addresses }) => addresses);
  if (fixed.length === 0) return;
  const twice = fixed.find((address, at) => fixed.indexOf(address) !== at);
  if (twice !== undefined)
    throw invalid('spec.task.networks', `two --network ip are ${twice}: give each slot its own`);
  if (spec.mode?.kind !== 'replicated')
    throw invalid(
      'spec.task.networks',
      '--network ip= needs --mode replicated: slots have addresses',
    );
  if (spec.update?.order === UpdateOrder.START_FIRST)
    throw invalid(
      'spec.update.order',
      '--update-order start-first cannot be with --network ip=: the new task gets the address when' +
        ' the old one has stopped',
    );
}

function validateDns(dns: DnsConfig): void {
  const at = 'spec.task.dns';
  requireCount(`${at}.nameservers`, '--dns', dns.nameservers, limits.nameserversMax);
  for (const server of dns.nameservers) requireAddress(`${at}.nameservers`, '--dns', server);
  requireCount(`${at}.search`, '--dns-search', dns.search, limits.searchDomainsMax);
  for (const domain of dns.search)
    if (domain !== '.' && !domainPattern.test(domain))
      throw invalid(`${at}.search`, `--dns-search ${quoted(domain)} is not a domain`);
  requireCount(`${at}.options`, '--dns-option', dns.options, limits.dnsOptionsMax);
  for (const option of dns.options)
    if (!optionPattern.test(option))
      throw invalid(
        `${at}.options`,
        `--dns-option ${quoted(option)} is not an option: write it as in ndots:2`,
      );
}

function validateHosts(hosts: readonly string[]): void {
  requireCount('spec.task.hosts', '--host', hosts, limits.hostsMax);
  for (const line of hosts) {
    const colon = line.indexOf(':');
    if (colon <= 0 || !domainPattern.test(line.slice(0, colon)))
      throw invalid('spec.task.hosts', `--host ${quoted(line)}: write it as NAME:ADDRESS`);
    requireAddress('spec.task.hosts', `--host ${line.slice(0, colon)}`, line.slice(colon + 1));
  }
}

/** INVALID_SPEC for the first fault. */
export function validateAttachments(task: TaskSpec): void {
  requireCount('spec.task.networks', '--network', task.networks, limits.attachmentsMax);
  for (const [index, one] of task.networks.entries())
    validateAttachment(`spec.task.networks[${index}]`, one);
  const own = task.networks.find(({ network }) => isNodeNetwork(network));
  if (own !== undefined && task.networks.length > 1)
    throw invalid(
      'spec.task.networks',
      `--network ${own.network} goes alone: take the others away`,
    );
  if (task.dns !== undefined) validateDns(task.dns);
  validateHosts(task.hosts);
}

/** How the service is reached: its endpoint mode, affinity, and who may. */
export function validateEndpoint(spec: ServiceSpec): void {
  const { endpoint } = spec;
  const mode = endpoint?.mode ?? EndpointMode.VIP;
  requireEnum('spec.endpoint.mode', '--endpoint-mode', mode, EndpointModeNames);
  const ingress = endpoint?.ports.find((port) => port.mode === PublishMode.INGRESS);
  if (mode === EndpointMode.DNSRR && ingress !== undefined)
    throw invalid(
      'spec.endpoint.mode',
      `--endpoint-mode dnsrr cannot publish port ${ingress.targetPort} with mode ingress: use` +
        ' mode=host, or --endpoint-mode vip',
    );
  const own = spec.task?.networks.find(({ network }) => isNodeNetwork(network));
  if (ingress !== undefined && own !== undefined && own.network !== 'bridge')
    throw invalid(
      'spec.endpoint.ports',
      `--network ${own.network} and --publish ${ingress.targetPort} with mode ingress exclude one` +
        ' another: its tasks have no address of their own',
    );
  const seconds = endpoint?.sessionAffinitySeconds ?? 0;
  const field = 'spec.endpoint.session_affinity_seconds';
  requireRange(field, '--session-affinity (s)', seconds, 0, affinitySecondsMax);
  if (seconds > 0 && mode === EndpointMode.DNSRR)
    throw invalid(field, '--session-affinity needs --endpoint-mode vip: with dnsrr callers choose');
  requireCount('spec.allow_from', '--allow-from', spec.allowFrom, limits.allowFromMax);
  validateFixedAddresses(spec);
}
