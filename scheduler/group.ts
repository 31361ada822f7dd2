/** Tasks that are alike, of one version of a service and the same labels, and what placing one needs. */
import type { Ms } from '#lib';
import type { Task } from '#proto';
import type { Candidate } from './candidate.ts';
import type { NodeRecord } from './node-record.ts';
import type { Requirements } from './requirements.ts';
import type { ScoringConfig } from './scores.ts';
import type { ServiceRecord } from './service-record.ts';
import { countUnpreferred } from './toleration.ts';

export interface Group {
  readonly serviceId: string;
  readonly specVersion: number;
  /** One or more. */
  readonly tasks: readonly [Task, ...Task[]];
  readonly requirements: Requirements;
  readonly scoring: ScoringConfig;
  readonly nowMs: Ms;
}

/** The node with its rank, by the taints that the group does not like and by its tasks. */
export function candidateOf(
  record: NodeRecord,
  group: Group,
  service: ServiceRecord | undefined,
): Candidate {
  const { specVersion, nowMs, requirements } = group;
  const { softTaints } = record;
  const unpreferredCount =
    softTaints.length === 0 ? 0 : countUnpreferred(softTaints, requirements.tolerations);
  return {
    record,
    isLast: service?.isFaulty(record.id, specVersion, nowMs) === true,
    unpreferredCount,
    score: -unpreferredCount,
    serviceTaskCount: service?.taskCounts.get(record.id) ?? 0,
  };
}
