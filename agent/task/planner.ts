/**
 * What to do next for one task: a pure function of what is wanted and what is there. It is asked
 * again after every step and every event, so that a step lost, repeated or cut short heals by
 * itself.
 */
import type { ContainerState } from '../runtime/port.ts';
import { TaskState } from '#proto';
import { containersOf, isFinal, wishOf } from './task-spec.ts';
import { attemptOf, attemptsMax } from './attempts.ts';
import { rulesGate, startedText, startGate, stopGate } from './gate.ts';
import { volumeNeeds } from './container-plan.ts';
import { stopRule, stopRuleOfLabels } from './stop-rule.ts';
import type { StopRule } from './stop-rule.ts';
import type { TaskContainer } from './task-spec.ts';
import type { TaskView } from './task-view.ts';
import type { ContainerSignal, Step } from './step.ts';
import { exitText, withState } from './status.ts';

/** Pause between two SIGKILLs of a container that does not go. */
export const killAgainMs = 10_000;

const idle: Step = { kind: 'idle' };

/** `nowMs` is monotonic. */
export function nextStep(view: TaskView, nowMs: number): Step {
  if (view.isDropped) return dropStep(view, nowMs);
  if (isFinal(view.status.state)) return finalStep(view, nowMs);
  if (wishOf(view.task) === 'stop') return stopStep(view, nowMs);
  if (view.status.state < TaskState.ACCEPTED)
    return { kind: 'status', status: withState(view, TaskState.ACCEPTED, 'accepted') };
  if (view.status.state >= TaskState.STARTING) return runStep(view, nowMs);
  return prepareStep(view, nowMs);
}

function hasStarted(state: ContainerState | undefined): boolean {
  return state?.phase === 'running' || state?.phase === 'exited';
}

/** ACCEPTED or PREPARING or READY: nothing has been started by this agent that it knows of. */
function prepareStep(view: TaskView, nowMs: number): Step {
  const containers = containersOf(view.task);
  // Started before the agent was: go on from there.
  if (containers.some(({ name }) => hasStarted(view.containers.get(name))))
    return { kind: 'status', status: withState(view, TaskState.STARTING, 'starting') };
  const cut = cutStep(view, containers, nowMs);
  if (cut !== undefined) return cut;
  if (view.status.state < TaskState.PREPARING)
    return { kind: 'status', status: withState(view, TaskState.PREPARING, 'preparing') };
  const missing = preparation(view, containers);
  if (missing !== undefined) return missing;
  if (view.status.state < TaskState.READY)
    return { kind: 'status', status: withState(view, TaskState.READY, 'prepared') };
  if (wishOf(view.task) === 'prepare') return idle;
  return { kind: 'status', status: withState(view, TaskState.STARTING, 'starting') };
}

/** The first thing that is missing before anything can start. */
function preparation(view: TaskView, containers: readonly TaskContainer[]): Step | undefined {
  const bare = containers.find(({ spec }) => !view.images.has(spec.image));
  if (bare !== undefined) return { kind: 'image', container: bare };
  const needs = volumeNeeds(view.task, view.images);
  if (needs.some(({ key }) => !view.volumes.has(key))) return { kind: 'volumes' };
  if (view.network === undefined) {
    // Their network went with the host's last boot: they cannot be used any more.
    const stale = containers.find(({ name }) => view.containers.get(name)?.phase === 'created');
    if (stale !== undefined) return { kind: 'remove', containerName: stale.name };
    return { kind: 'attach' };
  }
  if (view.files === undefined) return { kind: 'files' };
  const absent = containers.find(({ name }) => !view.containers.has(name));
  return absent === undefined ? undefined : { kind: 'create', container: absent };
}

/** STARTING or RUNNING. */
function runStep(view: TaskView, nowMs: number): Step {
  const containers = containersOf(view.task);
  const failed = containers.find(({ name }) => {
    const state = view.containers.get(name);
    return state?.phase === 'exited' && state.exitCode !== 0;
  });
  if (failed !== undefined) return failStep(view, exitText(view, failed), nowMs);
  if (view.status.state >= TaskState.RUNNING) return runningStep(view, containers);
  return startStep(view, containers, nowMs);
}

/**
 * A container that was lost before anybody knew that it runs, because the agent or the host went while it
 * was started, did not fail: it is made anew, but not for ever.
 */
function cutStep(
  view: TaskView,
  containers: readonly TaskContainer[],
  nowMs: number,
): Step | undefined {
  for (const { name } of containers) {
    const state = view.containers.get(name);
    if (state?.phase !== 'lost') continue;
    if (attemptOf(state) < attemptsMax) return { kind: 'remove', containerName: name };
    const error = `container was lost while it was started, ${attemptsMax} times`;
    return failStep(view, error, nowMs);
  }
  return undefined;
}

function startStep(view: TaskView, containers: readonly TaskContainer[], nowMs: number): Step {
  const cut = cutStep(view, containers, nowMs);
  if (cut !== undefined) return cut;
  for (const container of containers) {
    const state = view.containers.get(container.name);
    // Something else removed it, or the host went down, before it ran: prepare it again.
    if (state === undefined) return preparation(view, containers) ?? idle;
    if (state.phase === 'created') {
      const missing = preparation(view, containers);
      return missing ?? { kind: 'start', container };
    }
    if (container.isInit && state.phase === 'running') return idle;
  }
  return (
    startGate(view, nowMs) ?? {
      kind: 'status',
      status: withState(view, TaskState.RUNNING, startedText(view)),
    }
  );
}

function runningStep(view: TaskView, containers: readonly TaskContainer[]): Step {
  const main = containers.filter(({ isInit }) => !isInit);
  const lost = main.find(({ name }) => !hasStarted(view.containers.get(name)));
  if (lost !== undefined) {
    const error = 'container is gone: the host or its container runtime was restarted';
    return { kind: 'status', status: withState(view, TaskState.FAILED, 'failed', error) };
  }
  const isOver = main.every(({ name }) => view.containers.get(name)?.phase === 'exited');
  if (isOver) return { kind: 'status', status: withState(view, TaskState.COMPLETE, 'finished') };
  return idle;
}

/**
 * One container failed: the others of its task are stopped before the task is told to have
 * failed.
 */
function failStep(view: TaskView, error: string, nowMs: number): Step {
  const stopping = stopContainers(view, nowMs);
  if (stopping !== undefined) return stopping;
  return { kind: 'status', status: withState(view, TaskState.FAILED, 'failed', error) };
}

function stopStep(view: TaskView, nowMs: number): Step {
  const stopping = stopGate(view, nowMs) ?? stopContainers(view, nowMs);
  if (stopping !== undefined) return stopping;
  return { kind: 'status', status: withState(view, TaskState.SHUTDOWN, 'shutdown') };
}

/** Signals, waits, kills; undefined when nothing of the task runs. */
function stopContainers(view: TaskView, nowMs: number): Step | undefined {
  const signals: ContainerSignal[] = [];
  let wakeAtMs = Number.POSITIVE_INFINITY;
  for (const state of view.containers.values()) {
    if (state.phase !== 'running') continue;
    const due = nextSignal(view, state, nowMs);
    if (typeof due === 'number') wakeAtMs = Math.min(wakeAtMs, due);
    else signals.push(due);
  }
  if (signals.length > 0) return { kind: 'signal', signals };
  return Number.isFinite(wakeAtMs) ? { kind: 'wait', untilMs: wakeAtMs } : undefined;
}

/** The signal a running container must get now, or when to look again. */
function nextSignal(
  view: TaskView,
  state: ContainerState,
  nowMs: number,
): ContainerSignal | number {
  const { containerName } = state;
  const signalledAtMs = view.signalledAtMs.get(containerName);
  const stop = stopOf(view, state);
  if (signalledAtMs === undefined) return { containerName, signal: stop.signal };
  const killedAtMs = view.killedAtMs.get(containerName);
  const killAtMs =
    killedAtMs === undefined ? signalledAtMs + stop.graceMs : killedAtMs + killAgainMs;
  return nowMs >= killAtMs ? { containerName, signal: 'SIGKILL' } : killAtMs;
}

/** As resolved when the container was made; else by the spec. */
function stopOf(view: TaskView, state: ContainerState): StopRule {
  const kept = stopRuleOfLabels(state.labels);
  if (kept !== undefined) return kept;
  const container = containersOf(view.task).find(({ name }) => name === state.containerName);
  return stopRule(container?.spec, container && view.images.get(container.spec.image));
}

/**
 * COMPLETE or above: free what the task holds; its logs and record stay for the managers to drop.
 */
function finalStep(view: TaskView, nowMs: number): Step {
  const stopping = stopContainers(view, nowMs);
  if (stopping !== undefined) return stopping;
  if (!view.isStatusSaved) return { kind: 'save' };
  return releaseStep(view) ?? idle;
}

function releaseStep(view: TaskView): Step | undefined {
  const [left] = view.containers.keys();
  if (left !== undefined) return { kind: 'remove', containerName: left };
  return view.network === undefined ? undefined : { kind: 'detach' };
}

function dropStep(view: TaskView, nowMs: number): Step {
  const stopping = rulesGate(view) ?? stopContainers(view, nowMs);
  if (stopping !== undefined) return stopping;
  const release = releaseStep(view);
  if (release !== undefined) return release;
  return view.isCleaned ? { kind: 'forget' } : { kind: 'clean' };
}
