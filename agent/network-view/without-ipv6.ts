import { NetworkChanges } from '#proto';

/**
 * What the managers tell, as a host without IPv6 needs it: networks have their IPv4 subnets alone, and
 * nobody an IPv6 address. Pure.
 */
export function withoutIpv6(message: NetworkChanges): NetworkChanges {
  return NetworkChanges.create({
    ...message,
    networks: message.networks.map((network) =>
      network.allocation === undefined
        ? network
        : {
            ...network,
            allocation: {
              ...network.allocation,
              subnets: network.allocation.subnets.filter(({ subnet }) => !subnet.includes(':')),
            },
          },
    ),
    hosts: message.hosts.map((host) =>
      host.addresses === undefined
        ? host
        : { ...host, addresses: { ...host.addresses, addressV6: '' } },
    ),
    endpoints: message.endpoints.map((endpoint) => ({ ...endpoint, addressV6: '' })),
    services: message.services.map((service) => ({ ...service, addressV6: '' })),
  });
}
