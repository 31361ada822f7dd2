/**
 * Placement as a library: a view of the cluster and pending tasks in, decisions with reasons out. Pure and
 * synchronous; the glue to the store stands in manager/scheduling. Owns no field of any object.
 */
export { ClusterView } from './cluster-view.ts';
export { nodeSatisfies, parseConstraint, parseConstraints } from './constraint.ts';
export type { Constraint, ConstraintKey } from './constraint.ts';
export { ImageIndex, imagesPerNodeMax } from './image-index.ts';
export type { HeldImage } from './image-index.ts';
export { explain, explaining } from './explain.ts';
export type { Explanation, RefusedNode } from './explain.ts';
export { isAskedFor, mayTake } from './filter.ts';
export { hinting, hints } from './hint.ts';
export type { Hint } from './hint.ts';
export { addressOf } from './host-ports.ts';
export { labelNumber } from './selector.ts';
export { isNodeKey, labelValue, nameField } from './node-affinity.ts';
export { Meter, finish, pause, placementUnits } from './meter.ts';
export type { Pause } from './meter.ts';
export { place, placing } from './place.ts';
export type { PlaceOptions, Placement, PlacementResult, Unplaced } from './place.ts';
export { parsePreference } from './preference.ts';
export { preempt, preempting } from './preempt.ts';
export type { PreemptOptions, Preemption, TrialLimits } from './preempt.ts';
export { priorityOf, userPriorityMax } from './priority.ts';
export { prospectOf } from './prospect.ts';
export type { Prospect } from './prospect.ts';
export type { FilterName, Refusal, Shortage } from './refusal.ts';
export { rebalance } from './rebalance.ts';
export type { Move, RebalanceOptions, RebalancePlan } from './rebalance.ts';
export { shellWord } from './remedies.ts';
export type { Remedy } from './remedies.ts';
export { kindIdOf } from './task-kind.ts';
export { rank } from './rank.ts';
export type { RankedNode, ScorePart } from './rank.ts';
export { defaultScoring, strategies } from './scores.ts';
export type { ScoringConfig, Strategy, Weights } from './scores.ts';
export { scoringOf, weightMax, weightNames } from './scoring.ts';
export { looksAtOthers } from './topology-rules.ts';
export { failuresMax, failureWindowMs } from './service-record.ts';
export {
  isTaintNumber,
  stayOf,
  stayOfTask,
  taintId,
  taintText,
  untolerated,
} from './toleration.ts';
export type { Stay } from './toleration.ts';
export { managersTaintPrefix, stayOnLostNode, unreachableTaintKey } from './unreachable.ts';
export type { DisruptionBudget, Offer } from './victims.ts';
