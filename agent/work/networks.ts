import { ClusterError } from '#lib';
import type { NetworkReport, WorkDiagnoseNetworks } from '#proto';
import { sendUp } from './work-context.ts';
import type { WorkContext } from './work-context.ts';

/** Looks at the networks of its host, as a port. */
export interface NetworkExaminer {
  examine(request: WorkDiagnoseNetworks, signal: AbortSignal): Promise<NetworkReport>;
}

/** One report. UNIMPLEMENTED on a host without networks of its own. */
export async function diagnoseNetworks(
  request: WorkDiagnoseNetworks,
  context: WorkContext,
): Promise<void> {
  const { networkExaminer, signal } = context;
  if (networkExaminer === undefined)
    throw new ClusterError('UNIMPLEMENTED', 'this node has no networks to examine');
  const networkReport = await networkExaminer.examine(request, signal);
  await sendUp(context, { kind: 'networkReport', networkReport });
}
