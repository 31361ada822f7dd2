/** What a task that has a node, or has ended, waits for or came to: one line, and what else there is to say. */
import { shortId } from '#lib';
import type { Ms } from '#lib';
import { Availability, NodeState, RestartCondition, TaskState, TaskStateNames } from '#proto';
import type { Task } from '#proto';
import { shellWord, stayOnLostNode, unreachableTaintKey } from '#scheduler';
import { disruptionOf } from '../disruption/index.ts';
import { isGlobal, restartConfigOf, tolerationsOf } from '../orchestrator/service-config.ts';
import { isEndedByItself, isOnNode, isStopped } from '../orchestrator/task-state.ts';
import { isWanted, stateOf } from '../orchestrator/task-state.ts';
import type { Scene } from './scene.ts';

export interface Words {
  readonly reason: string;
  readonly details: readonly string[];
  /** Until when a delay holds the task back; 0 = none does. */
  readonly untilMs: Ms;
}

/** What the words are about: a task among those of its slot, oldest first, itself among them. */
export interface Subject {
  readonly task: Task;
  readonly slot: readonly Task[];
}

/** Words for every state but a PENDING task's refusals and a running one's scores, which the scheduler knows. */
export function stateWords(scene: Scene, subject: Subject): Words {
  const { task } = subject;
  const details = [...trouble(scene, task), ...backOffDetails(scene, subject)];
  const { runNotBeforeMs } = task;
  const untilMs = isHeld(scene, task) ? runNotBeforeMs : 0;
  return { reason: reasonOf(scene, subject), details, untilMs };
}

function isHeld(scene: Scene, task: Task): boolean {
  const { desiredState, runNotBeforeMs } = task;
  return desiredState === TaskState.READY && !isStopped(task) && runNotBeforeMs > scene.nowMs;
}

function reasonOf(scene: Scene, subject: Subject): string {
  const { task } = subject;
  const state = stateOf(task);
  const node = scene.nodeName(task.nodeId);
  if (!isWanted(task) && !isStopped(task)) {
    const why = task.status?.message;
    return `it is being stopped${why ? `: ${why}` : ''}`;
  }
  switch (state) {
    case TaskState.NEW:
      return newReason(scene, task);
    case TaskState.PENDING:
      return 'it waits for a node';
    case TaskState.ASSIGNED:
      return `it is assigned to ${node}, which has yet to take it`;
    case TaskState.ACCEPTED:
      return `${node} has taken it and is about to prepare it`;
    case TaskState.PREPARING:
      return preparingReason(task, node);
    case TaskState.READY:
      return readyReason(scene, subject, node);
    case TaskState.STARTING:
      return `its containers are starting on ${node}`;
    case TaskState.RUNNING:
      return `it runs on ${node}`;
    default:
      return endReason(scene, subject, node);
  }
}

/** What is wrong with its node, and the error that its state carries. */
function trouble(scene: Scene, task: Task): readonly string[] {
  const details: string[] = [];
  if (task.movedFromNodeId !== '')
    details.push(`rebalancing moved it from ${scene.nodeName(task.movedFromNodeId)}`);
  if (task.preemptedBy !== undefined) {
    const { taskName, priority } = task.preemptedBy;
    details.push(`it made room for ${taskName}, of priority ${priority}`);
  }
  if (isOnNode(task)) {
    const state = scene.node(task.nodeId)?.status?.state;
    const name = scene.nodeName(task.nodeId);
    if (state === undefined) details.push(`node ${name} is not in the cluster any more`);
    else if (state === NodeState.DOWN)
      details.push(`node ${name} is down: ${lostWords(scene, task)}`);
    else if (state !== NodeState.READY)
      details.push(`node ${name} has not been heard of: the task may run there all the same`);
    else if (isWanted(task)) details.push(...drainDetails(scene, task));
  }
  const error = task.status?.error ?? '';
  if (error !== '' && stateOf(task) !== TaskState.PENDING && !isEndedByItself(task))
    details.push(`error: ${error}`);
  return details;
}

/** What keeps a task on a node that is drained. */
function drainDetails(scene: Scene, task: Task): readonly string[] {
  const node = scene.node(task.nodeId);
  if (node?.spec?.availability !== Availability.DRAIN) return [];
  const name = scene.nodeName(task.nodeId);
  const service = scene.image.get('service', task.serviceId);
  const tasks = scene.image.tasksOfService(task.serviceId);
  const disruption =
    service === undefined ? undefined : disruptionOf(service, tasks, (id) => scene.node(id));
  const isFree = disruption === undefined || disruption.allowed > 0;
  if (isFree || node.spec.drainIgnoresBudgets)
    return [`node ${name} is drained: the task is about to leave it`];
  const { available, desired, unavailableMax: max } = disruption;
  const wayOut = `or do without the budget: tsctl node drain --ignore-budgets ${shellWord(name)}`;
  if (max === 0)
    return [
      `node ${name} is drained, but the task never leaves it: by its budget (--max-unavailable) no task of` +
        ` ${task.serviceName} may be missing; raise the budget, ${wayOut}`,
    ];
  return [
    `node ${name} is drained, and the task waits for its budget (--max-unavailable): ${available} of ${desired} tasks` +
      ` run, and ${max} may be missing; it leaves when more run, ${wayOut}`,
  ];
}

/** What becomes of a task on a node that is DOWN. */
function lostWords(scene: Scene, task: Task): string {
  const node = scene.node(task.nodeId);
  const service = scene.image.get('service', task.serviceId);
  if (node === undefined || !isWanted(task))
    return 'nobody knows whether the task still runs there';
  const untilMs = stayOnLostNode(node, task, tolerationsOf(service?.spec?.task));
  if (untilMs === undefined && service !== undefined && isGlobal(service))
    return 'the task of a global service stays with it';
  if (untilMs === undefined || untilMs <= scene.nowMs)
    return 'the task is replaced, unless most nodes went together';
  const toleration = `--toleration ${unreachableTaintKey}`;
  if (untilMs === Infinity)
    return `the task stays with it until it is back or removed (${toleration})`;
  const leftSeconds = Math.ceil((untilMs - scene.nowMs) / 1_000);
  return `the task is replaced if it is not back within ${leftSeconds} s (${toleration})`;
}

function newReason(scene: Scene, task: Task): string {
  for (const { network } of task.spec?.networks ?? []) {
    const found = scene.image.get('network', network);
    if (found === undefined) continue;
    const name = found.spec?.name ?? network;
    if (found.error !== '') return `it has no address on network ${name}: ${found.error}`;
    if (found.allocation === undefined)
      return `it has no address yet: network ${name} is not allocated yet`;
  }
  const error = task.status?.error ?? '';
  return `it has no network addresses yet${error === '' ? '' : `: ${error}`}`;
}

function preparingReason(task: Task, node: string): string {
  const said = task.status?.message ?? '';
  if (said !== '') return `${node} prepares it: ${said}`;
  const images = (task.spec?.containers ?? []).map(({ image }) => image);
  return `${node} prepares it: pulls ${images.join(', ')} where it is missing`;
}

function readyReason(scene: Scene, { task, slot }: Subject, node: string): string {
  if (task.desiredState !== TaskState.READY) return `${node} is about to start it`;
  if (isHeld(scene, task)) return `it is ready on ${node} and held back for a while`;
  const before = slot.find((other) => other !== task && isOnNode(other));
  if (before === undefined) return `it is ready on ${node} and about to start`;
  const where = scene.nodeName(before.nodeId);
  return `it is ready on ${node} and waits for task ${shortId(before.id)} before it to stop on ${where}`;
}

/** How it failed before, for a task that a delay holds back. */
function backOffDetails(scene: Scene, { task, slot }: Subject): readonly string[] {
  if (!isHeld(scene, task)) return [];
  const last = slot.findLast((other) => other !== task && isEndedByItself(other));
  const times = task.restartCount === 1 ? 'one failure' : `${task.restartCount} failures in a row`;
  if (last === undefined) return [`restart back-off after ${times}`];
  return [`restart back-off after ${times}; the last: ${errorOf(last)}`];
}

/** What went wrong, or how it ended. */
export function errorOf(task: Task): string {
  const { status } = task;
  const exit = status?.containers.find(({ exitCode }) => exitCode !== 0);
  if (status?.error) return status.error;
  if (exit !== undefined) return `container ${exit.name} ended with code ${exit.exitCode}`;
  return status?.message || (TaskStateNames[stateOf(task)] ?? '').toLowerCase();
}

const endWords: Readonly<Partial<Record<TaskState, string>>> = {
  [TaskState.COMPLETE]: 'it has ended well',
  [TaskState.SHUTDOWN]: 'it was stopped',
  [TaskState.FAILED]: 'it failed',
  [TaskState.REJECTED]: 'its node could not run it',
  [TaskState.ORPHANED]: 'it is lost with its node',
  [TaskState.REMOVE]: 'it is being removed',
};

function endReason(scene: Scene, subject: Subject, node: string): string {
  const { task } = subject;
  const state = stateOf(task);
  const where = task.nodeId === '' ? '' : ` on ${node}`;
  const why = state === TaskState.COMPLETE ? '' : `: ${errorOf(task)}`;
  return `${endWords[state] ?? 'it has ended'}${where}${why}; ${whatNext(scene, subject)}`;
}

function whatNext(scene: Scene, { task, slot }: Subject): string {
  const next = slot.slice(slot.indexOf(task) + 1).findLast(isWanted);
  if (next !== undefined) {
    const state = (TaskStateNames[stateOf(next)] ?? '').toLowerCase();
    return `task ${shortId(next.id)} has its place: ${state}`;
  }
  const service = scene.image.get('service', task.serviceId);
  if (service === undefined || service.isRemoving) return 'its service is gone';
  if (!isEndedByItself(task)) return 'nothing follows it yet';
  const { condition, attemptsMax } = restartConfigOf(service.spec?.task);
  if (condition === RestartCondition.NONE) return '--restart-condition none: it is not restarted';
  if (condition === RestartCondition.ON_FAILURE && stateOf(task) === TaskState.COMPLETE)
    return '--restart-condition on-failure: it is not restarted';
  if (attemptsMax > 0 && slot.filter(isEndedByItself).length > attemptsMax)
    return `--restart-max-attempts ${attemptsMax} are used up: it is not restarted`;
  return 'another follows';
}
