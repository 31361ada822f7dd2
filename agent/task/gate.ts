/**
 * When a task's published ports are looked at: after its containers have started, until something
 * listens on them, so that RUNNING means that callers are answered; and before it is told to stop,
 * until nobody waits to be let in. A host that was away brings its rules up to date before that. Pure.
 */
import type { ContainerState } from '../runtime/port.ts';
import type { Step } from './step.ts';
import type { TaskView } from './task-view.ts';

/** A task counts as started after this even if nobody listens: it may open its ports later. */
export const listenMaxMs = 10_000;
/** Callers that are not let in within this are given up. */
export const letInMaxMs = 1_000;
/** Pauses between looks: an eighth of the time so far, within these bounds. */
const pauseMinMs = 5;
const pauseMaxMs = 200;

/** What was seen of the task's target ports. Times are monotonic. */
export interface PortLook {
  readonly reason: 'start' | 'stop';
  readonly firstAtMs: number;
  readonly atMs: number;
  /** As in `80/tcp`: nobody listens there. */
  readonly closed: readonly string[];
  /** Connections that were made and not accepted yet. */
  readonly waiting: number;
}

/** What to do before the started task is RUNNING; undefined = nothing any more. */
export function startGate(view: TaskView, nowMs: number): Step | undefined {
  const look = view.portLook;
  if (look?.reason !== 'start')
    return view.targets.length > 0 ? { kind: 'look', reason: 'start' } : undefined;
  return look.closed.length === 0 ? undefined : lookAgain(look, nowMs, listenMaxMs);
}

/** What to do before the running task gets its stop signal; undefined = nothing any more. */
export function stopGate(view: TaskView, nowMs: number): Step | undefined {
  const rules = rulesGate(view);
  if (rules !== undefined) return rules;
  if (!isToBeTold(view) || view.targets.length === 0) return undefined;
  const look = view.portLook;
  if (look?.reason !== 'stop') return { kind: 'look', reason: 'stop' };
  return look.waiting === 0 ? undefined : lookAgain(look, nowMs, letInMaxMs);
}

/** Waits until this host leads no callers to the running task that is to get its stop signal. */
export function rulesGate(view: TaskView): Step | undefined {
  return view.mayBeLedTo && isToBeTold(view) ? { kind: 'idle' } : undefined;
}

function isToBeTold({ signalledAtMs, containers }: TaskView): boolean {
  return signalledAtMs.size === 0 && [...containers.values()].some(isRunning);
}

const isRunning = ({ phase }: ContainerState): boolean => phase === 'running';

/** What people are told of a task that is RUNNING. */
export function startedText({ portLook }: TaskView): string {
  const closed = portLook?.reason === 'start' ? portLook.closed : [];
  if (closed.length === 0) return 'started';
  return `started; nothing listens on ${closed.join(', ')} after ${listenMaxMs / 1000} s`;
}

function lookAgain(look: PortLook, nowMs: number, longestMs: number): Step | undefined {
  if (nowMs >= look.firstAtMs + longestMs) return undefined;
  const soFarMs = look.atMs - look.firstAtMs;
  const untilMs = look.atMs + Math.min(pauseMaxMs, Math.max(pauseMinMs, soFarMs / 8));
  return nowMs >= untilMs ? { kind: 'look', reason: look.reason } : { kind: 'wait', untilMs };
}
