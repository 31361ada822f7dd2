import type { WorkUp } from '#proto';
import type { Runtime } from '../runtime/port.ts';
import type { WorkLink } from '../session-port.ts';
import type { TaskView } from '../task/task-view.ts';
import type { NetworkExaminer } from './networks.ts';

/** What a piece of work is given. */
export interface WorkContext {
  readonly nodeId: string;
  readonly runtime: Runtime;
  readonly tasks: readonly TaskView[];
  readonly networkExaminer: NetworkExaminer | undefined;
  readonly link: WorkLink;
  /** Aborted when nobody wants the answer any more. */
  readonly signal: AbortSignal;
}

/** Sends unless nobody listens. */
export async function sendUp(context: WorkContext, body: WorkUp['body']): Promise<void> {
  context.signal.throwIfAborted();
  await context.link.send({ body });
}
