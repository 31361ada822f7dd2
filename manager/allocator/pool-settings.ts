import { assert, hash32, parseCidr } from '#lib';
import type { Cidr } from '#lib';
import type { Cluster } from '#proto';

const poolDefault = '10.0.0.0/8';
const subnetLengthDefault = 24;
const subnetLengthV6 = 64;

/** Where the subnets of a cluster come from. */
export interface PoolSettings {
  readonly v4: readonly Cidr[];
  readonly v4Length: number;
  /** The ingress network holds every node and every task that is published: it gets a larger one. */
  readonly ingressLength: number;
  readonly v6: Cidr;
  readonly v6Length: number;
}

function required(text: string): Cidr {
  const cidr = parseCidr(text);
  assert(cidr !== undefined, `${text} is not a CIDR, but is stored as a pool`);
  return cidr;
}

/** A /48 of fd00::/8 that is the cluster's own, from its id: RFC 4193. */
function ownPoolV6(clusterId: string): Cidr {
  const high = BigInt(hash32(`${clusterId}/a`) & 0xff);
  const low = BigInt(hash32(`${clusterId}/b`));
  const globalId = (high << 32n) | low;
  return { family: 6, base: (0xfdn << 120n) | (globalId << 80n), length: 48 };
}

export function poolSettings(cluster: Cluster | undefined): PoolSettings {
  const networks = cluster?.spec?.networks;
  const texts = networks?.addressPools ?? [];
  const v4 = (texts.length > 0 ? texts : [poolDefault]).map(required);
  const v4Length = networks?.subnetLength || subnetLengthDefault;
  const widest = Math.min(...v4.map(({ length }) => length));
  const poolV6 = networks?.addressPoolV6 ?? '';
  return {
    v4,
    v4Length,
    ingressLength: Math.min(v4Length, Math.max(v4Length - 8, widest + 4)),
    v6: poolV6 === '' ? ownPoolV6(cluster?.id ?? '') : required(poolV6),
    v6Length: subnetLengthV6,
  };
}
