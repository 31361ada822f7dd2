import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerPlan, ContainerState } from '#agent';
import type { RunningRuntime } from '#agent/containerd/index';
import { ClusterError } from '#lib';
import { noAbort, stateOf } from './own-runtime.ts';
import type { OwnRuntime } from './own-runtime.ts';
import { poll } from './poll.ts';

export interface CutStart {
  /** The agent that came after the one that was cut off. */
  readonly after: RunningRuntime;
  /** All that it has heard of, from its first moment until `end`. */
  readonly exits: readonly ContainerState[];
  readonly end: () => void;
}

/** Leaves a container whose start was cut off in the middle; undefined when the start was faster. */
export async function cutStart(
  own: OwnRuntime,
  plan: ContainerPlan,
): Promise<CutStart | undefined> {
  const before = await own.agent();
  await before.runtime.create(plan, noAbort);
  // containerd sees a caller that goes in the middle, as when an agent is killed.
  const gone = new AbortController();
  const ended = before.runtime.start(plan.id, gone.signal).then(
    () => true,
    () => false,
  );
  const bundle = `state/io.containerd.runtime.v2.task/tessera/${plan.id}`;
  const path = join(own.containerd.folder, bundle);
  await poll('the start under way', () => existsSync(path), { everyMs: 1 });
  gone.abort(new ClusterError('CANCELLED', 'the agent was killed'));
  const isStarted = await ended;
  await before.stop();
  const after = await own.agent();
  const exits: ContainerState[] = [];
  const end = after.runtime.onExit((state) => exits.push(state));
  const { phase } = await poll('the container', () => stateOf(after, plan.id));
  if (!isStarted && phase === 'lost') return { after, exits, end };
  end();
  await after.runtime.remove(plan.id, noAbort);
  await after.stop();
  return undefined;
}
