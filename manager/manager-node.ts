/** A manager on this machine: disk, gRPC to the others, X.509. */
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { ClusterError } from '#lib';
import { GetManagerReportRequest, RaftJoinRequest } from '#proto';
import { RaftLeaveRequest, RaftMembershipService } from '#proto';
import { packBackup } from '#proto/backup-node';
import { callUnary } from '#proto/rpc';
import type { grpc } from '#proto/rpc';
import { nodeDisk } from 'raft-ts/node';
import { certificateSigner } from './ca/certificates-node.ts';
import type { MembershipClient } from './joining.ts';
import { etcdReplication } from './etcd/index.ts';
import type { EtcdSettings } from './etcd/index.ts';
import { Manager } from './manager.ts';
import type { ManagerOptions } from './manager.ts';
import { reportDeadlineMs } from './replication/cluster-status.ts';
import { diskUsage } from './replication/disk-usage-node.ts';
import { NodeRaftTransport } from './replication/raft-transport-node.ts';
import { orchestrationLoops } from './orchestration-loops.ts';

/** Longer than the leader takes to dial back and to wait for the change before. */
const joinDeadlineMs = 20_000;
const leaveDeadlineMs = 15_000;

type FromMachine =
  | 'disk'
  | 'diskUsage'
  | 'transport'
  | 'client'
  | 'signer'
  | 'packBackup'
  | 'loops'
  | 'replication'
  | 'onFailed';

export interface NodeManagerOptions extends Omit<ManagerOptions, FromMachine> {
  /** Own directory of this manager. */
  readonly directory: string;
  /** host:port -> a client with this node's certificate; asked at each call. */
  readonly channelFor: (address: string) => grpc.Client;
  /** host:port -> a connection with this node's certificate that carries Raft's messages. */
  readonly socketFor: (address: string) => Socket;
  /** Keeps the state in this etcd; default: in Raft among the managers. */
  readonly etcd?: EtcdSettings | undefined;
  /** Default: those of every leader. */
  readonly loops?: ManagerOptions['loops'];
  /** Default: ends the process with an uncaught error; it starts anew from its disk. */
  readonly onFailed?: (error: ClusterError) => void;
}

function membershipClient(channelFor: (address: string) => grpc.Client): MembershipClient {
  const { join: joinMethod, leave, getManagerReport } = RaftMembershipService;
  return {
    join: (peer, address, raftId, signal) =>
      callUnary(channelFor(peer), joinMethod, RaftJoinRequest.create({ address, raftId }), {
        deadlineMs: joinDeadlineMs,
        signal,
      }),
    leave: (peer, force, signal) =>
      callUnary(channelFor(peer), leave, RaftLeaveRequest.create({ force }), {
        deadlineMs: leaveDeadlineMs,
        signal,
      }),
    report: (peer, signal) =>
      callUnary(channelFor(peer), getManagerReport, GetManagerReportRequest.create(), {
        deadlineMs: reportDeadlineMs,
        signal,
      }),
  };
}

function endProcess(error: ClusterError): void {
  queueMicrotask(() => {
    throw error;
  });
}

export function nodeManager(options: NodeManagerOptions): Manager {
  const { directory, channelFor, etcd, clusterId } = options;
  return new Manager({
    ...options,
    disk: (name) => nodeDisk(join(directory, name)),
    transport: (addressOf) => new NodeRaftTransport({ ...options, addressOf }),
    client: membershipClient(channelFor),
    diskUsage: () => diskUsage(join(directory, 'raft')),
    signer: certificateSigner,
    packBackup,
    ...(etcd === undefined ? {} : { replication: etcdReplication(etcd, clusterId) }),
    loops: options.loops ?? orchestrationLoops,
    onFailed: options.onFailed ?? endProcess,
  });
}
