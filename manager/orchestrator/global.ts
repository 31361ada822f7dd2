/** Global services: one task on every node that may have one. */
import { Availability, NodeState, TaintEffect } from '#proto';
import type { Node, Service } from '#proto';
import { isAskedFor, stayOf, untolerated } from '#scheduler';
import { tolerationsOf } from './service-config.ts';
import { isFilled } from './slot.ts';
import type { Slot } from './slot.ts';

/** `keep`: a task that is there stays, but no new one is made. */
export type GlobalVerdict = 'run' | 'keep' | 'stop' | 'forget';

/** What a global service does on a node. */
export function judgeGlobal(service: Service, node: Node | undefined): GlobalVerdict {
  if (node === undefined) return 'forget';
  if (!isAskedFor(node, service.spec?.task?.placement)) return 'stop';
  const tolerations = tolerationsOf(service.spec?.task);
  const taints = node.spec?.taints ?? [];
  const stay = taints.length === 0 ? undefined : stayOf(node, tolerations, 0);
  if (stay?.untilMs === -Infinity) return 'stop';
  // How fast a drained node is emptied is a matter of budgets: its slot is planned like any other.
  if (node.spec?.availability === Availability.DRAIN) return 'keep';
  if (node.status?.state !== NodeState.READY) return 'keep';
  if (node.spec?.availability === Availability.PAUSE) return 'keep';
  // A new task that has to leave again after some seconds would come and go without an end.
  if (stay !== undefined && stay.untilMs < Infinity) return 'keep';
  const hard = taints.filter(({ effect }) => effect === TaintEffect.NO_SCHEDULE);
  return untolerated(hard, tolerations) === undefined ? 'run' : 'keep';
}

export interface GlobalSlots {
  /** With whether a new task may be made there now. */
  readonly kept: readonly { readonly slot: Slot; readonly mayCreate: boolean }[];
  /** Their tasks are to be stopped and stay as history. */
  readonly stopped: readonly Slot[];
  /** Their nodes are gone. */
  readonly forgotten: readonly Slot[];
  /** Nodes that lack a task. */
  readonly missing: readonly string[];
}

/** Divides the slots of a global service; `nodes` are all of the cluster, or those of interest. */
export function divideGlobal(
  service: Service,
  slots: ReadonlyMap<string, Slot>,
  node: (id: string) => Node | undefined,
  nodes: Iterable<Node>,
): GlobalSlots {
  const kept: { slot: Slot; mayCreate: boolean }[] = [];
  const stopped: Slot[] = [];
  const forgotten: Slot[] = [];
  for (const slot of slots.values()) {
    if (!isFilled(slot)) continue;
    const verdict = judgeGlobal(service, node(slot.nodeId));
    if (verdict === 'forget') forgotten.push(slot);
    else if (verdict === 'stop') stopped.push(slot);
    else kept.push({ slot, mayCreate: verdict === 'run' });
  }
  const missing: string[] = [];
  for (const candidate of nodes) {
    const slot = slots.get(candidate.id);
    const isEmpty = slot === undefined || !isFilled(slot);
    if (isEmpty && judgeGlobal(service, candidate) === 'run') missing.push(candidate.id);
  }
  return { kept, stopped, forgotten, missing };
}
