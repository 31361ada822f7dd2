/** What an operator may do to a node that is in a cluster: its manager is stopped and started around it. */
import { ClusterError, messageOf, sleep } from '#lib';
import { certificateLifeDefaultMs } from '#manager';
import { GetManagerReportRequest, ManagerState, NodeRole, RaftMembershipService } from '#proto';
import type { ManagerReport } from '#proto';
import { callUnary } from '#proto/rpc';
import type { CertificateMaker } from './founding.ts';
import type { ManagerHost } from './manager-host-node.ts';
import type { NodeFiles, NodeRecord } from './node-record.ts';
import type { TlsMaterial } from './peer-identity.ts';
import type { AddressChange, Basics, ChannelFor, ManagerPart } from './ports.ts';
import { forcedNotes, refuseWithQuorum } from './recovery.ts';
import { managerDown } from './refusals.ts';

const reportDeadlineMs = 2_000;
/** How long the group may take to write down a new address before the answer says "not yet". */
const addressWaitMs = 15_000;
const pollMs = 50;

/** What of a member these operations use. */
export interface MemberHands extends Basics {
  readonly record: NodeRecord;
  /** What keeps the manager from running; empty when nothing does. */
  readonly error: string;
  readonly files: NodeFiles;
  readonly certificates: CertificateMaker;
  readonly signal: AbortSignal;
  readonly channelFor: ChannelFor;
  host(): ManagerHost | undefined;
  stopHost(): Promise<void>;
  startManager(): Promise<void>;
  useRecord(record: NodeRecord): Promise<void>;
  useMaterial(material: TlsMaterial): Promise<void>;
  restartAgent(): Promise<void>;
}

/** See decision 0091. FAILED_PRECONDITION while a majority answers, unless forced. */
export async function forceNewCluster(
  hands: MemberHands,
  isForced: boolean,
): Promise<readonly string[]> {
  const host = hands.host();
  if (host === undefined) throw managerDown(hands.error);
  const context = { caller: { kind: 'local' }, address: '', signal: hands.signal } as const;
  if (!isForced) refuseWithQuorum(await host.control.getClusterStatus({}, context));
  await host.manager.forceSole();
  await hands.stopHost();
  await hands.startManager();
  const manager = hands.host()?.manager;
  if (manager !== undefined) await signOwn(hands, manager);
  return forcedNotes(manager?.forced);
}

/** The only manager has the authority's key: it needs no other, and no certificate that is in date. */
async function signOwn(hands: MemberHands, manager: ManagerPart): Promise<void> {
  const { certificates, clock } = hands;
  const { nodeId, clusterId } = hands.record;
  const cluster = manager.store.view((tx) => tx.get('cluster', clusterId));
  if (cluster?.rootCa === undefined) return;
  const { keyPem, csrDer } = await certificates.makeKeyAndRequest();
  const certificatePem = await certificates.signer.sign({
    root: cluster.rootCa,
    csrDer,
    nodeId,
    clusterId,
    role: NodeRole.MANAGER,
    nowMs: clock.now(),
    lifeMs: cluster.spec?.certificateLifeMs || certificateLifeDefaultMs,
  });
  await hands.useMaterial({ keyPem, certificatePem, rootPem: cluster.rootCa.certificatePem });
}

/** See decision 0092. FAILED_PRECONDITION when there is nothing to mend, or nobody to be taken in by. */
export async function rejoin(hands: MemberHands): Promise<readonly string[]> {
  if (hands.host() !== undefined)
    throw new ClusterError(
      'FAILED_PRECONDITION',
      "this manager runs and its log is whole: there is nothing to mend ('tsctl cluster status' shows how it is)",
    );
  const { managerAddresses, advertiseAddress } = hands.record;
  await requireLeaderElsewhere(
    hands,
    managerAddresses.filter((address) => address !== advertiseAddress),
  );
  const { path, removed } = await hands.files.setManagerAside(hands.clock.now());
  hands.log.warn('damaged log set aside', { path, removed });
  await hands.startManager();
  return [
    `The damaged log is kept in ${path}: delete it when nobody needs it any more.`,
    ...removed.map((old) => `An older one was deleted: ${old}.`),
    'This manager was taken in again by the others, under a new Raft id, and has what they have.',
  ];
}

/** A group without a quorum can take nobody in: then the log here must not be given up. */
async function requireLeaderElsewhere(
  hands: MemberHands,
  others: readonly string[],
): Promise<void> {
  if (others.length === 0)
    throw new ClusterError(
      'FAILED_PRECONDITION',
      "this node knows no other manager that could take it in: restore a backup ('tsctl leave --force', then 'tsctl init --restore FILE')",
    );
  const reports = await Promise.all(others.map((address) => reportOf(hands, address)));
  const answered = reports.filter((report) => report !== undefined);
  const hasLeader = answered.some((report) => report.state === ManagerState.LEADER);
  if (hasLeader) return;
  throw new ClusterError(
    'QUORUM_AT_RISK',
    `${answered.length} of the ${others.length} other managers answer and none of them leads: without a quorum they can take nobody in. Bring them back first, or go on with the best of them ('tsctl init --force-new-cluster' there); the log here is left as it is`,
  );
}

async function reportOf(hands: MemberHands, address: string): Promise<ManagerReport | undefined> {
  const { getManagerReport } = RaftMembershipService;
  const request = GetManagerReportRequest.create();
  const limits = { deadlineMs: reportDeadlineMs, signal: hands.signal };
  return callUnary(hands.channelFor(address), getManagerReport, request, limits).catch(
    () => undefined,
  );
}

/** This node is reached elsewhere. When its manager cannot start there, all is as it was before. */
export async function updateAddress(
  hands: MemberHands,
  change: AddressChange,
): Promise<readonly string[]> {
  const before = hands.record;
  const next = changedRecord(before, change);
  const isManager = before.role === NodeRole.MANAGER;
  if (isManager) await hands.stopHost();
  await hands.useRecord(next);
  try {
    if (isManager) await hands.startManager();
  } catch (error) {
    await hands.useRecord(before);
    await hands.startManager().catch((again: unknown) => {
      hands.log.error('the manager cannot start at its old address', { reason: messageOf(again) });
    });
    throw error;
  }
  await hands.restartAgent();
  if (!isManager) return ['This node looks for its managers at the addresses given from now on.'];
  const isKnown = await addressIsKnown(hands, next.advertiseAddress);
  return [
    isKnown
      ? 'The managers know the new address, and tell every node that is connected.'
      : 'The other managers do not know the new address yet: they hear of it as soon as a majority of them can be reached.',
    "A node that was off, or knew this manager alone, is told by 'tsctl cluster update-address --manager ADDRESS' there.",
  ];
}

function changedRecord(before: NodeRecord, change: AddressChange): NodeRecord {
  const advertiseAddress = change.advertiseAddress ?? before.advertiseAddress;
  const listenAddress = change.listenAddress ?? before.listenAddress;
  const known = change.managerAddresses ?? before.managerAddresses;
  const managerAddresses = known.map((address) =>
    address === before.advertiseAddress ? advertiseAddress : address,
  );
  return { ...before, advertiseAddress, listenAddress, managerAddresses };
}

async function addressIsKnown(hands: MemberHands, address: string): Promise<boolean> {
  const { clock, record, signal } = hands;
  const until = clock.monotonic() + addressWaitMs;
  while (clock.monotonic() < until) {
    const store = hands.host()?.manager.store;
    const node = store?.view((tx) => tx.get('node', record.nodeId));
    if (node?.managerStatus?.address === address) return true;
    await sleep(clock, pollMs, signal);
  }
  return false;
}
