import type { Ms, Random } from '#lib';
import type { Cluster } from '#proto';
import type { ReadTransaction } from '../store/types.ts';

/** What `heartbeat_period_ms` 0 stands for. */
const periodDefaultMs: Ms = 1000;
/** Heartbeats that one leader takes per second; beyond, the period is stretched. */
const heartbeatsPerSecondMax = 2000;
/** A node is given up after so many periods without a sign of life. */
const gracePeriods = 3;
/** Share of the period by which agents are told different ones, so that they do not beat as one. */
const periodJitter = 0.1;

/**
 * The period for `sessions` agents: the one asked for (0 = the default), doubled until all heartbeats
 * together fit. Doubling, so that agents are told anew only rarely.
 */
export function heartbeatPeriodMs(wantedMs: Ms, sessions: number): Ms {
  let periodMs = wantedMs > 0 ? wantedMs : periodDefaultMs;
  while ((sessions * 1000) / periodMs > heartbeatsPerSecondMax) periodMs *= 2;
  return periodMs;
}

/** What every agent is told, beside its own node. */
export class SharedInfo {
  readonly #leaderId: string;
  #managerAddresses: readonly string[] = [];
  #rootCertificatePem: Uint8Array = new Uint8Array(0);
  #wantedPeriodMs: Ms = 0;
  #periodMs: Ms = periodDefaultMs;

  constructor(leaderId: string) {
    this.#leaderId = leaderId;
  }

  /** host:port of the managers, the leader first. */
  get managerAddresses(): readonly string[] {
    return this.#managerAddresses;
  }

  get rootCertificatePem(): Uint8Array {
    return this.#rootCertificatePem;
  }

  get periodMs(): Ms {
    return this.#periodMs;
  }

  get graceMs(): Ms {
    return gracePeriods * this.#periodMs;
  }

  jitteredPeriodMs(random: Random): Ms {
    return this.#periodMs * (1 - periodJitter * random.next());
  }

  /** Takes over what the store says; answers whether agents must be told. */
  read(tx: ReadTransaction, sessions: number): boolean {
    let cluster: Cluster | undefined;
    for (const each of tx.list('cluster')) cluster ??= each;
    const addresses = this.#addresses(tx);
    const certificate = cluster?.rootCa?.certificatePem ?? new Uint8Array(0);
    const isSame =
      addresses.join() === this.#managerAddresses.join() &&
      Buffer.compare(certificate, this.#rootCertificatePem) === 0;
    this.#managerAddresses = addresses;
    this.#rootCertificatePem = certificate;
    this.#wantedPeriodMs = cluster?.spec?.heartbeatPeriodMs ?? 0;
    return this.stretch(sessions) || !isSame;
  }

  /** More agents, longer periods; answers whether the period has changed. */
  stretch(sessions: number): boolean {
    const before = this.#periodMs;
    this.#periodMs = heartbeatPeriodMs(this.#wantedPeriodMs, sessions);
    return this.#periodMs !== before;
  }

  #addresses(tx: ReadTransaction): readonly string[] {
    const leader: string[] = [];
    const others: string[] = [];
    for (const node of tx.list('node')) {
      const address = node.managerStatus?.address ?? '';
      if (address !== '') (node.id === this.#leaderId ? leader : others).push(address);
    }
    return [...leader, ...others];
  }
}
