/**
 * Everything that runs on a host while it is in a cluster: the agent always, a manager when the
 * certificate says so. Follows the cluster's wishes (role, list of managers) and renews the certificate.
 */
import { Bell, ClusterError, messageOf, sleep } from '#lib';
import type { Gauge } from '#lib';
import type { SeedState } from '#manager';
import { effectiveRole, renewalAtMs, renewalRetryMs } from '#manager';
import { readNodeCertificate } from '#manager/ca/certificates-node';
import { NodeRole } from '#proto';
import type { ControlService, Handlers, SessionInfo } from '#proto';
import { Channels } from './channels-node.ts';
import type { CertificateMaker } from './founding.ts';
import { renewCertificate } from './joining-node.ts';
import { ManagerHost } from './manager-host-node.ts';
import type { NodeFiles, NodeRecord } from './node-record.ts';
import type { TlsMaterial } from './peer-identity.ts';
import { splitHostPort } from './advertise.ts';
import { forceNewCluster, rejoin, updateAddress } from './member-operations-node.ts';
import type { MemberHands } from './member-operations-node.ts';
import { requireSameStore } from './store-choice.ts';
import type { AgentPart, Basics, FirstObjects, MakeAgent, MakeStoredManager } from './ports.ts';
import type { MemberOperations, MemberPart } from './ports.ts';

const managersMax = 64;
const leaveDeadlineMs = 5_000;
/** Timers cannot wait longer than 24 days; a certificate is looked at once a day. */
const renewalLookMs = 24 * 60 * 60 * 1000;

export interface MemberOptions extends Basics {
  readonly record: NodeRecord;
  readonly material: TlsMaterial;
  readonly first: FirstObjects | undefined;
  readonly seed?: SeedState | undefined;
  readonly hostname: string;
  /** Where this daemon keeps the state as a manager; see `storeName`. */
  readonly storeName: string;
  readonly files: NodeFiles;
  readonly certificates: CertificateMaker;
  readonly makeAgent: MakeAgent;
  readonly makeManager: MakeStoredManager;
}

export class Member implements MemberPart {
  readonly #options: MemberOptions;
  readonly #channels: Channels;
  readonly #stopping = new AbortController();
  readonly #bell = new Bell();
  #record: NodeRecord;
  #material: TlsMaterial;
  #first: FirstObjects | undefined;
  #seed: SeedState | undefined;
  #agent: AgentPart | undefined;
  #host: ManagerHost | undefined;
  #work: Promise<unknown> = Promise.resolve();
  #turn: Promise<unknown> = Promise.resolve();
  #wantedRole: NodeRole;
  /** What the managers hold this node for: a manager's member of Raft is in use, or about to join. */
  #heldFor: NodeRole;
  /** They took it out since: the log here is that of a removed member and must not be used again. */
  #isLetGo = false;
  #hasSession = false;
  #stored: Promise<void> = Promise.resolve();
  #error = '';
  #renewAtMs: number;
  readonly #expiry: Gauge;

  constructor(options: MemberOptions) {
    this.#options = options;
    this.#record = options.record;
    this.#material = options.material;
    this.#first = options.first;
    this.#seed = options.seed;
    this.#channels = new Channels(options.material);
    this.#wantedRole = options.record.role;
    this.#heldFor = options.record.role;
    const validity = readNodeCertificate(options.material.certificatePem);
    this.#renewAtMs = renewalAtMs(validity, options.random);
    this.#expiry = options.metrics.gauge(
      'tessera_certificate_expiry_seconds',
      "When this node's certificate ends, seconds since the epoch.",
    );
    this.#expiry.set(validity.notAfterMs / 1000);
  }

  get record(): NodeRecord {
    return this.#record;
  }
  /** Of a manager that runs, or starts for the first time; one that could not start has `error` until it can. */
  get control(): Handlers<typeof ControlService> | undefined {
    if (this.#error !== '') return undefined;
    return this.#record.role === NodeRole.MANAGER ? this.#host?.control : undefined;
  }
  get isLeader(): boolean {
    return this.#host?.manager.isLeader() ?? false;
  }
  get leader(): { readonly nodeId: string; readonly address: string } | undefined {
    return this.#host?.manager.leader();
  }
  get hasSession(): boolean {
    return this.#hasSession;
  }
  get error(): string {
    return this.#error;
  }
  get problem(): string {
    return this.#agent?.problem ?? '';
  }
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  whyNotLeave(): string | undefined {
    return this.#host?.manager.whyNotLeave();
  }

  /** What an operator may do to this node; each in its turn. */
  readonly operations: MemberOperations = {
    forceNewCluster: (isForced) => this.#inTurn(() => forceNewCluster(this.#hands(), isForced)),
    rejoin: () => this.#inTurn(() => rejoin(this.#hands())),
    updateAddress: (change) => this.#inTurn(() => updateAddress(this.#hands(), change)),
  };

  #hands(): MemberHands {
    return {
      ...this.#options,
      record: this.#record,
      error: this.#error,
      signal: this.signal,
      host: () => this.#host,
      channelFor: this.#channels.channelFor,
      stopHost: async () => {
        await this.#host?.stop();
        this.#host = undefined;
      },
      startManager: () => this.#startManager(),
      useRecord: async (record) => {
        this.#record = record;
        await this.#options.files.saveNode(record);
      },
      useMaterial: async (material) => {
        await this.#use(material);
        // Nothing of the certificate before goes on: it may have run out.
        this.#channels.rotate(this.#material);
      },
      restartAgent: async () => {
        await this.#agent?.stop();
        this.#agent = this.#makeAgent();
        await this.#agent.start();
      },
    };
  }

  /** One at a time: what starts and stops the manager. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const own = this.#turn.then(work);
    this.#turn = own.catch(() => undefined);
    return own;
  }

  /** Agent and manager start side by side; a manager that cannot start is tried again later. */
  async start(): Promise<void> {
    this.#agent = this.#makeAgent();
    // A worker's log is one that a killed demotion has left: its member is removed, never to be used again.
    const manager =
      this.#record.role === NodeRole.MANAGER ? this.#startManager() : this.#wipeManager();
    await Promise.all([this.#agent.start(), manager.catch((error) => this.#blame(error))]);
    this.#work = Promise.all([this.#follow(), this.#watchRenewal()]);
  }

  #makeAgent(): AgentPart {
    return this.#options.makeAgent({
      ...this.#options,
      nodeId: this.#record.nodeId,
      address: splitHostPort(this.#record.advertiseAddress, 0, '--advertise-addr').host,
      dataPathAddress: this.#record.dataPathAddress,
      directory: this.#options.files.agentDirectory,
      channelFor: this.#channels.channelFor,
      sessionSocketFor: this.#channels.sessionSocketFor,
      managerAddresses: this.#knownManagers(),
      onSession: (session) => this.#onSession(session),
    });
  }

  /** Containers keep running. */
  async stop(): Promise<void> {
    this.#stopping.abort(new ClusterError('CANCELLED', 'this node is stopping'));
    // All at once: a manager that waits to be taken in holds up the work.
    await Promise.allSettled([this.#work, this.#agent?.stop(), this.#host?.stop()]);
    await this.#host?.stop();
    this.#channels.close();
  }

  /** Stops the tasks of this node and tells the managers, as far as they can be reached. */
  async leave(): Promise<void> {
    const { log } = this.#options;
    await this.#agent?.drainAll().catch((error: unknown) => {
      log.warn('tasks were not all stopped', { reason: messageOf(error) });
    });
    const deadline = AbortSignal.timeout(leaveDeadlineMs);
    await this.#host?.manager.leaveMembership(deadline).catch((error: unknown) => {
      log.warn('could not leave the managers', { reason: messageOf(error) });
    });
    await this.stop();
  }

  async #startManager(): Promise<void> {
    requireSameStore(this.#record.store, this.#options.storeName);
    const { files } = this.#options;
    const host = new ManagerHost({
      ...this.#options,
      record: this.#record,
      material: this.#material,
      directory: files.managerDirectory,
      keyring: files.keyring,
      resealFiles: () => this.#store(() => this.#material),
      channelFor: this.#channels.channelFor,
      socketFor: this.#channels.socketFor,
      first: this.#first,
      seed: this.#seed,
    });
    this.#host = host;
    try {
      await host.start();
    } catch (error) {
      this.#host = undefined;
      await host.stop().catch(() => undefined);
      throw error;
    }
    this.#error = '';
    if (this.#first !== undefined) await files.saveFirst(undefined);
    this.#first = undefined;
    this.#seed = undefined;
    host.keepKeys();
  }

  /** One after another: a change of keys must not bring back the certificate before the last. */
  #store(material: () => TlsMaterial): Promise<void> {
    const stored = this.#stored.then(async () => {
      const next = material();
      await this.#options.files.saveMaterial(next);
      this.#material = next;
    });
    this.#stored = stored.catch(() => undefined);
    return stored;
  }

  /** A manager no more. Workers are never locked: nobody is there to unlock them. */
  async #wipeManager(): Promise<void> {
    const { keyring } = this.#options.files;
    await this.#options.files.wipeManager();
    if (keyring.lockVersion > 0) await keyring.relock(undefined, 0);
    if (!keyring.isRotating) return;
    await this.#store(() => this.#material);
    await keyring.dropOld();
  }

  async #stopManager(): Promise<void> {
    await this.#host?.stop();
    this.#host = undefined;
    await this.#wipeManager();
  }

  #blame(error: unknown): void {
    this.#error = messageOf(error);
    this.#options.log.error('the manager cannot start', { reason: this.#error, err: error });
    this.#bell.ring();
  }

  #onSession(session: SessionInfo): void {
    this.#hasSession = true;
    if (session.node !== undefined) {
      this.#wantedRole = effectiveRole(session.node);
      this.#noteRole(session.node.role);
    }
    const managers = session.managerAddresses.slice(0, managersMax);
    if (managers.length > 0) this.#record = { ...this.#record, managerAddresses: managers };
    this.#bell.ring();
  }

  /**
   * `node.role` becomes WORKER only after Raft has let the node go. When it is promoted again before
   * this daemon heard of that, the wanted role alone would not tell.
   */
  #noteRole(role: NodeRole): void {
    const wasManager = this.#heldFor === NodeRole.MANAGER;
    if (role === NodeRole.WORKER && wasManager && !this.isLeader) this.#isLetGo = true;
    this.#heldFor = role;
  }

  /** Level-triggered: brings certificate, manager and record to what the last session told. */
  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    const { clock, random, log, files } = this.#options;
    let saved = this.#record;
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#bell.wait(signal);
        if (this.#record !== saved) await files.saveNode(this.#record);
        saved = this.#record;
        await this.#inTurn(() => this.#followRole());
        saved = this.#record;
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        log.warn('could not follow the role', { reason: messageOf(error) });
        await sleep(clock, Math.min(10_000, renewalRetryMs(failures++, random)), signal).catch(
          () => undefined,
        );
        this.#bell.ring();
      }
    }
  }

  async #followRole(): Promise<void> {
    if (this.#isLetGo) await this.#stopManager();
    this.#isLetGo = false;
    const wanted = this.#wantedRole;
    const held = readNodeCertificate(this.#material.certificatePem).role;
    // The managers take a node for one of them only once it has asked for its certificate.
    const isAskedFor = wanted !== NodeRole.MANAGER || this.#heldFor === NodeRole.MANAGER;
    if (held !== wanted || !isAskedFor) await this.#renew();
    const { role } = readNodeCertificate(this.#material.certificatePem);
    if (role !== this.#record.role) {
      if (role === NodeRole.MANAGER) await this.#options.files.wipeManager();
      this.#record = { ...this.#record, role };
      await this.#options.files.saveNode(this.#record);
      this.#options.log.info('role changed', { isManager: role === NodeRole.MANAGER });
    }
    if (role === NodeRole.MANAGER && this.#host === undefined)
      await this.#startManager().catch((error: unknown) => {
        this.#error = messageOf(error);
        throw error;
      });
    if (role === NodeRole.WORKER && this.#host !== undefined) await this.#stopManager();
  }

  async #watchRenewal(): Promise<void> {
    const { clock, random, log } = this.#options;
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted; ) {
      try {
        const waitMs = Math.max(0, this.#renewAtMs - clock.now());
        await sleep(clock, Math.min(waitMs, renewalLookMs), signal);
        if (clock.now() < this.#renewAtMs) continue;
        await this.#renew();
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        log.warn('certificate not renewed', { reason: messageOf(error) });
        await sleep(clock, renewalRetryMs(failures++, random), signal).catch(() => undefined);
      }
    }
  }

  /** A new key and certificate: on disk first, then in use, with no restart. */
  async #renew(): Promise<void> {
    const { certificates } = this.#options;
    const { keyPem, csrDer } = await certificates.makeKeyAndRequest();
    const response = await renewCertificate(
      this.#renewalManagers(),
      this.#channels.channelFor,
      csrDer,
      this.#stopping.signal,
    );
    const { certificatePem, rootCertificatePem: rootPem } = response;
    await this.#use({ keyPem, certificatePem, rootPem });
  }

  async #use(material: TlsMaterial): Promise<void> {
    const { log, random } = this.#options;
    await this.#store(() => material);
    this.#channels.rotate(material);
    this.#host?.rotate(material);
    const validity = readNodeCertificate(material.certificatePem);
    this.#expiry.set(validity.notAfterMs / 1000);
    this.#renewAtMs = renewalAtMs(validity, random);
    log.info('certificate renewed', { notAfterMs: validity.notAfterMs });
  }

  /** A manager's agent can always ask its own: the others may be gone for good. */
  #knownManagers(): readonly string[] {
    const { role, advertiseAddress, managerAddresses } = this.#record;
    const own = role === NodeRole.MANAGER ? [advertiseAddress] : [];
    return [...new Set([...managerAddresses, ...own])];
  }

  #renewalManagers(): readonly string[] {
    const isManager = this.#host !== undefined && this.#wantedRole === NodeRole.MANAGER;
    const own = isManager ? [this.#record.advertiseAddress] : [];
    return [...new Set([...own, ...this.#record.managerAddresses])];
  }
}
