/**
 * Deletes what nobody needs any more: tasks that are to be removed and have stopped, finished tasks past the
 * history limit, services without tasks that are to be removed. Declares tasks ORPHANED whose node is gone.
 */
import { Pacer } from '#lib';
import type { Counter, Ms } from '#lib';
import { TaskState } from '#proto';
import type { Node, Service, Task } from '#proto';
import type { Commit, ReadTransaction, StoreEvent, Subscription } from '../store/types.ts';
import type { WriteTransaction } from '../store/types.ts';
import type { LeaderLoop, LoopBasics } from '../leader-loops.ts';
import { FirstLook, objectsPerSlice } from './first-look.ts';
import { historyLimitDefault, isRemovable, orphanAfterMs } from './plan-reaping.ts';
import { orphanAtMs, planSlotReaping } from './plan-reaping.ts';
import { ReconcileLoop } from './reconcile-loop.ts';
import { restartConfigOf } from './service-config.ts';
import { slotKeyOf } from './slot.ts';
import { TaskIndex } from './task-index.ts';
import { isOnNode, isStopped, isWanted, statusWith } from './task-state.ts';
import { WakeUps } from './wake-ups.ts';

/** A pass stops collecting when it has this many chores; the rest follows in the next. */
const choresPerPass = 5_000;
/** So it does when it has looked at this many tasks of nodes, or slots. */
const looksPerPass = 5_000;

type Chore =
  | { readonly kind: 'delete-task'; readonly task: Task }
  | { readonly kind: 'orphan'; readonly task: Task }
  | { readonly kind: 'delete-service'; readonly serviceId: string };

export class TaskReaper implements LeaderLoop {
  readonly #options: LoopBasics;
  readonly #loop: ReconcileLoop;
  readonly #index = new TaskIndex();
  readonly #wakes = new WakeUps();
  /** Service id to keys of slots. */
  readonly #dirtySlots = new Map<string, Set<string>>();
  readonly #dirtyNodes = new Set<string>();
  /** Services that are being removed. */
  readonly #removing = new Set<string>();
  /** Those of them that may have no tasks left. */
  readonly #emptied = new Set<string>();
  readonly #deleted: Counter;
  readonly #orphaned: Counter;
  /** Everything is to be looked at. */
  #isAllDue = true;
  #first: FirstLook | undefined;
  #watch: Subscription | undefined;

  constructor(options: LoopBasics) {
    this.#options = options;
    const { metrics } = options;
    this.#deleted = metrics.counter('tessera_reaper_tasks_deleted_total', 'Tasks deleted.');
    this.#orphaned = metrics.counter(
      'tessera_reaper_tasks_orphaned_total',
      'Tasks given up because their node is gone.',
    );
    this.#loop = new ReconcileLoop({
      ...options,
      name: 'reaper',
      pass: (signal) => this.#pass(signal),
      onFailure: () => this.#allIsDue(),
      catchUp: (signal) => options.store.readBarrier(signal),
    });
  }

  start(): void {
    const { store, clock } = this.#options;
    this.#first = new FirstLook(store, clock);
    this.#watch = store.watch((commit) => this.#onCommit(commit), { name: 'reaper' });
    this.#loop.start();
  }

  async stop(): Promise<void> {
    this.#watch?.cancel();
    await this.#loop.stop();
  }

  #allIsDue(): void {
    this.#isAllDue = true;
    this.#loop.ring();
  }

  /** What changes meanwhile marks itself. */
  async #markAll(signal: AbortSignal): Promise<void> {
    const { store, clock } = this.#options;
    const pacer = new Pacer(clock, { itemsMax: objectsPerSlice, bytesMax: Infinity });
    const image = store.image();
    for (const { id } of image.list('node')) this.#dirtyNodes.add(id);
    for (const service of image.list('service'))
      if (service.isRemoving) this.#noteRemoving(service.id);
    for (const task of image.list('task')) {
      // A node that was removed leaves no event behind.
      if (task.nodeId !== '') this.#dirtyNodes.add(task.nodeId);
      this.#markSlot(task.serviceId, slotKeyOf(task));
      if (pacer.isFull()) await pacer.pause(signal);
    }
    this.#isAllDue = false;
  }

  #noteRemoving(serviceId: string): void {
    this.#removing.add(serviceId);
    this.#emptied.add(serviceId);
  }

  #markSlot(serviceId: string, key: string): void {
    const keys = this.#dirtySlots.get(serviceId);
    if (keys === undefined) this.#dirtySlots.set(serviceId, new Set([key]));
    else keys.add(key);
  }

  #onCommit(commit: Commit): void {
    if (this.#first?.keep(commit) !== true) this.#apply(commit);
  }

  #apply(commit: Commit): void {
    for (const event of commit.events) {
      this.#index.apply(event);
      this.#mark(event);
    }
    if (this.#dirtySlots.size + this.#dirtyNodes.size + this.#emptied.size > 0) this.#loop.ring();
  }

  #mark(event: StoreEvent): void {
    if (event.table === 'service') {
      if (event.kind === 'remove') this.#removing.delete(event.object.id);
      else if (event.object.isRemoving) this.#noteRemoving(event.object.id);
    }
    if (event.table === 'node') {
      const isStateChange = event.old?.status?.state !== event.object.status?.state;
      if (event.kind === 'remove' || isStateChange) this.#dirtyNodes.add(event.object.id);
    }
    if (event.table === 'cluster' && event.kind === 'update') {
      const limitOf = (cluster: typeof event.object): number | undefined =>
        cluster.spec?.taskHistoryLimit;
      if (limitOf(event.object) !== limitOf(event.old)) this.#allIsDue();
    }
    if (event.table === 'task') this.#markTask(event.kind, event.object);
  }

  #markTask(kind: StoreEvent['kind'], task: Task): void {
    if (kind === 'remove') {
      if (this.#removing.has(task.serviceId)) this.#emptied.add(task.serviceId);
      return;
    }
    if (!isWanted(task) && (isStopped(task) || task.desiredState === TaskState.REMOVE))
      this.#markSlot(task.serviceId, slotKeyOf(task));
  }

  async #pass(signal: AbortSignal): Promise<Ms> {
    const { clock, store } = this.#options;
    await this.#first?.takeIn(
      (tx, pacer) => this.#index.load(tx, pacer, signal),
      (commit) => this.#apply(commit),
    );
    if (this.#isAllDue) await this.#markAll(signal);
    const startedAt = clock.monotonic();
    for (const nodeId of this.#wakes.takeDue(clock.now())) this.#dirtyNodes.add(nodeId);
    const chores: Chore[] = [];
    store.view((tx) => this.#collect(tx, chores));
    const costMs = clock.monotonic() - startedAt;
    this.#loop.ringAt(this.#wakes.nextAtMs);
    if (chores.length === 0) return costMs;
    const nowMs = clock.now();
    await store.batch(chores, (tx, chore) => this.#do(tx, chore, nowMs));
    const count = (kind: Chore['kind']): number =>
      chores.filter((chore) => chore.kind === kind).length;
    this.#deleted.inc({}, count('delete-task'));
    this.#orphaned.inc({}, count('orphan'));
    return costMs;
  }

  #collect(tx: ReadTransaction, chores: Chore[]): void {
    const node = (id: string): Node | undefined => tx.get('node', id);
    let looked = 0;
    for (const nodeId of this.#dirtyNodes) {
      if (chores.length >= choresPerPass || looked >= looksPerPass) break;
      this.#dirtyNodes.delete(nodeId);
      looked += this.#lookAtNode(tx, nodeId, node, chores);
    }
    for (const [serviceId, keys] of this.#dirtySlots) {
      if (chores.length >= choresPerPass || looked >= looksPerPass) break;
      this.#dirtySlots.delete(serviceId);
      looked += keys.size;
      const historyLimit = historyLimitOf(tx, tx.get('service', serviceId));
      for (const key of keys) {
        const tasks = this.#index.slot(serviceId, key)?.tasks ?? [];
        for (const task of planSlotReaping({ tasks, node, historyLimit }))
          chores.push({ kind: 'delete-task', task });
      }
    }
    if (this.#dirtySlots.size + this.#dirtyNodes.size > 0) this.#loop.ring();
    // After their tasks, so that a service goes in one entry with its last ones.
    const going = new Map<string, number>();
    for (const chore of chores)
      if (chore.kind === 'delete-task')
        going.set(chore.task.serviceId, (going.get(chore.task.serviceId) ?? 0) + 1);
    for (const serviceId of going.keys())
      if (this.#removing.has(serviceId)) this.#emptied.add(serviceId);
    for (const serviceId of this.#emptied) {
      let left = -(going.get(serviceId) ?? 0);
      for (const slot of this.#index.slots(serviceId).values()) left += slot.tasks.length;
      if (left <= 0) chores.push({ kind: 'delete-service', serviceId });
    }
    this.#emptied.clear();
  }

  /**
   * Tasks on a node that is DOWN or gone: the ones to be removed go, the others wait to be orphaned.
   * Answers how many tasks it looked at.
   */
  #lookAtNode(
    tx: ReadTransaction,
    nodeId: string,
    node: (id: string) => Node | undefined,
    chores: Chore[],
  ): number {
    const nowMs = this.#options.clock.now();
    let wakeAtMs = Infinity;
    let looked = 0;
    for (const task of tx.tasksOfNode(nodeId)) {
      looked++;
      if (!isOnNode(task)) continue;
      if (isRemovable(task, node)) {
        this.#markSlot(task.serviceId, slotKeyOf(task));
        continue;
      }
      const atMs = orphanAtMs(task, node, tx.get('service', task.serviceId));
      if (atMs <= nowMs) chores.push({ kind: 'orphan', task });
      // What its service tolerates may change meanwhile.
      else wakeAtMs = Math.min(wakeAtMs, atMs, nowMs + orphanAfterMs);
    }
    this.#wakes.set(nodeId, wakeAtMs);
    return looked;
  }

  #do(tx: WriteTransaction, chore: Chore, nowMs: Ms): void {
    const node = (id: string): Node | undefined => tx.get('node', id);
    if (chore.kind === 'delete-service') {
      const service = tx.get('service', chore.serviceId);
      if (service?.isRemoving !== true) return;
      for (const _ of tx.tasksOfService(chore.serviceId)) return;
      tx.remove('service', chore.serviceId);
      return;
    }
    const task = tx.get('task', chore.task.id);
    if (task === undefined) return;
    if (chore.kind === 'delete-task') {
      const isPast = isStopped(task) && !isWanted(task);
      if (isPast || isRemovable(task, node)) tx.remove('task', task.id);
      return;
    }
    if (!isOnNode(task)) return;
    if (orphanAtMs(task, node, tx.get('service', task.serviceId)) > nowMs) return;
    const error = node(task.nodeId) === undefined ? 'its node was removed' : 'its node is lost';
    const status = statusWith(task, { state: TaskState.ORPHANED, changedAtMs: nowMs, error });
    tx.update('task', { ...task, status });
  }
}

/** Restarts that are counted need the tasks that they are counted from. */
function historyLimitOf(tx: ReadTransaction, service: Service | undefined): number {
  let limit = historyLimitDefault;
  for (const cluster of tx.list('cluster')) limit = cluster.spec?.taskHistoryLimit ?? limit;
  if (limit < 0) return limit;
  const { attemptsMax } = restartConfigOf(service?.spec?.task);
  return attemptsMax > 0 ? Math.max(limit, attemptsMax + 1) : limit;
}
