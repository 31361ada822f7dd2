import type { Clock, Logger, Metrics, Random } from '#lib';
import type {
  CertificateAuthorityService,
  ControlService,
  Handlers,
  ManagerReport,
  RaftMembershipService,
} from '#proto';
import type { ImageIndex } from '#scheduler';
import { certificateHandlers, makeJoinToken } from './ca/index.ts';
import type { CertificateSigner } from './ca/index.ts';
import { controlHandlers } from './control/index.ts';
import type { PackBackup } from './control/index.ts';
import { dispatcherHandlers } from './dispatcher/index.ts';
import type { Dispatcher, DispatcherHandlers } from './dispatcher/index.ts';
import { clusterStatus } from './replication/cluster-status.ts';
import { managerReport } from './replication/manager-report.ts';
import type { DiskUsage } from './replication/manager-report.ts';
import type { MembershipClient } from './joining.ts';
import { membershipHandlers } from './replication/membership-handlers.ts';
import type { Membership } from './replication/membership.ts';
import type { Replication } from './replication/replication.ts';
import { transportHandlers } from './replication/transport-handlers.ts';
import type { RaftReceiver } from './replication/transport-handlers.ts';
import type { Store } from './store/types.ts';
import type { WorkRouter } from './work/index.ts';

/** Every call a manager serves. */
export interface ManagerHandlers {
  readonly control: Handlers<typeof ControlService>;
  readonly dispatcher: DispatcherHandlers;
  readonly certificates: Handlers<typeof CertificateAuthorityService>;
  readonly raftTransport: RaftReceiver;
  readonly raftMembership: Handlers<typeof RaftMembershipService>;
}

export interface ManagerHandlersOptions {
  readonly nodeId: string;
  readonly clusterId: string;
  /** host:port of this manager. */
  readonly address: string;
  readonly client: MembershipClient;
  readonly diskUsage?: (() => Promise<DiskUsage>) | undefined;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly signer: CertificateSigner;
  readonly storeName?: string;
  readonly dispatcher: Dispatcher;
  readonly work: WorkRouter;
  readonly images: ImageIndex;
  readonly replicator: Replication;
  readonly membership: Membership;
  readonly image: () => AsyncIterable<Uint8Array>;
  readonly packBackup: PackBackup;
  readonly canRemoveManager: (nodeId: string) => string | undefined;
}

/** host:port of every manager, the leader first. */
function addressesOf(replicator: Replication): readonly string[] {
  const { members } = replicator.status();
  const leaderFirst = members.toSorted((a, b) => Number(b.isLeader) - Number(a.isLeader));
  return leaderFirst.map((member) => member.address);
}

export function managerHandlers(options: ManagerHandlersOptions): ManagerHandlers {
  const { replicator, membership, random, client } = options;
  const report = (): Promise<ManagerReport> => managerReport(options);
  return {
    control: controlHandlers({
      ...options,
      managerStatus: () =>
        replicator.status().members.map(({ raftId, isLeader, isReachable }) => ({
          raftId,
          isLeader,
          reachable: isReachable,
        })),
      canRemoveManager: options.canRemoveManager,
      clusterStatus: (signal) =>
        clusterStatus(
          {
            ...options,
            needsQuorum: replicator.status().needsQuorum,
            own: report,
            ask: (address, until) => client.report(address, until),
          },
          signal,
        ),
      makeToken: (_role, rootCa) => makeJoinToken(rootCa.digest, random),
    }),
    dispatcher: dispatcherHandlers({
      ...options,
      leaderAddress: () => replicator.status().leader?.address,
    }),
    certificates: certificateHandlers({
      ...options,
      log: options.log.child({ module: 'ca' }),
      managerAddresses: () => addressesOf(replicator),
    }),
    raftTransport: transportHandlers({
      ...options,
      log: options.log.child({ module: 'raft' }),
      addressOf: (id) => replicator.addressOf(id),
    }),
    raftMembership: membershipHandlers(membership, report),
  };
}
