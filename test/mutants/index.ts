/** Every bug that `make mutants` plants, area by area. */
import type { Mutant } from './mutant.ts';
import { allocatorMutants } from './allocator.ts';
import { containerMutants } from './containers.ts';
import { diskMutants } from './disk.ts';
import { dispatcherMutants } from './dispatcher.ts';
import { electionMutants } from './election.ts';
import { encryptionMutants } from './encryption.ts';
import { etcdMutants } from './etcd.ts';
import { membershipMutants } from './membership.ts';
import { networkMutants } from './networks.ts';
import { orchestratorMutants } from './orchestrator.ts';
import { replicationMutants } from './replication.ts';
import { schedulingMutants } from './scheduling.ts';
import { storeMutants } from './store.ts';

export const mutants: readonly Mutant[] = [
  ...electionMutants,
  ...replicationMutants,
  ...membershipMutants,
  ...diskMutants,
  ...storeMutants,
  ...etcdMutants,
  ...orchestratorMutants,
  ...allocatorMutants,
  ...containerMutants,
  ...networkMutants,
  ...encryptionMutants,
  ...schedulingMutants,
  ...dispatcherMutants,
];
