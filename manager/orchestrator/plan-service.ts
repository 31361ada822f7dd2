/** The whole of one service: which slots it should have, and what each of them needs. */
import { TaskState } from '#proto';
import type { Service, Task } from '#proto';
import { divideGlobal, judgeGlobal } from './global.ts';
import { newTask, runNow } from './new-task.ts';
import { emptyPlan, never, stepOf } from './plan.ts';
import type { Plan, SlotWake, Step, World } from './plan.ts';
import { desire, isCalm, planSlot } from './plan-slot.ts';
import type { SlotPlan } from './plan-slot.ts';
import { planUpdate } from './plan-update.ts';
import { divideReplicated } from './replicated.ts';
import { isGlobal, replicasOf } from './service-config.ts';
import { isFilled, membersOf } from './slot.ts';
import type { Slot } from './slot.ts';
import { TaskComparer } from './task-comparer.ts';
import { isWanted } from './task-state.ts';

/** Tasks whose removal is asked for in one step. */
const removalsPerStep = 50;
/** New slots between two looks at the time. */
const openedPerLook = 25;

/** How many new slots a plan may open; the rest comes with the next plan. */
export interface Room {
  readonly slotsMax: number;
  /** Whether it has taken long enough: then some are opened all the same, so that every plan is a step forward. */
  readonly isLate: () => boolean;
}

const allRoom: Room = { slotsMax: Infinity, isLate: () => false };

/** The plan of a whole service. */
export interface ServicePlan extends Plan {
  /** There are slots that it had no room to open. */
  readonly isUnfinished: boolean;
}

type Slots = ReadonlyMap<string, Slot>;

/** All tasks of a service that is being removed, or is gone already, are to be removed. */
export function planRemoval(serviceId: string, slots: Slots): ServicePlan {
  const tasks: Task[] = [];
  for (const slot of slots.values()) tasks.push(...membersOf(slot));
  const steps: Step[] = [];
  for (let at = 0; at < tasks.length; at += removalsPerStep) {
    const changes = tasks
      .slice(at, at + removalsPerStep)
      .map((task) => desire(task, TaskState.REMOVE));
    steps.push({ serviceId, specVersion: undefined, changes });
  }
  return { ...emptyPlan, steps, isUnfinished: false };
}

export function planService(
  world: World,
  service: Service,
  slots: Slots,
  room: Room = allRoom,
): ServicePlan {
  if (service.isRemoving) return planRemoval(service.id, slots);
  return isGlobal(service)
    ? planGlobal(world, service, slots, room)
    : planReplicated(world, service, slots, room);
}

function planReplicated(world: World, service: Service, slots: Slots, room: Room): ServicePlan {
  const { kept, excess, missing } = divideReplicated(slots.values(), replicasOf(service));
  const steps = excess.map((slot) =>
    stepOf(
      service,
      membersOf(slot).map((task) => desire(task, TaskState.REMOVE)),
    ),
  );
  const rest = planLive(world, service, kept, () => true);
  const places = missing.map((number) => ({ number, nodeId: '' }));
  const opened = openSlots(world, service, places, room);
  const isUnfinished = opened.length < missing.length;
  return { ...rest, steps: [...steps, ...opened, ...rest.steps], isUnfinished };
}

function planGlobal(world: World, service: Service, slots: Slots, room: Room): ServicePlan {
  const node = (id: string): ReturnType<World['node']> => world.node(id);
  const divided = divideGlobal(service, slots, node, world.nodes());
  const steps: Step[] = [];
  for (const slot of divided.forgotten) {
    const changes = membersOf(slot).map((task) => desire(task, TaskState.REMOVE));
    steps.push(stepOf(service, changes));
  }
  for (const slot of divided.stopped) {
    const step = stopSlot(service, slot);
    if (step !== undefined) steps.push(step);
  }
  const closed = new Set(divided.kept.flatMap((one) => (one.mayCreate ? [] : [one.slot])));
  const kept = divided.kept.map(({ slot }) => slot);
  const rest = planLive(world, service, kept, (slot) => !closed.has(slot));
  const places = divided.missing.map((nodeId) => ({ number: 0, nodeId }));
  const opened = openSlots(world, service, places, room);
  const isUnfinished = opened.length < places.length;
  return { ...rest, steps: [...steps, ...opened, ...rest.steps], isUnfinished };
}

/** A step each; as many of them as there is room for. */
function openSlots(
  world: World,
  service: Service,
  places: readonly Parameters<typeof newTask>[2][],
  { slotsMax, isLate }: Room,
): readonly Step[] {
  const steps: Step[] = [];
  for (const place of places) {
    if (steps.length >= slotsMax) break;
    if (steps.length > 0 && steps.length % openedPerLook === 0 && isLate()) break;
    const task = newTask(world, service, place, runNow);
    steps.push(stepOf(service, [{ kind: 'create', task }]));
  }
  return steps;
}

/** Stops what is wanted in a slot that is not to have anything now. */
function stopSlot(service: Service, slot: Slot): Step | undefined {
  const message = 'its node may not run this service';
  const changes = membersOf(slot)
    .filter(isWanted)
    .map((task) => desire(task, TaskState.SHUTDOWN, message));
  return changes.length === 0 ? undefined : stepOf(service, changes);
}

/** Restarts first; slots that need nothing are open to the update. */
function planLive(
  world: World,
  service: Service,
  slots: readonly Slot[],
  mayCreate: (slot: Slot) => boolean,
): Plan {
  const steps: Step[] = [];
  const busy = new Set<Slot>();
  const slotWakes: SlotWake[] = [];
  for (const slot of slots) {
    if (isCalm(world, service, slot)) continue;
    const plan = planSlot(world, service, slot, mayCreate(slot));
    slotWakes.push(...wakesOf(slot, plan));
    if (plan.changes.length === 0) continue;
    steps.push(stepOf(service, plan.changes));
    busy.add(slot);
  }
  const comparer = new TaskComparer(service, (id) => world.node(id));
  // A node that may have no new task, and has none, is nothing that an update could wait for.
  const open = slots.filter((slot) => mayCreate(slot) || membersOf(slot).some(isWanted));
  const update = planUpdate(world, { service, slots: open, busy, comparer, mayCreate });
  return { steps: [...steps, ...update.steps], wakeAtMs: update.wakeAtMs, slotWakes };
}

/** One slot of a service whose slots are otherwise right; the cost does not depend on the service. */
export function planOneSlot(world: World, service: Service, slot: Slot): Plan {
  if (service.isRemoving || !isFilled(slot)) return emptyPlan;
  let mayCreate = true;
  if (isGlobal(service)) {
    const one = new Map([[slot.key, slot]]);
    const divided = divideGlobal(service, one, (id) => world.node(id), []);
    if (divided.kept.length === 0) return planGlobalRest(service, divided);
    mayCreate = divided.kept.every((kept) => kept.mayCreate);
  }
  const plan = planSlot(world, service, slot, mayCreate);
  const { changes } = plan;
  return {
    steps: changes.length === 0 ? [] : [stepOf(service, changes)],
    wakeAtMs: never,
    slotWakes: wakesOf(slot, plan),
  };
}

function wakesOf({ key }: Slot, { wakeAtMs, isForBudget }: SlotPlan): readonly SlotWake[] {
  return wakeAtMs < never ? [{ key, atMs: wakeAtMs, isForBudget }] : [];
}

/** A node on which a global service has no task yet. */
export function planOneNode(world: World, service: Service, nodeId: string): Plan {
  if (service.isRemoving || judgeGlobal(service, world.node(nodeId)) !== 'run') return emptyPlan;
  const task = newTask(world, service, { number: 0, nodeId }, runNow);
  return { ...emptyPlan, steps: [stepOf(service, [{ kind: 'create', task }])] };
}

function planGlobalRest(
  service: Service,
  divided: { readonly stopped: readonly Slot[]; readonly forgotten: readonly Slot[] },
): Plan {
  const stops = divided.stopped.map((slot) => stopSlot(service, slot));
  const removals = divided.forgotten.map((slot) =>
    stepOf(
      service,
      membersOf(slot).map((task) => desire(task, TaskState.REMOVE)),
    ),
  );
  return { ...emptyPlan, steps: [...stops.filter((step) => step !== undefined), ...removals] };
}
