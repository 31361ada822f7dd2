/**
 * The orchestrator of all services, replicated and global: keeps every service's tasks what its spec asks for.
 * On start it looks at everything; afterwards only at services, slots and nodes that events name.
 * It alone makes tasks and raises their desired state (with the constraint enforcer and preemption), and it alone writes a
 * service's update status and rolls it back.
 */
import { Pacer } from '#lib';
import type { Counter, Ms } from '#lib';
import type { Service, Task } from '#proto';
import { TaskState } from '#proto';
import { DisruptionBudgets } from '../disruption/index.ts';
import type { Commit, ReadTransaction, StoreEvent, Subscription } from '../store/types.ts';
import { applyStep } from './apply-step.ts';
import type { LeaderLoop, LoopBasics } from '../leader-loops.ts';
import { FirstLook } from './first-look.ts';
import { isNodeChangeOfInterest, NodeTable } from './node-table.ts';
import type { Plan, Step, World } from './plan.ts';
import { planOneNode, planOneSlot, planRemoval, planService } from './plan-service.ts';
import { isUpdating } from './plan-update.ts';
import { ReconcileLoop } from './reconcile-loop.ts';
import { isGlobal, replicasOf } from './service-config.ts';
import { isFilled, slotKeyOf } from './slot.ts';
import { TaskIndex } from './task-index.ts';
import { stateOf } from './task-state.ts';
import { WakeUps } from './wake-ups.ts';

/** A pass stops planning when it has this many steps, or has taken as long as a slice may; the rest follows in the next. */
export const stepsPerPass = 250;
/** So it does when it has looked at this many slots, but for the service it is at. */
export const slotsPerPass = 5_000;
/** After a pass with so many, others have their turn before the next. */
const manySteps = 25;
/** A service with many slots, which cost a look each, gets more steps for it: this part of their number. */
const stepsPerSlot = 1 / 10;
/** Never more in one pass. */
const stepsPerPassMax = 5_000;

/** Steps that the plan of a service may have in a pass that has `steps` already. */
function roomFor(slots: number, steps: number): number {
  const forSize = Math.min(stepsPerPassMax, Math.floor(slots * stepsPerSlot));
  return Math.max(1, stepsPerPass - steps, forSize);
}

export class ServiceOrchestrator implements LeaderLoop {
  readonly #options: LoopBasics;
  readonly #loop: ReconcileLoop;
  readonly #index = new TaskIndex();
  readonly #nodes = new NodeTable();
  readonly #globals = new Set<string>();
  readonly #wakes = new WakeUps();
  readonly #dirtyServices = new Set<string>();
  /** Service id to keys of slots. */
  readonly #dirtySlots = new Map<string, Set<string>>();
  readonly #dirtyNodes = new Set<string>();
  /** Slots whose task waits for its service's disruption budget, by service. */
  readonly #budgetWaits = new Map<string, Set<string>>();
  readonly #created: Counter;
  readonly #pacer: Pacer;
  /** Of the last pass. */
  #stepCount = 0;
  #held: ReadonlySet<string> = new Set();
  #first: FirstLook | undefined;
  #watch: Subscription | undefined;

  constructor(options: LoopBasics) {
    this.#options = options;
    this.#pacer = new Pacer(options.clock, { itemsMax: 1, bytesMax: Infinity });
    this.#created = options.metrics.counter(
      'tessera_orchestrator_tasks_created_total',
      'Tasks that the orchestrator made.',
    );
    this.#loop = new ReconcileLoop({
      ...options,
      name: 'orchestrator',
      pass: (signal) => this.#pass(signal),
      onFailure: () => this.#markAll(),
      catchUp: (signal) => options.store.readBarrier(signal),
    });
  }

  start(): void {
    const { store, clock } = this.#options;
    this.#first = new FirstLook(store, clock);
    this.#watch = store.watch((commit) => this.#onCommit(commit), { name: 'orchestrator' });
    this.#loop.start();
  }

  async stop(): Promise<void> {
    this.#watch?.cancel();
    await this.#loop.stop();
  }

  #noteService(service: Service): void {
    if (isGlobal(service)) this.#globals.add(service.id);
    this.#dirtyServices.add(service.id);
  }

  #markAll(): void {
    this.#options.store.view((tx) => {
      for (const { id } of tx.list('service')) this.#dirtyServices.add(id);
    });
    for (const id of this.#index.serviceIds()) this.#dirtyServices.add(id);
    this.#loop.ring();
  }

  async #load(tx: ReadTransaction, pacer: Pacer, signal: AbortSignal): Promise<void> {
    await this.#index.load(tx, pacer, signal);
    this.#nodes.load(tx);
    for (const service of tx.list('service')) this.#noteService(service);
    for (const id of this.#index.serviceIds()) this.#dirtyServices.add(id);
    this.#held = this.#nodes.held;
  }

  #onCommit(commit: Commit): void {
    if (this.#first?.keep(commit) !== true) this.#apply(commit);
  }

  #apply(commit: Commit): void {
    for (const event of commit.events) {
      this.#index.apply(event);
      this.#nodes.apply(event);
      this.#mark(event);
    }
    if (this.#nodes.held !== this.#held) this.#onHoldChanged();
    const isDirty = this.#dirtyServices.size + this.#dirtySlots.size + this.#dirtyNodes.size > 0;
    if (isDirty) this.#loop.ring();
  }

  #onHoldChanged(): void {
    const { log } = this.#options;
    const count = this.#nodes.held.size;
    if (count > this.#held.size)
      log.error('more than half of the nodes were lost at once: their tasks are not replaced', {
        nodes: count,
      });
    else log.info('fewer nodes are lost than before', { held: count });
    this.#held = this.#nodes.held;
    for (const id of this.#nodes.downIds()) this.#dirtyNodes.add(id);
  }

  #mark(event: StoreEvent): void {
    switch (event.table) {
      case 'service':
        if (event.kind === 'remove') {
          this.#globals.delete(event.object.id);
          this.#budgetWaits.delete(event.object.id);
        }
        if (event.kind !== 'remove') this.#noteService(event.object);
        else this.#dirtyServices.add(event.object.id);
        break;
      case 'node':
        if (event.kind !== 'update' || isNodeChangeOfInterest(event.old, event.object))
          this.#dirtyNodes.add(event.object.id);
        break;
      case 'task':
        this.#markTask(event.kind, event.object, event.old);
        break;
      case 'cluster':
        break;
    }
  }

  #markTask(kind: 'create' | 'update' | 'remove', task: Task, old: Task | undefined): void {
    if (kind === 'remove') {
      // A task that goes when it was to go leaves nothing to do.
      if (task.desiredState < TaskState.REMOVE) this.#dirtyServices.add(task.serviceId);
      return;
    }
    const isOfInterest =
      kind === 'create'
        ? task.desiredState === TaskState.READY
        : task.desiredState !== old?.desiredState ||
          (stateOf(task) !== old?.status?.state && stateOf(task) >= TaskState.RUNNING);
    if (!isOfInterest) return;
    this.#markSlot(task.serviceId, slotKeyOf(task));
    const waits = this.#budgetWaits.get(task.serviceId);
    if (waits === undefined) return;
    for (const key of waits) this.#markSlot(task.serviceId, key);
    this.#budgetWaits.delete(task.serviceId);
  }

  #markSlot(serviceId: string, key: string): void {
    const keys = this.#dirtySlots.get(serviceId);
    if (keys === undefined) this.#dirtySlots.set(serviceId, new Set([key]));
    else keys.add(key);
  }

  async #pass(signal: AbortSignal): Promise<Ms> {
    const { clock, store } = this.#options;
    await this.#first?.takeIn(
      (tx, pacer) => this.#load(tx, pacer, signal),
      (commit) => this.#apply(commit),
    );
    // A pass that wrote much ended in a turn that had its entry to apply and to tell: the next waits in line.
    if (this.#stepCount >= manySteps) await this.#pacer.pause(signal);
    const startedAt = clock.monotonic();
    for (const key of this.#wakes.takeDue(clock.now())) this.#wake(key);
    const steps: Step[] = [];
    store.view((tx) => this.#plan(tx, steps));
    const costMs = clock.monotonic() - startedAt;
    this.#loop.ringAt(this.#wakes.nextAtMs);
    this.#stepCount = steps.length;
    if (steps.length > 0) await store.batch(steps, applyStep);
    const createCount = steps.reduce(
      (sum, { changes }) => sum + changes.filter(({ kind }) => kind === 'create').length,
      0,
    );
    if (createCount > 0) this.#created.inc({}, createCount);
    return costMs;
  }

  #wake(key: string): void {
    const at = key.indexOf('/');
    if (at < 0) this.#dirtyServices.add(key);
    else this.#markSlot(key.slice(0, at), key.slice(at + 1));
  }

  #plan(tx: ReadTransaction, steps: Step[]): void {
    const world = this.#world(tx);
    const slice = new Pacer(this.#options.clock, { itemsMax: slotsPerPass, bytesMax: Infinity });
    this.#spreadNodes(tx);
    this.#planSlots(tx, world, steps, slice);
    let looked = 0;
    let isFull = false;
    // One at least, whatever slots there were.
    for (const serviceId of this.#dirtyServices) {
      if (isFull) break;
      this.#dirtyServices.delete(serviceId);
      const slots = this.#index.slots(serviceId);
      const slotsMax = roomFor(slots.size, steps.length);
      looked += slots.size;
      const service = tx.get('service', serviceId);
      const plan =
        service === undefined
          ? planRemoval(serviceId, slots)
          : planService(world, service, slots, { slotsMax, isLate: () => slice.isLate() });
      this.#take(serviceId, plan, steps);
      this.#wakes.set(serviceId, plan.wakeAtMs);
      // Goes on once these are written.
      if (plan.isUnfinished) this.#dirtyServices.add(serviceId);
      isFull = steps.length >= stepsPerPass || looked >= slotsPerPass || slice.isFull();
    }
    if (this.#dirtyServices.size > 0 || this.#dirtySlots.size > 0) this.#loop.ring();
  }

  #planSlots(tx: ReadTransaction, world: World, steps: Step[], slice: Pacer): void {
    for (const [serviceId, keys] of this.#dirtySlots) {
      const service = tx.get('service', serviceId);
      // While an update moves, every task's state matters to the whole.
      if (service === undefined || isUpdating(service)) this.#dirtyServices.add(serviceId);
      const isWhole = service === undefined || this.#dirtyServices.has(serviceId);
      if (!isWhole && !service.isRemoving) {
        for (const key of keys) {
          if (steps.length >= stepsPerPass || slice.isFull()) return;
          keys.delete(key);
          this.#planSlot(world, service, key, steps);
        }
      }
      this.#dirtySlots.delete(serviceId);
    }
  }

  #planSlot(world: World, service: Service, key: string, steps: Step[]): void {
    const slot = this.#index.slot(service.id, key);
    if (slot === undefined || !isFilled(slot)) {
      // Perhaps a node that may now run a global service.
      if (isGlobal(service)) this.#take(service.id, planOneNode(world, service, key), steps);
      else if (this.#index.filledCount(service.id) < replicasOf(service))
        this.#dirtyServices.add(service.id);
      return;
    }
    this.#take(service.id, planOneSlot(world, service, slot), steps);
  }

  #take(serviceId: string, plan: Plan, steps: Step[]): void {
    for (const step of plan.steps) steps.push(step);
    for (const { key, atMs, isForBudget } of plan.slotWakes) {
      this.#wakes.set(`${serviceId}/${key}`, atMs);
      if (!isForBudget) continue;
      const waits = this.#budgetWaits.get(serviceId);
      if (waits === undefined) this.#budgetWaits.set(serviceId, new Set([key]));
      else waits.add(key);
    }
  }

  /** What changed nodes mean for slots: those of their tasks, and of every global service. */
  #spreadNodes(tx: ReadTransaction): void {
    for (const nodeId of this.#dirtyNodes) {
      for (const task of tx.tasksOfNode(nodeId)) this.#markSlot(task.serviceId, slotKeyOf(task));
      for (const serviceId of this.#globals) this.#markSlot(serviceId, nodeId);
    }
    this.#dirtyNodes.clear();
  }

  #world(tx: ReadTransaction): World {
    const { clock, random } = this.#options;
    return {
      nowMs: clock.now(),
      random,
      node: (id) => this.#nodes.get(id),
      nodes: () => this.#nodes.all(),
      replaceAtMs: (node) => this.#nodes.replaceAtMs(node),
      budgets: DisruptionBudgets.of(tx),
    };
  }
}
