import { ClusterError, deferred, messageOf, sleep } from '#lib';
import { parseUnlockKey } from '#manager';
import { ControlService, InfoResponse, JoinResponse, LeaveResponse, LocalState } from '#proto';
import { NodeRole, UnlockResponse } from '#proto';
import type { Handlers, InitRequest, InitResponse, JoinRequest, LeaveRequest } from '#proto';
import type { LocalService, UnlockRequest } from '#proto';
import type { SeedState } from '#manager';
import { advertiseAddress, dataPathAddress, listenAddress, splitHostPort } from './advertise.ts';
import type { HostAddress } from './advertise.ts';
import { decodeFirst, encodeFirst } from './first-objects.ts';
import { found, initResponse } from './founding.ts';
import type { CertificateMaker, FoundOptions } from './founding.ts';
import { Joiner, prepareJoin } from './joiner.ts';
import type { JoinAnswer, RequestCertificate } from './joiner.ts';
import type { NodeFiles, NodeRecord } from './node-record.ts';
import { operationHandlers } from './operation-handlers.ts';
import type { TlsMaterial } from './peer-identity.ts';
import type { Basics, FirstObjects, MemberPart } from './ports.ts';
import type { Restored } from './restoring.ts';
import { alreadyInCluster, changing, delegating, locked, lockedLeave } from './refusals.ts';
import { managerDown, notInCluster, notManager, refuseLeaving } from './refusals.ts';

const joinWaitMs = 20_000;
const sessionPollMs = 20;
const unlockWaitMs = 10_000;

export interface DaemonOptions extends Basics {
  readonly files: NodeFiles;
  readonly hostname: string;
  /** Where this daemon keeps the state as a manager; see `storeName`. */
  readonly storeName: string;
  readonly version: string;
  readonly pid: number;
  readonly hostAddresses: () => readonly HostAddress[];
  /** This host's address on the way to `host`; undefined when there is no way. */
  readonly addressTowards: (host: string) => Promise<string | undefined>;
  readonly certificates: CertificateMaker;
  readonly requestCertificate: RequestCertificate;
  /** Checks a backup and makes a first manager of it; real: `restore` in `restoring-node.ts`. */
  readonly restore: (options: FoundOptions) => Promise<Restored>;
  readonly makeMember: (start: MemberStart) => MemberPart;
}

/** What a member of a cluster starts from. */
export interface MemberStart {
  readonly record: NodeRecord;
  readonly material: TlsMaterial;
  readonly first: FirstObjects | undefined;
  /** The state of a backup that this member begins with, at its first start. */
  readonly seed?: SeedState | undefined;
}

type State =
  | { readonly kind: 'inactive' }
  /** Starting, making a cluster, leaving one. */
  | { readonly kind: 'changing' }
  | { readonly kind: 'joining'; readonly joiner: Joiner; readonly done: Promise<JoinResponse> }
  /** A manager's disk is there, its key is not: nothing of the cluster runs but the containers. */
  | { readonly kind: 'locked' }
  | { readonly kind: 'active'; readonly member: MemberPart };

/** What this host is in a cluster: nothing, joining, or a member. One change at a time. */
export class Daemon {
  readonly #options: DaemonOptions;
  readonly #operations: ReturnType<typeof operationHandlers>;
  #state: State = { kind: 'inactive' };
  /** What a person must look at; shown by Info. */
  #error = '';
  #isStopped = false;
  /** What the disk says has been read. */
  readonly #loaded = deferred<void>();

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.#operations = operationHandlers(() => this.#member(), options.hostAddresses);
  }

  /**
   * Takes up what the disk says: a membership, or a join that was not finished. Never rejects: what is
   * wrong is told by Info, and can be left by force.
   */
  async start(): Promise<void> {
    this.#state = { kind: 'changing' };
    await this.#start();
  }

  async #start(): Promise<void> {
    try {
      await this.#resume();
    } catch (error) {
      this.#error = messageOf(error);
      this.#options.log.error('the state of this node cannot be taken up', { err: error });
      if (this.#state.kind === 'changing') this.#state = { kind: 'inactive' };
    } finally {
      this.#loaded.resolve();
    }
  }

  async #resume(): Promise<void> {
    const { files } = this.#options;
    const record = await files.loadNode();
    if (record !== undefined && (await files.openKeys()) === 'locked') {
      this.#state = { kind: 'locked' };
      this.#options.log.warn('this manager is locked and waits for its unlock key');
      return;
    }
    const material = record === undefined ? undefined : await files.loadMaterial();
    if (record !== undefined && material !== undefined) {
      await files.saveJoin(undefined);
      const bytes = await files.loadFirst();
      const first = bytes === undefined ? undefined : decodeFirst(bytes);
      const isOurs = first?.cluster.id === record.clusterId;
      await this.#activate({ record, material, first: isOurs ? first : undefined });
      return;
    }
    const join = await files.loadJoin();
    if (join === undefined) this.#state = { kind: 'inactive' };
    else void this.#join(new Joiner({ ...this.#options, join }));
  }

  /** Containers keep running; the next start takes everything up again. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const state = this.#state;
    if (state.kind === 'active') await state.member.stop();
    if (state.kind === 'joining') {
      state.joiner.cancel();
      await state.done.catch(() => undefined);
    }
  }

  /** What a person must look at; empty when all is well. */
  get error(): string {
    if (this.#state.kind === 'locked') return locked().message;
    if (this.#state.kind !== 'active') return this.#error;
    return this.#state.member.error || this.#state.member.problem;
  }

  /** For the local socket. */
  handlers(): Handlers<typeof LocalService> {
    return {
      info: async () => {
        await this.#loaded.promise;
        return this.#info();
      },
      init: (request) => this.#init(request),
      join: (request) => this.#joinCluster(request),
      leave: (request) => this.#leave(request),
      ...this.#operations,
      unlock: (request) => this.#unlock(request),
    };
  }

  /** The control API for the local socket: this manager's, or why there is none. */
  control(): Handlers<typeof ControlService> {
    return delegating(ControlService, () => {
      if (this.#state.kind === 'changing') throw changing();
      if (this.#state.kind === 'locked') throw locked();
      if (this.#state.kind !== 'active') throw notInCluster();
      const { control, record, error } = this.#state.member;
      if (control !== undefined) return control;
      throw record.role === NodeRole.MANAGER ? managerDown(error) : notManager();
    });
  }

  #refuseUnlessInactive(): void {
    if (this.#state.kind === 'changing') throw changing();
    if (this.#state.kind === 'locked') throw locked();
    if (this.#state.kind !== 'inactive' || this.#error !== '') throw alreadyInCluster();
  }

  #info(): InfoResponse {
    const { version, pid } = this.#options;
    const base = { tesseraVersion: version, pid, error: this.#error };
    const state = this.#state;
    if (state.kind === 'inactive')
      return InfoResponse.create({
        ...base,
        state: this.#error === '' ? LocalState.INACTIVE : LocalState.ERROR,
      });
    if (state.kind === 'locked') return InfoResponse.create({ ...base, state: LocalState.LOCKED });
    if (state.kind !== 'active') {
      const error = state.kind === 'joining' ? state.joiner.lastError : '';
      return InfoResponse.create({ ...base, error, state: LocalState.PENDING });
    }
    const { record, leader, isLeader, error } = state.member;
    return InfoResponse.create({
      ...base,
      error: this.error,
      state: error === '' ? LocalState.ACTIVE : LocalState.ERROR,
      nodeId: record.nodeId,
      clusterId: record.clusterId,
      role: record.role,
      address: record.advertiseAddress,
      isLeader,
      leaderId: leader?.nodeId ?? '',
      managerAddresses: [...record.managerAddresses],
    });
  }

  async #init(request: InitRequest): Promise<InitResponse> {
    if (request.forceNewCluster) return this.#operations.forceNewCluster(request);
    await this.#loaded.promise;
    this.#refuseUnlessInactive();
    this.#state = { kind: 'changing' };
    const { files } = this.#options;
    try {
      // What a leave that was killed half-way has left must not become part of the new cluster.
      await files.wipe();
      const listen = listenAddress(request.listenAddress, this.#options.hostAddresses());
      const options = {
        ...this.#options,
        request,
        listenAddress: listen,
        dataPathAddress: dataPathAddress(request.dataPathAddress, this.#options.hostAddresses()),
        advertiseAddress: advertiseAddress(
          request.advertiseAddress,
          splitHostPort(listen, 0, '--listen-addr'),
          this.#options.hostAddresses(),
        ),
      };
      const isRestore = request.restorePath !== '';
      return await (isRestore ? this.#restore(options) : this.#found(options));
    } catch (error) {
      const state = this.#state as State;
      if (state.kind === 'active') await state.member.stop();
      await files.wipe();
      this.#state = { kind: 'inactive' };
      throw error;
    }
  }

  async #found(options: FoundOptions): Promise<InitResponse> {
    const { files } = this.#options;
    const { record, material, first } = await found(options);
    const { lock } = first.cluster;
    await files.createKeys(lock);
    await files.saveFirst(encodeFirst(first));
    await files.saveMaterial(material);
    await files.saveNode(record);
    await this.#activateWhole({ record, material, first });
    return initResponse(record, first.cluster.rootCa?.joinTokens, [], lock);
  }

  async #restore(options: FoundOptions): Promise<InitResponse> {
    const { files } = this.#options;
    const { record, material, seed, tokens, notes } = await this.#options.restore(options);
    await files.createKeys();
    await files.saveMaterial(material);
    await this.#activateWhole({ record, material, first: undefined, seed });
    // Last: a host that is killed before has no node.json and is in no cluster.
    await files.saveNode(record);
    return initResponse(record, tokens, notes);
  }

  async #member(): Promise<MemberPart> {
    await this.#loaded.promise;
    if (this.#state.kind === 'changing') throw changing();
    if (this.#state.kind === 'locked') throw locked();
    if (this.#state.kind !== 'active') throw notInCluster();
    return this.#state.member;
  }

  async #activateWhole(start: MemberStart): Promise<void> {
    const member = await this.#activate(start);
    if (member.error !== '') throw new ClusterError('FAILED_PRECONDITION', member.error);
  }

  async #joinCluster(request: JoinRequest): Promise<JoinResponse> {
    await this.#loaded.promise;
    this.#refuseUnlessInactive();
    this.#state = { kind: 'changing' };
    let joiner: Joiner;
    try {
      const join = await prepareJoin(request, this.#options);
      await this.#options.files.wipe();
      await this.#options.files.saveJoin(join);
      joiner = new Joiner({ ...this.#options, join });
    } catch (error) {
      this.#state = { kind: 'inactive' };
      throw error;
    }
    const done = this.#join(joiner);
    const timeout = deferred<never>();
    const timer = this.#options.clock.after(joinWaitMs, () =>
      timeout.reject(
        new ClusterError(
          'DEADLINE_EXCEEDED',
          `Timeout was reached before node joined. The attempt to join continues in the background${this.#soFar(joiner)}. 'tsctl info' shows its state, 'tsctl leave' ends it.`,
        ),
      ),
    );
    try {
      return await Promise.race([done, timeout.promise]);
    } finally {
      timer.cancel();
    }
  }

  #soFar(joiner: Joiner): string {
    const reason = this.error || joiner.lastError;
    return reason === '' ? '' : ` (so far: ${reason})`;
  }

  /** Runs until this host is a member, or the cluster has refused it. */
  #join(joiner: Joiner): Promise<JoinResponse> {
    const done = this.#finishJoin(joiner);
    this.#state = { kind: 'joining', joiner, done };
    done.catch((error: unknown) => {
      if (!this.#isStopped) this.#options.log.error('join failed', { reason: messageOf(error) });
    });
    return done;
  }

  async #finishJoin(joiner: Joiner): Promise<JoinResponse> {
    const { files, clock } = this.#options;
    let answer: JoinAnswer;
    try {
      answer = await joiner.run();
    } catch (error) {
      if (!joiner.isCancelled) {
        await files.saveJoin(undefined);
        this.#state = { kind: 'inactive' };
      }
      throw error;
    }
    await files.createKeys();
    await files.saveMaterial(answer.material);
    await files.saveNode(answer.record);
    await files.saveJoin(undefined);
    const member = await this.#activate({ ...answer, first: undefined });
    if (member.error !== '')
      throw new ClusterError(
        'FAILED_PRECONDITION',
        `joined, but not yet a manager: ${member.error}`,
      );
    while (!member.hasSession) await sleep(clock, sessionPollMs, member.signal);
    return JoinResponse.create({ nodeId: answer.record.nodeId, role: answer.record.role });
  }

  async #activate(start: MemberStart): Promise<MemberPart> {
    if (this.#isStopped) throw new ClusterError('CANCELLED', 'the daemon is stopping');
    const member = this.#options.makeMember(start);
    this.#state = { kind: 'active', member };
    this.#loaded.resolve();
    await member.start();
    return member;
  }

  /** A key that does not fit leaves everything as it is. */
  async #unlock(request: UnlockRequest): Promise<UnlockResponse> {
    await this.#loaded.promise;
    const { kind } = this.#state;
    if (kind === 'changing') throw changing();
    if (kind === 'inactive') throw notInCluster();
    if (kind !== 'locked') throw new ClusterError('FAILED_PRECONDITION', 'this node is not locked');
    this.#state = { kind: 'changing' };
    try {
      await this.#options.files.unlockKeys(parseUnlockKey(request.key));
    } catch (error) {
      this.#state = { kind: 'locked' };
      throw error;
    }
    this.#options.log.info('unlocked');
    // A manager that cannot start, or not soon, is told by Info, as after any restart.
    const waited = deferred<void>();
    const timer = this.#options.clock.after(unlockWaitMs, () => waited.resolve());
    await Promise.race([this.#start(), waited.promise]);
    timer.cancel();
    return UnlockResponse.create();
  }

  async #leave(request: LeaveRequest): Promise<LeaveResponse> {
    await this.#loaded.promise;
    const state = this.#state;
    const { files } = this.#options;
    if (state.kind === 'inactive') {
      if (this.#error === '') throw notInCluster();
      await files.wipe();
      this.#error = '';
      return LeaveResponse.create();
    }
    if (state.kind === 'changing') throw changing();
    if (state.kind === 'active' && !request.force) refuseLeaving(state.member);
    if (state.kind === 'locked' && !request.force) throw lockedLeave();
    this.#state = { kind: 'changing' };
    if (state.kind === 'active') await state.member.leave();
    if (state.kind === 'joining') {
      state.joiner.cancel();
      await state.done.catch(() => undefined);
      this.#state = { kind: 'changing' };
    }
    await files.wipe();
    this.#state = { kind: 'inactive' };
    this.#options.log.info('left the cluster');
    return LeaveResponse.create();
  }
}
