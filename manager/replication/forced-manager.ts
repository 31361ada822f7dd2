import { ClusterError, sleep } from '#lib';
import type { Clock, Logger, Ms, Random } from '#lib';
import { NodeRole, NodeSpec } from '#proto';
import type { Node } from '#proto';
import type { Disk } from 'raft-ts';
import type { ReadTransaction, Store, WriteTransaction } from '../store/types.ts';
import { newRaftId, saveMember } from './member-file.ts';
import type { MemberRecord } from './member-file.ts';
import type { Replication } from './replication.ts';

const pollMs: Ms = 10;

/** What a manager found when it made itself the only one of its group. */
export interface ForcedManager {
  /** The last entry of its log: everything up to it is kept. */
  readonly lastIndex: number;
  readonly lastTerm: number;
  /** Up to here it knew that the group had committed. */
  readonly commit: number;
  /** When the newest change that is kept was made; 0 = unknown. */
  readonly lastEntryAtMs: Ms;
  /** Host names of the managers that are workers now. */
  readonly demoted: readonly string[];
}

/** When an object was changed last, by the clock of the leader that did it. */
function newestChangeMs(tx: ReadTransaction): Ms {
  let newest = 0;
  for (const table of ['cluster', 'node', 'service', 'task'] as const)
    for (const object of tx.list(table)) newest = Math.max(newest, object.meta?.updatedAtMs ?? 0);
  return newest;
}

function isManager({ role, spec, managerStatus }: Node): boolean {
  return (
    role === NodeRole.MANAGER || spec?.role === NodeRole.MANAGER || managerStatus !== undefined
  );
}

/** Makes `nodeId` a manager and every other one a worker; the host names of those that were not. */
function demoteOthers(tx: WriteTransaction, nodeId: string, nowMs: Ms): readonly string[] {
  const demoted: string[] = [];
  for (const node of [...tx.list('node')]) {
    const spec = node.spec ?? NodeSpec.create();
    if (node.id === nodeId) {
      const role = NodeRole.MANAGER;
      tx.update('node', { ...node, role, spec: { ...spec, role }, managerStatus: undefined });
    } else if (isManager(node)) {
      const role = NodeRole.WORKER;
      const demotedAtMs = nowMs;
      tx.update('node', {
        ...node,
        role,
        spec: { ...spec, role },
        managerStatus: undefined,
        demotedAtMs,
      });
      demoted.push(node.description?.hostname || node.id);
    }
  }
  return demoted.sort((a, b) => (a < b ? -1 : 1));
}

export interface ForcingOptions {
  readonly nodeId: string;
  readonly address: string;
  readonly disk: (name: 'member' | 'raft') => Disk;
  readonly store: Store;
  readonly replicator: Replication;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Makes a manager that has lost the others for good the only one, in steps that are written down in
 * its member file: killed anywhere, the next start goes on. Decision 0091.
 */
export class Forcing {
  readonly #options: ForcingOptions;
  #record: MemberRecord | undefined;
  #found: ForcedManager | undefined;

  constructor(options: ForcingOptions) {
    this.#options = options;
  }

  /** What was found on this start; undefined when nothing was ordered. */
  get found(): ForcedManager | undefined {
    return this.#found;
  }

  /**
   * Writes the order down; the next start carries it out. FAILED_PRECONDITION where the managers are
   * no group of their own.
   */
  async order(random: Random): Promise<void> {
    if (this.#options.replicator.forceSole === undefined)
      throw new ClusterError(
        'FAILED_PRECONDITION',
        'the state of this cluster is not kept by its managers: mend the store that they use instead',
      );
    // A new id: the others count on the old one, and must not be able to lead this manager.
    const record = { raftId: newRaftId(random), contacts: new Map(), forced: 'log' } as const;
    await saveMember(this.#options.disk('member'), record);
  }

  /** Before the log is opened: the first step, when it was ordered. */
  async forceLog(record: MemberRecord): Promise<MemberRecord> {
    this.#record = record;
    if (record.forced === undefined) return record;
    const { nodeId, address, disk, log, replicator } = this.#options;
    const voter = await replicator.forceSole?.(record.raftId, { nodeId, address });
    const { lastIndex = 0, lastTerm = 0, commit = 0 } = voter ?? {};
    this.#found = { lastIndex, lastTerm, commit, lastEntryAtMs: 0, demoted: [] };
    log.warn('this manager has made itself the only one', { lastIndex, lastTerm, commit });
    this.#record = { ...record, forced: 'nodes' };
    await saveMember(disk('member'), this.#record);
    return this.#record;
  }

  /** As the leader, before its loops: the managers that were lost become workers. */
  async demoteLost(): Promise<void> {
    const { nodeId, clock, disk, store } = this.#options;
    if (this.#record?.forced === undefined) return;
    const lastEntryAtMs = store.view(newestChangeMs);
    const { value: demoted } = await store.update((tx) => demoteOthers(tx, nodeId, clock.now()));
    if (this.#found !== undefined) this.#found = { ...this.#found, lastEntryAtMs, demoted };
    const record = { ...this.#record, forced: undefined };
    await saveMember(disk('member'), record);
    this.#record = record;
  }

  async untilDone(signal: AbortSignal): Promise<void> {
    while (this.#record?.forced !== undefined) await sleep(this.#options.clock, pollMs, signal);
  }
}
