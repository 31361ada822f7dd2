import { packBackup } from '#proto/backup-node';
import { silentLogger, silentMetrics } from '#lib';
import type { Random } from '#lib';
import { NodeDescription } from '#proto';
import {
  Agent,
  ManagerAddresses,
  SimulatedFiles,
  SimulatedNetworks,
  SimulatedRuntime,
  SimulatedStorage,
} from '#agent';
import { Manager } from '#manager';
import type { CertificateSigner, FirstObjects, ManagerOptions } from '#manager';
import { orchestrationLoops } from '#manager/orchestration-loops';
import { memoryDisk } from 'raft-ts';
import type { MemoryDisk } from 'raft-ts';
import type { VirtualClock } from '#test/_support/virtual-clock';
import { SlowConsumer } from './cluster-networks.ts';
import { SimManagerLine, simMembershipClient, simTransport } from './cluster-line.ts';
import type { Hosts } from './cluster-line.ts';
import type { ClusterNetwork } from './cluster-network.ts';
import { SimProcess, guardPort } from './sim-process.ts';

export const clusterId = 'cluster1';

/** Certificates are not what this world is about. */
const noSigner: CertificateSigner = {
  sign: () => Promise.resolve(new Uint8Array([1])),
  nodeIdOf: () => Promise.resolve('unknown'),
};

export interface HostOptions {
  readonly id: string;
  readonly isManager: boolean;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly network: ClusterNetwork;
  readonly hosts: Hosts;
  /** Set on the one that founds the cluster. */
  readonly first: FirstObjects | undefined;
  readonly managerAddresses: readonly string[];
  /** Whether it takes tasks; default true. */
  readonly hasAgent?: boolean;
  /** Default: all of them. */
  readonly loops?: ManagerOptions['loops'];
  readonly raft?: NonNullable<ManagerOptions['raft']>;
  /** How many commits its store keeps for watches that resume. */
  readonly keep?: NonNullable<ManagerOptions['keep']>;
  /** The daemon found that it must not go on. */
  readonly onFailed: (host: SimHost, error: unknown) => void;
}

/** One host: disks, containers, and one daemon process after another. */
export class SimHost {
  readonly id: string;
  readonly isManager: boolean;
  readonly address: string;
  readonly clock: VirtualClock;
  readonly network: ClusterNetwork;
  readonly runtime: SimulatedRuntime;
  readonly networks: SimulatedNetworks;
  readonly files = new SimulatedFiles();
  readonly storage = new SimulatedStorage();
  process: SimProcess | undefined;
  manager: Manager | undefined;
  agent: Agent | undefined;
  /** Of the present agent. */
  consumer: SlowConsumer | undefined;
  readonly #options: HostOptions;
  readonly #disks: Readonly<Record<'member' | 'raft', MemoryDisk>>;
  #addresses: readonly string[];
  /** Wall clocks differ, in two of three hosts by up to 3 s. */
  readonly #skewMs: number;
  #boots = 0;
  #isLost = false;

  constructor(options: HostOptions) {
    const { id, clock, random } = options;
    this.#options = options;
    this.id = id;
    this.isManager = options.isManager;
    this.address = `${id}:7377`;
    this.clock = clock;
    this.network = options.network;
    this.runtime = new SimulatedRuntime({ clock, random: random.fork('runtime') });
    this.networks = new SimulatedNetworks(clock);
    this.#addresses = options.managerAddresses;
    const skew = random.fork('skew');
    this.#skewMs = skew.below(3) === 0 ? 0 : skew.below(6_000) - 3_000;
    const diskRandom = random.fork('disk');
    const before = (): Promise<void> => clock.wait(0.1 + diskRandom.next());
    this.#disks = { member: memoryDisk({ before }), raft: memoryDisk({ before }) };
  }

  get isUp(): boolean {
    return this.process !== undefined;
  }

  get isPaused(): boolean {
    return this.process?.isPaused === true;
  }

  /** Starts the daemon. Its containers, if any run, are those of the process before. */
  boot(): void {
    if (this.process !== undefined || this.#isLost) return;
    const process = new SimProcess(this.clock, this.#skewMs);
    const random = this.#options.random.fork(`boot${++this.#boots}`);
    this.process = process;
    if (this.isManager) this.#startManager(process, random.fork('manager'));
    if (this.#options.hasAgent !== false) this.#startAgent(process, random.fork('agent'));
  }

  /** SIGKILL of the daemon: containers run on. */
  kill(): void {
    this.#end(false);
  }

  /** The plug is pulled: nothing runs on, and what was not synced is at the mercy of the disk. */
  cutPower(): void {
    this.#end(true);
    for (const disk of Object.values(this.#disks)) disk.crash(this.#options.random);
    this.runtime.reboot();
    this.networks.reboot();
  }

  /** The host burns down. */
  lose(): void {
    this.#isLost = true;
    this.cutPower();
  }

  pause(): void {
    this.process?.pause();
  }

  resume(): void {
    this.process?.resume(this.#options.random);
  }

  #end(isSilent: boolean): void {
    if (this.process === undefined) return;
    this.process.kill();
    this.agent?.abandon();
    this.runtime.hangUp();
    this.process = undefined;
    this.manager = undefined;
    this.agent = undefined;
    this.network.reset(this.id, isSilent);
  }

  #startManager(process: SimProcess, random: Random): void {
    const { hosts, first, managerAddresses, raft, keep, onFailed } = this.#options;
    const manager = new Manager({
      nodeId: this.id,
      clusterId,
      address: this.address,
      clock: process.clock,
      random,
      log: silentLogger,
      metrics: silentMetrics,
      first,
      peers: managerAddresses,
      disk: (name) => guardPort(this.#disks[name], process),
      transport: (addressOf) => simTransport(this, process, hosts, addressOf),
      client: simMembershipClient(this, process, hosts),
      packBackup,
      signer: noSigner,
      loops: this.#options.loops ?? orchestrationLoops,
      ...(raft === undefined ? {} : { raft }),
      ...(keep === undefined ? {} : { keep }),
      onFailed: (error) => onFailed(this, error),
    });
    this.manager = manager;
    manager.start().catch((error: unknown) => {
      if (process.isAlive) onFailed(this, error);
    });
  }

  #startAgent(process: SimProcess, random: Random): void {
    const addresses = new ManagerAddresses(this.#addresses, random.fork('addresses'));
    this.consumer = new SlowConsumer(process.clock, random.fork('consumer'));
    this.agent = new Agent({
      nodeId: this.id,
      address: this.id,
      runtime: guardPort(this.runtime, process),
      networks: guardPort(this.networks, process),
      networkConsumers: [this.consumer],
      files: this.files,
      storage: this.storage,
      line: new SimManagerLine(this, process, this.#options.hosts, addresses),
      clock: process.clock,
      random,
      log: silentLogger,
      metrics: silentMetrics,
      describe: async () => {
        const info = await this.runtime.info(new AbortController().signal);
        const { platform, resources } = info;
        return NodeDescription.create({ hostname: this.id, platform, resources });
      },
      onSession: ({ managerAddresses }) => {
        if (managerAddresses.length > 0) this.#addresses = managerAddresses;
      },
    });
    this.agent.start();
  }
}
