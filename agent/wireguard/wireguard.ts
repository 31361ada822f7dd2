import { backoffMs, messageOf } from '#lib';
import type { Clock, Counter, Logger, Metrics, Ms, Random, Timer } from '#lib';
import type { NetworkHost, TunnelKey } from '#proto';
import type { NetworkConsumer, ViewSource } from '../network-view/consumer.ts';
import { hostKey } from '../network-view/view.ts';
import type { NetworkView, ViewChanges } from '../network-view/view.ts';
import { ruleLines, slotLines } from './device.ts';
import type { KeyStore } from './key-store.ts';
import { keyStep, otherSlot, toldKeys } from './keys.ts';
import type { KeyPair, OwnKeys } from './keys.ts';
import { deviceConfig, isEncrypted, peerChanges, peersOf } from './peers.ts';
import type { Peers } from './peers.ts';
import { addressOfKey, slots, tunnelMtu, wireGuardPortOf } from './tunnel-address.ts';
import type { Slot } from './tunnel-address.ts';
import type { Tunnel } from './tunnel.ts';
import type { WireGuardHost } from './wireguard-host.ts';

export interface WireGuardOptions {
  readonly nodeId: string;
  readonly host: WireGuardHost;
  readonly store: KeyStore;
  /** A key sends for this long before it gets a successor. */
  readonly keyPeriodMs: Ms;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
}

const readPeriodMaxMs: Ms = 15_000;
/** A tunnel whose process was killed is missed after this long. */
const watchPeriodMs: Ms = 1_000;
const settleMaxMs: Ms = 30_000;
const mtuDefault = 1_500;
const beingSetUp = 'the tunnel is being set up';
const retry = { baseMs: 500, maxMs: 15_000, jitter: 0.3 } as const;

/**
 * The tunnels that packets of encrypted networks take between hosts: one WireGuard device with the keys
 * of all nodes on these networks, two while the own key is changed. Keeps them as the view says,
 * makes what is gone again, and changes the key in time.
 */
export class WireGuard implements NetworkConsumer, Tunnel {
  readonly name = 'wireguard';
  readonly #options: WireGuardOptions;
  #keys: OwnKeys;
  #view: NetworkView | undefined;
  /** The managers have spoken: until then nothing that an earlier life left is taken back. */
  #isTold = false;
  #problem = beingSetUp;
  #listener: () => void = () => undefined;
  /** Slots whose device stands as it should. */
  readonly #up = new Set<Slot>();
  /** Nothing is wanted, and nothing is there. */
  #isClean = false;
  #isDirty = false;
  #isStopped = false;
  #pass: Promise<void> | undefined;
  #timer: Timer | undefined;
  #watch: Timer | undefined;
  #failures = 0;
  /** Of the last try; told once. */
  #complaint = '';
  #toldSinceMs: Ms | undefined;
  #peerCount = 0;
  readonly #remade: Counter;
  readonly #rotated: Counter;

  constructor(options: WireGuardOptions, keys: OwnKeys) {
    this.#options = options;
    this.#keys = keys;
    const { metrics, clock } = options;
    const gauge = (name: string, help: string, read: () => number): void =>
      metrics.observedGauge(`tessera_wireguard_${name}`, help, read);
    gauge('devices', 'Tunnels of this host that stand.', () => this.#up.size);
    gauge('peers', 'Keys of other nodes that the tunnels know.', () => this.#peerCount);
    gauge('key_age_seconds', 'Age of the key that sends.', () =>
      Math.max(0, (clock.now() - this.#keys.used.createdAtMs) / 1_000),
    );
    this.#remade = metrics.counter(
      'tessera_wireguard_remade_total',
      'Tunnels that were gone or not as left, and were made again.',
    );
    this.#rotated = metrics.counter(
      'tessera_wireguard_rotations_total',
      'Times that the own key gave way to a new one.',
    );
  }

  /** With the keys of an earlier life, or new ones. RUNTIME_ERROR when they cannot be kept. */
  static async open(options: WireGuardOptions): Promise<WireGuard> {
    const { store, clock } = options;
    let keys = await store.load();
    if (keys === undefined) {
      keys = { used: store.make(0, clock.now()), other: undefined };
      await store.save(keys);
    }
    return new WireGuard(options, keys);
  }

  get address(): string {
    return addressOf(this.#keys.used);
  }

  get problem(): string {
    return this.#problem;
  }

  /** What other nodes need to reach this one. */
  get toldKeys(): readonly TunnelKey[] {
    return toldKeys(this.#keys);
  }

  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  /** Resolves after a try: a host that has no WireGuard holds nobody up. */
  async apply(
    view: NetworkView,
    { networks, hosts }: ViewChanges,
    source: ViewSource = 'managers',
  ): Promise<void> {
    this.#view = view;
    const isFirstWord = source === 'managers' && !this.#isTold;
    if (isFirstWord) this.#isTold = true;
    const isOurs = hosts.some(({ old, now }) => isEncrypted(view, (now ?? old)?.networkId ?? ''));
    if (isOurs || networks.length > 0 || isFirstWord) await this.#run();
  }

  /** The tunnels stay. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#watch?.cancel();
    await this.#pass;
  }

  /** This node on one of its encrypted networks. */
  #self(view: NetworkView): NetworkHost | undefined {
    for (const { id } of view.networks.values())
      if (isEncrypted(view, id)) {
        const self = view.hosts.get(hostKey(id, this.#options.nodeId));
        if (self !== undefined) return self;
      }
    return undefined;
  }

  #run(): Promise<void> {
    this.#isDirty = true;
    this.#pass ??= this.#loop().finally(() => {
      this.#pass = undefined;
    });
    return this.#pass;
  }

  async #loop(): Promise<void> {
    // What is told in the same turn goes together.
    await Promise.resolve();
    this.#timer?.cancel();
    const { clock, random, keyPeriodMs, log } = this.#options;
    let isDone = true;
    while (this.#isDirty && !this.#isStopped) {
      this.#isDirty = false;
      try {
        await this.#step();
        this.#failures = 0;
        this.#complaint = '';
        isDone = true;
      } catch (error) {
        isDone = false;
        this.#failures++;
        const complaint = messageOf(error);
        if (complaint !== this.#complaint)
          log.warn('the tunnels of this host are not as they should be', { complaint });
        this.#complaint = complaint;
      }
    }
    if (this.#isStopped) return;
    const pauseMs = isDone
      ? Math.min(readPeriodMaxMs, settleMs(keyPeriodMs))
      : backoffMs(retry, this.#failures - 1, random);
    this.#timer = clock.after(pauseMs, () => void this.#run());
    this.#keepWatch();
  }

  async #step(): Promise<void> {
    const view = this.#view;
    if (view === undefined) return;
    const self = this.#self(view);
    if (self === undefined && this.#isClean) return;
    this.#isClean = false;
    await this.#changeKeys(self);
    const { used, other } = this.#keys;
    const wanted = self === undefined ? [] : [used, ...(other === undefined ? [] : [other])];
    const peers = self === undefined ? new Map<string, string>() : peersOf(view, self.nodeId);
    this.#peerCount = peers.size;
    const mtu = self === undefined ? 0 : await this.#mtu(self.dataPathAddress);
    if (self === undefined) this.#tell(beingSetUp);
    const failures: unknown[] = [];
    for (const slot of slots) {
      const pair = wanted.find((one) => one.slot === slot);
      try {
        if (pair === undefined && this.#isTold) await this.#remove(slot);
        else if (pair !== undefined) await this.#settle(pair, mtu, peers);
        if (pair === used) this.#tell('');
      } catch (error) {
        this.#up.delete(slot);
        if (pair === used) this.#tell(messageOf(error));
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
    this.#isClean = self === undefined && this.#isTold;
  }

  async #mtu(dataPathAddress: string): Promise<number> {
    const uplink = await this.#options.host.uplinkMtu(dataPathAddress);
    return tunnelMtu(uplink ?? mtuDefault, dataPathAddress);
  }

  async #settle(pair: KeyPair, mtu: number, wanted: Peers): Promise<void> {
    const { host, log } = this.#options;
    const { slot, publicKey } = pair;
    const address = addressOf(pair);
    const reading = await host.read(slot);
    const isOurs =
      reading.publicKey === publicKey &&
      reading.port === wireGuardPortOf(slot) &&
      // An address that is gone may not come back: IPv6 was switched off on the device.
      reading.addresses.includes(address);
    if (!isOurs) {
      if (this.#up.delete(slot)) {
        this.#remade.inc();
        log.warn('a tunnel was gone and is made again', { slot });
      }
      await host.make(slot, deviceConfig(pair));
    }
    await host.route([
      ...slotLines(slot, address, mtu, isOurs ? reading : undefined),
      ...ruleLines(slot, address, reading.ruled),
    ]);
    const present = isOurs ? reading.peers : new Map<string, string>();
    const known = this.#isTold ? wanted : new Map([...wanted, ...present]);
    const { added, removed } = peerChanges(known, present);
    await host.changePeers(slot, added, removed);
    this.#up.add(slot);
  }

  async #remove(slot: Slot): Promise<void> {
    const { host } = this.#options;
    const { isThere, ruled } = await host.read(slot);
    this.#up.delete(slot);
    if (isThere || ruled.length > 0) await host.remove(slot);
  }

  /** One step of the own key's life, when it is time. */
  async #changeKeys(self: NetworkHost | undefined): Promise<void> {
    const { clock, store, keyPeriodMs, log } = this.#options;
    const { used, other } = this.#keys;
    const isTold = this.#isTold && self !== undefined && areSame(self.tunnelKeys, this.toldKeys);
    if (!isTold) this.#toldSinceMs = undefined;
    else this.#toldSinceMs ??= clock.monotonic();
    const step = keyStep(this.#keys, {
      nowMs: clock.now(),
      periodMs: keyPeriodMs,
      settleMs: settleMs(keyPeriodMs),
      isIdle: self === undefined,
      isOtherUp: other !== undefined && this.#up.has(other.slot),
      toldForMs:
        this.#toldSinceMs === undefined ? undefined : clock.monotonic() - this.#toldSinceMs,
    });
    if (step === 'none') return;
    const next: OwnKeys =
      step === 'make'
        ? { used, other: store.make(otherSlot(used.slot), clock.now()) }
        : step === 'use-other' && other !== undefined
          ? { used: other, other: used }
          : { used, other: undefined };
    // Kept before it is told: what others are told outlives us.
    await store.save(next);
    this.#keys = next;
    this.#toldSinceMs = undefined;
    log.info('the WireGuard key of this node changes', { step });
    if (step !== 'use-other') return;
    this.#rotated.inc();
    this.#listener();
  }

  #tell(problem: string): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#listener();
  }

  /** A process that was killed takes its device along. */
  #keepWatch(): void {
    this.#watch?.cancel();
    if (this.#up.size === 0) return;
    const { clock, host } = this.#options;
    this.#watch = clock.after(watchPeriodMs, () => {
      if (this.#isStopped) return;
      if ([...this.#up].every((slot) => host.isThere(slot))) this.#keepWatch();
      else void this.#run();
    });
  }
}

const settleMs = (keyPeriodMs: Ms): Ms => Math.min(settleMaxMs, keyPeriodMs / 10);

const addressOf = ({ publicKey }: KeyPair): string =>
  addressOfKey(Buffer.from(publicKey, 'base64'));

function areSame(a: readonly TunnelKey[], b: readonly TunnelKey[]): boolean {
  const text = (keys: readonly TunnelKey[]): string =>
    keys
      .map(({ publicKey, port }) => `${Buffer.from(publicKey).toString('base64')} ${port}`)
      .join();
  return text(a) === text(b);
}
