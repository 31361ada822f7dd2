/**
 * Every exit, at least once: containerd's event stream for those that happen, and the list of tasks
 * after every (re)connection for those that happened unheard.
 */
import { Any, EventsService, TaskExit } from '#proto/containerd';
import type { Envelope } from '#proto/containerd';
import { backoffMs, sleep } from '#lib';
import type { Clock, Logger, Random } from '#lib';
import type { ContainerState } from '../runtime/port.ts';
import type { ContainerdConnection } from './connection-node.ts';
import { exitedState } from './states.ts';

export interface ExitWatchOptions {
  readonly containerd: ContainerdConnection;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly list: (signal: AbortSignal) => Promise<readonly ContainerState[]>;
  readonly labelsOf: (id: string) => Promise<Readonly<Record<string, string>>>;
  /** It is about an earlier container of the same id. */
  readonly isStale: (exit: TaskExit, signal: AbortSignal) => Promise<boolean>;
}

const exitTopic = '/tasks/exit';
/** Published by the watcher itself: seeing it proves that the stream is on. */
const markTopic = '/tessera/watching';
const subscribeDeadlineMs = 10_000;
const retry = { baseMs: 100, maxMs: 2_000, jitter: 0.5 };

/** Runs until the signal is aborted. `handler` must not throw. */
export async function watchExits(
  options: ExitWatchOptions,
  handler: (state: ContainerState) => void,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log, random } = options;
  for (let failures = 0; !signal.aborted; ) {
    const startedMs = clock.monotonic();
    try {
      await watchOnce(options, handler, signal);
    } catch (error) {
      if (signal.aborted) return;
      log.warn('event stream of containerd broke, opening it again', { err: error });
    }
    if (clock.monotonic() - startedMs > retry.maxMs) failures = 0;
    await sleep(clock, backoffMs(retry, failures++, random), signal).catch(() => undefined);
  }
}

async function watchOnce(
  options: ExitWatchOptions,
  handler: (state: ContainerState) => void,
  signal: AbortSignal,
): Promise<void> {
  const { containerd, clock } = options;
  const ended = new AbortController();
  const both = AbortSignal.any([signal, ended.signal]);
  const stream = containerd.stream(
    EventsService.subscribe,
    { filters: [exitTopic, markTopic].map((topic) => `topic==${JSON.stringify(topic)}`) },
    { signal: both },
  );
  let isOn = false;
  const timer = clock.after(subscribeDeadlineMs, () => ended.abort(new Error('no mark was seen')));
  // The subscription begins some time after the call: ask until the answer comes through it.
  const marks = (async () => {
    while (!isOn && !both.aborted) {
      await containerd.call(
        EventsService.publish,
        { topic: markTopic, event: Any.create({ typeUrl: 'tessera/mark' }) },
        { signal: both },
      );
      await sleep(clock, 20, both);
    }
  })();
  // A failure here ends the stream, which says it.
  marks.catch((error: unknown) => (isOn ? undefined : ended.abort(error)));
  try {
    for await (const envelope of stream) {
      if (envelope.namespace !== containerd.namespace) continue;
      if (envelope.topic === markTopic) {
        if (isOn) continue;
        isOn = true;
        timer.cancel();
        const states = await options.list(both);
        for (const state of states)
          if (state.phase === 'exited' || state.phase === 'lost') handler(state);
      } else await hear(options, envelope, handler, both);
    }
  } finally {
    timer.cancel();
    ended.abort(new Error('the stream ended'));
  }
}

async function hear(
  options: ExitWatchOptions,
  envelope: Envelope,
  handler: (state: ContainerState) => void,
  signal: AbortSignal,
): Promise<void> {
  if (envelope.topic !== exitTopic || envelope.event === undefined) return;
  const exit = TaskExit.decode(envelope.event.value);
  // Processes that joined the container later end with an id of their own.
  if (exit.id !== exit.containerId || (await options.isStale(exit, signal))) return;
  handler(exitedState(exit, await options.labelsOf(exit.containerId)));
}
