/**
 * The leader's loop that moves tasks: when somebody asked for it (cluster.rebalance says so, so that a new leader goes on
 * with it), or in the automatic mode when a node has become ready and stayed so for a minute. Level-triggered: each round
 * plans anew on the store as it is, begins what budgets allow, and ends when nothing is left.
 */
import type { Counter, Ms } from '#lib';
import { NodeState, RebalanceStatus, TaskState } from '#proto';
import type { Cluster, Task } from '#proto';
import type { Move } from '#scheduler';
import { DisruptionBudgets } from '../disruption/index.ts';
import { Scene } from '../explaining/index.ts';
import type { LeaderLoop, LoopBasics } from '../leader-loops.ts';
import { applyStep } from '../orchestrator/apply-step.ts';
import { isNodeChangeOfInterest } from '../orchestrator/node-table.ts';
import { stepOf } from '../orchestrator/plan.ts';
import type { World } from '../orchestrator/plan.ts';
import { desire } from '../orchestrator/plan-slot.ts';
import { ReconcileLoop } from '../orchestrator/reconcile-loop.ts';
import { replaceSlot } from '../orchestrator/replace-slot.ts';
import { updateConfigOf } from '../orchestrator/service-config.ts';
import { byAge, slotKeyOf } from '../orchestrator/slot.ts';
import { isRunning, isWanted } from '../orchestrator/task-state.ts';
import type {
  ReadTransaction,
  StoreEvent,
  Subscription,
  WriteTransaction,
} from '../store/types.ts';
import { gainWords, planMoves } from './plan-moves.ts';
import { beginRound, movesUnderWay } from './round.ts';

/** A node must have been ready for this long before tasks move to it of the cluster's own accord. */
export const stableMs: Ms = 60_000;
/** Between two rounds while tasks move. */
const roundMs: Ms = 1_000;
/** Moves planned for a round: more than can begin, so that held services do not hold up others. */
const movesPerPlan = 100;

export class Rebalancer implements LeaderLoop {
  readonly #options: LoopBasics;
  readonly #loop: ReconcileLoop;
  readonly #started: Counter;
  readonly #givenUp: Counter;
  /** In the automatic mode: nodes changed since the last plan that found nothing to move. */
  #isDirty = true;
  #cluster: Cluster | undefined;
  #offset = 0;
  #watch: Subscription | undefined;

  constructor(options: LoopBasics) {
    this.#options = options;
    const { metrics } = options;
    this.#started = metrics.counter(
      'tessera_rebalance_moves_total',
      'Tasks that rebalancing began to move.',
      ['gain'],
    );
    this.#givenUp = metrics.counter(
      'tessera_rebalance_moves_given_up_total',
      'Moves that did not happen in time; the task stayed where it was.',
    );
    this.#loop = new ReconcileLoop({
      ...options,
      name: 'rebalancer',
      pass: (signal) => this.#pass(signal),
      onFailure: () => this.#loop.ring(),
      catchUp: (signal) => options.store.readBarrier(signal),
    });
  }

  start(): void {
    this.#options.store.view((tx) => {
      for (const cluster of tx.list('cluster')) this.#cluster = cluster;
    });
    this.#watch = this.#options.store.watch(
      ({ events }) => {
        for (const event of events) this.#note(event);
      },
      { name: 'rebalancer' },
    );
    this.#loop.start();
  }

  async stop(): Promise<void> {
    this.#watch?.cancel();
    await this.#loop.stop();
  }

  #note(event: StoreEvent): void {
    if (event.table === 'cluster' && event.kind !== 'remove') {
      this.#cluster = event.object;
      const isNew = event.old?.rebalance?.requestedAtMs !== event.object.rebalance?.requestedAtMs;
      const isAuto = this.#isAuto && event.old?.spec?.scheduling?.autoRebalance !== true;
      if (isAuto) this.#isDirty = true;
      if (isNew || isAuto) this.#loop.ring();
    } else if (event.table === 'node') {
      const isOfInterest =
        event.kind !== 'update' || isNodeChangeOfInterest(event.old, event.object);
      if (!isOfInterest) return;
      this.#isDirty = true;
      if (this.#isAuto) this.#loop.ring();
    }
  }

  get #isAuto(): boolean {
    return this.#cluster?.spec?.scheduling?.autoRebalance === true;
  }

  get #isAskedFor(): boolean {
    const { requestedAtMs = 0, finishedAtMs = 0 } = this.#cluster?.rebalance ?? {};
    return requestedAtMs > 0 && finishedAtMs === 0;
  }

  async #pass(signal: AbortSignal): Promise<Ms> {
    const { clock, store } = this.#options;
    if (!this.#isAskedFor && !(this.#isAuto && this.#isDirty)) return 0;
    const startedAt = clock.monotonic();
    if (!this.#isAskedFor) {
      const stableAtMs = store.view((tx) => stableAt(tx));
      if (stableAtMs > clock.now()) {
        this.#loop.ringAt(stableAtMs);
        return clock.monotonic() - startedAt;
      }
    }
    // What changes from here on is looked at again.
    this.#isDirty = false;
    const isGoingOn = await this.#round(signal);
    if (isGoingOn) {
      this.#isDirty = true;
      this.#loop.ringAt(clock.now() + roundMs);
    }
    return clock.monotonic() - startedAt;
  }

  /** Gives whether there is more to do. */
  async #round(signal: AbortSignal): Promise<boolean> {
    const { clock, store, images } = this.#options;
    const isAskedFor = this.#isAskedFor;
    const scene = await Scene.of({ image: store.image(), images }, clock, signal);
    const underWay = movesUnderWay(scene.image, scene.nowMs);
    const late = underWay.filter(({ isLate }) => isLate).map(({ task }) => task);
    if (late.length > 0) await this.#giveUp(late);
    const plan = planMoves(scene, {
      movesMax: movesPerPlan,
      offset: this.#offset,
      // Of the cluster's own accord nothing moves that has only just arrived.
      runMinMs: isAskedFor ? 0 : stableMs,
    });
    const { begun, held } = beginRound(scene.image, plan.moves, underWay);
    if (begun.length > 0) await this.#begin(begun, scene);
    const isTurning =
      !plan.isWhole && plan.moves.length === 0 && this.#offset < scene.view.nodeCount;
    this.#offset = isTurning ? this.#offset + offsetStep : 0;
    const isGoingOn = begun.length + underWay.length > 0 || isTurning;
    if (!isGoingOn && isAskedFor) await this.#finish(plan.moves.length, [...held], scene);
    return isGoingOn;
  }

  async #begin(moves: readonly Move[], scene: Scene): Promise<void> {
    const { store, log, clock, random } = this.#options;
    const nowMs = clock.now();
    const world = (tx: ReadTransaction): World => ({
      nowMs,
      random,
      node: (id) => tx.get('node', id),
      nodes: () => tx.list('node'),
      replaceAtMs: () => Infinity,
      budgets: DisruptionBudgets.of(tx),
    });
    let count = 0;
    await store.batch(moves, (tx, move) => {
      if (!beginMove(tx, world(tx), move, scene)) return;
      count++;
      this.#started.inc({ gain: move.gain });
    });
    if (count === 0) return;
    log.info('tasks are being moved', { count });
    if (!this.#isAskedFor) return;
    await store.update((tx) => {
      for (const cluster of tx.list('cluster')) {
        const status = cluster.rebalance ?? RebalanceStatus.create();
        const rebalance = { ...status, moved: status.moved + count };
        tx.update('cluster', { ...cluster, rebalance });
      }
    });
  }

  async #giveUp(tasks: readonly Task[]): Promise<void> {
    const { store } = this.#options;
    await store.batch(tasks, (tx, { id, serviceId }) => {
      const service = tx.get('service', serviceId);
      if (service === undefined) return;
      const message = 'the move did not happen in time';
      applyStep(tx, stepOf(service, [desire({ id } as Task, TaskState.SHUTDOWN, message)]));
    });
    this.#givenUp.inc({}, tasks.length);
  }

  async #finish(leftCount: number, held: readonly string[], scene: Scene): Promise<void> {
    const names = held.map((id) => scene.image.get('service', id)?.spec?.name ?? id);
    const message =
      leftCount === 0
        ? ''
        : `${leftCount} moves are left: ` +
          (names.length > 0
            ? `the disruption budget of ${names.slice(0, 5).join(', ')} allows none now`
            : 'their tasks changed meanwhile');
    await this.#options.store.update((tx) => {
      for (const cluster of tx.list('cluster')) {
        const status = cluster.rebalance;
        // Asked for again meanwhile: that one is not finished.
        if (
          status === undefined ||
          status.requestedAtMs !== this.#cluster?.rebalance?.requestedAtMs
        )
          continue;
        const rebalance = { ...status, finishedAtMs: this.#options.clock.now(), message };
        tx.update('cluster', { ...cluster, rebalance });
      }
    });
  }
}

/** By how many nodes a plan that is not whole turns, for the next one. */
const offsetStep = 64;

/** When every ready node has been so for `stableMs`; while a node has yet to be heard of, that much later. */
function stableAt(tx: ReadTransaction): Ms {
  let atMs = 0;
  for (const { status } of tx.list('node'))
    if (status?.state === NodeState.READY || status?.state === NodeState.UNKNOWN)
      atMs = Math.max(atMs, status.changedAtMs + stableMs);
  return atMs;
}

/** Looks again at the task as it is now; gives whether the move began. */
function beginMove(tx: WriteTransaction, world: World, move: Move, scene: Scene): boolean {
  const { task: planned, toNodeId, gain } = move;
  const task = tx.get('task', planned.id);
  const service = tx.get('service', planned.serviceId);
  if (task === undefined || service === undefined || service.isRemoving) return false;
  if (!isRunning(task) || !isWanted(task) || task.nodeId !== planned.nodeId) return false;
  const key = slotKeyOf(task);
  const tasks = [...tx.tasksOfService(service.id)]
    .filter((one) => slotKeyOf(one) === key)
    .toSorted(byAge);
  if (tasks.some((one) => one !== task && isWanted(one))) return false;
  const slot = { key, number: task.slot, nodeId: '', tasks };
  const step = replaceSlot(world, service, slot, {
    order: updateConfigOf(service, false).order,
    message: `moved to ${scene.nodeName(toNodeId)} by rebalancing: ${gainWords[gain]}`,
    restartCount: task.restartCount,
    movedFromNodeId: task.nodeId,
  });
  applyStep(tx, step);
  return true;
}
