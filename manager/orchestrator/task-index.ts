/**
 * All tasks by service and slot, kept up to date from the store's events, so that no event costs a walk over
 * a service. It holds the store's own objects and changes none.
 */
import { assert } from '#lib';
import type { Pacer } from '#lib';
import type { Task } from '#proto';
import type { ReadTransaction, StoreEvent } from '../store/types.ts';
import { byAge, isFilled, slotKeyOf } from './slot.ts';
import type { Slot } from './slot.ts';

interface SlotRecord extends Slot {
  readonly tasks: Task[];
}

interface ServiceSlots {
  readonly slots: Map<string, SlotRecord>;
  /** Slots with a task that is not only there to be removed. */
  filledCount: number;
}

const noSlots: ReadonlyMap<string, Slot> = new Map();

export class TaskIndex {
  readonly #services = new Map<string, ServiceSlots>();

  /** Starts over from a state that does not change meanwhile. */
  async load(tx: ReadTransaction, pacer: Pacer, signal: AbortSignal): Promise<void> {
    this.#services.clear();
    for (const task of tx.list('task')) {
      this.#add(task);
      if (pacer.isFull()) await pacer.pause(signal);
    }
    for (const { slots } of this.#services.values())
      for (const slot of slots.values()) {
        if (slot.tasks.length > 1) slot.tasks.sort(byAge);
        if (pacer.isFull()) await pacer.pause(signal);
      }
  }

  apply(event: StoreEvent): void {
    if (event.table !== 'task') return;
    if (event.kind === 'create') this.#add(event.object);
    else if (event.kind === 'update') this.#replace(event.object);
    else this.#remove(event.object);
  }

  /** Services that have tasks, whether or not the service itself is still there. */
  serviceIds(): Iterable<string> {
    return this.#services.keys();
  }

  slots(serviceId: string): ReadonlyMap<string, Slot> {
    return this.#services.get(serviceId)?.slots ?? noSlots;
  }

  slot(serviceId: string, key: string): Slot | undefined {
    return this.#services.get(serviceId)?.slots.get(key);
  }

  /** How many slots of the service hold a task that is not only there to be removed. */
  filledCount(serviceId: string): number {
    return this.#services.get(serviceId)?.filledCount ?? 0;
  }

  #add(task: Task): void {
    let service = this.#services.get(task.serviceId);
    if (service === undefined) {
      service = { slots: new Map(), filledCount: 0 };
      this.#services.set(task.serviceId, service);
    }
    const key = slotKeyOf(task);
    const slot = service.slots.get(key);
    if (slot === undefined) {
      const nodeId = task.slot > 0 ? '' : task.nodeId;
      // Made with its task: a list that grows has room for 17, and most slots never hold a second one.
      const made: SlotRecord = { key, number: task.slot, nodeId, tasks: [task] };
      service.slots.set(key, made);
      count(service, false, made);
      return;
    }
    const wasFilled = isFilled(slot);
    slot.tasks.push(task);
    count(service, wasFilled, slot);
  }

  #find(task: Task): { service: ServiceSlots; slot: SlotRecord; at: number } {
    const service = this.#services.get(task.serviceId);
    const slot = service?.slots.get(slotKeyOf(task));
    const at = slot?.tasks.findIndex(({ id }) => id === task.id) ?? -1;
    assert(
      service !== undefined && slot !== undefined && at >= 0,
      `task ${task.id} is not in the index`,
    );
    return { service, slot, at };
  }

  #replace(task: Task): void {
    const { service, slot, at } = this.#find(task);
    const wasFilled = isFilled(slot);
    slot.tasks[at] = task;
    count(service, wasFilled, slot);
  }

  #remove(task: Task): void {
    const { service, slot, at } = this.#find(task);
    const wasFilled = isFilled(slot);
    slot.tasks.splice(at, 1);
    count(service, wasFilled, slot);
    if (slot.tasks.length === 0) service.slots.delete(slot.key);
    if (service.slots.size === 0) this.#services.delete(task.serviceId);
  }
}

function count(service: ServiceSlots, wasFilled: boolean, slot: Slot): void {
  service.filledCount += Number(isFilled(slot)) - Number(wasFilled);
}
