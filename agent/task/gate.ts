/**
 * When a task's published ports are looked at: after its containers have started, until something
 * listens on them, so that RUNNING means that callers are answered; and before it is told to stop,
 * until nobody waits to be let in. Pure.
 */
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
  const isToldToStop = view.signalledAtMs.size > 0;
  const isRunning = [...view.containers.values()].some(({ phase }) => phase === 'running');
  if (isToldToStop || !isRunning || view.targets.length === 0) return undefined;
  const look = view.portLook;
  if (look?.reason !== 'stop') return { kind: 'look', reason: 'stop' };
  return look.waiting === 0 ? undefined : lookAgain(look, nowMs, letInMaxMs);
}

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
