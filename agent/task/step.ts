import type { TaskStatus } from '#proto';
import type { TaskContainer } from './task-spec.ts';

/** The one thing to do next for a task. All but `status`, `idle` and `wait` touch the host. */
export type Step =
  /** Nothing to do until something changes. */
  | { readonly kind: 'idle' }
  /** Nothing to do before `untilMs`, monotonic. */
  | { readonly kind: 'wait'; readonly untilMs: number }
  /** The task has a new status. Its state is not below the present one. */
  | { readonly kind: 'status'; readonly status: TaskStatus }
  | { readonly kind: 'image'; readonly container: TaskContainer }
  | { readonly kind: 'volumes' }
  | { readonly kind: 'attach' }
  | { readonly kind: 'files' }
  | { readonly kind: 'create'; readonly container: TaskContainer }
  | { readonly kind: 'start'; readonly container: TaskContainer }
  /** At the sockets behind the published ports. */
  | { readonly kind: 'look'; readonly reason: 'start' | 'stop' }
  | { readonly kind: 'signal'; readonly signals: readonly ContainerSignal[] }
  | { readonly kind: 'remove'; readonly containerName: string }
  | { readonly kind: 'detach' }
  /** Wait until the status is on disk. */
  | { readonly kind: 'save' }
  /** Logs, files and anonymous volumes. */
  | { readonly kind: 'clean' }
  | { readonly kind: 'forget' };

export interface ContainerSignal {
  readonly containerName: string;
  /** As in SIGTERM. */
  readonly signal: string;
}
