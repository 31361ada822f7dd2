/**
 * All tasks by service and slot, kept up to date from the store's events, so that no event costs a walk over
 * a service. It holds the store's own objects and changes none.
 */
import { assert } from '#lib';
import type { Task } from '#proto';
import type { ReadTransaction, StoreEvent } from '../store/types.ts';
import { byAge, slotKeyOf } from './slot.ts';
import type { Slot } from './slot.ts';

interface SlotRecord extends Slot {
  readonly tasks: Task[];
}

const noSlots: ReadonlyMap<string, Slot> = new Map();

export class TaskIndex {
  readonly #services = new Map<string, Map<string, SlotRecord>>();

  /** Starts over from what the store holds. */
  load(tx: ReadTransaction): void {
    this.#services.clear();
    for (const task of tx.list('task')) this.#add(task);
    for (const slots of this.#services.values())
      for (const slot of slots.values()) if (slot.tasks.length > 1) slot.tasks.sort(byAge);
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
    return this.#services.get(serviceId) ?? noSlots;
  }

  slot(serviceId: string, key: string): Slot | undefined {
    return this.#services.get(serviceId)?.get(key);
  }

  #add(task: Task): void {
    let slots = this.#services.get(task.serviceId);
    if (slots === undefined) {
      slots = new Map();
      this.#services.set(task.serviceId, slots);
    }
    const key = slotKeyOf(task);
    const slot = slots.get(key);
    if (slot !== undefined) slot.tasks.push(task);
    else {
      const nodeId = task.slot > 0 ? '' : task.nodeId;
      slots.set(key, { key, number: task.slot, nodeId, tasks: [task] });
    }
  }

  #find(task: Task): { slot: SlotRecord; at: number } {
    const slot = this.#services.get(task.serviceId)?.get(slotKeyOf(task));
    const at = slot?.tasks.findIndex(({ id }) => id === task.id) ?? -1;
    assert(slot !== undefined && at >= 0, `task ${task.id} is not in the index`);
    return { slot, at };
  }

  #replace(task: Task): void {
    const { slot, at } = this.#find(task);
    slot.tasks[at] = task;
  }

  #remove(task: Task): void {
    const { slot, at } = this.#find(task);
    slot.tasks.splice(at, 1);
    if (slot.tasks.length > 0) return;
    const slots = this.#services.get(task.serviceId);
    slots?.delete(slot.key);
    if (slots?.size === 0) this.#services.delete(task.serviceId);
  }
}
