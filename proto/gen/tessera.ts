// Made by scripts/generate-proto.ts; do not edit.
/* eslint-disable */
import { Reader, empty, encoded, method, readMapEntry, safe, toSafe } from '../codec.ts';
import { SharedValues } from '../shared-values.ts';
import type { MessageCodec, Mutable } from '../codec.ts';


export const WatchEventKind = {
  CREATE: 0,
  UPDATE: 1,
  REMOVE: 2,
} as const;
export type WatchEventKind = (typeof WatchEventKind)[keyof typeof WatchEventKind];
export const WatchEventKindNames: Readonly<Record<number, string>> = {
  0: 'CREATE',
  1: 'UPDATE',
  2: 'REMOVE',
};


export const LogStream = {
  STDOUT: 0,
  STDERR: 1,
} as const;
export type LogStream = (typeof LogStream)[keyof typeof LogStream];
export const LogStreamNames: Readonly<Record<number, string>> = {
  0: 'STDOUT',
  1: 'STDERR',
};


export const NetworkProbeFailureKind = {
  UNREACHABLE: 0,
  MTU: 1,
  CHECKSUM: 2,
} as const;
export type NetworkProbeFailureKind = (typeof NetworkProbeFailureKind)[keyof typeof NetworkProbeFailureKind];
export const NetworkProbeFailureKindNames: Readonly<Record<number, string>> = {
  0: 'UNREACHABLE',
  1: 'MTU',
  2: 'CHECKSUM',
};


export const LocalState = {
  INACTIVE: 0,
  PENDING: 1,
  ACTIVE: 2,
  ERROR: 3,
  LOCKED: 4,
} as const;
export type LocalState = (typeof LocalState)[keyof typeof LocalState];
export const LocalStateNames: Readonly<Record<number, string>> = {
  0: 'INACTIVE',
  1: 'PENDING',
  2: 'ACTIVE',
  3: 'ERROR',
  4: 'LOCKED',
};


export const SchedulingStrategy = {
  EVEN: 0,
  SPREAD: 1,
  BINPACK: 2,
} as const;
export type SchedulingStrategy = (typeof SchedulingStrategy)[keyof typeof SchedulingStrategy];
export const SchedulingStrategyNames: Readonly<Record<number, string>> = {
  0: 'EVEN',
  1: 'SPREAD',
  2: 'BINPACK',
};


export const NodeRole = {
  WORKER: 0,
  MANAGER: 1,
} as const;
export type NodeRole = (typeof NodeRole)[keyof typeof NodeRole];
export const NodeRoleNames: Readonly<Record<number, string>> = {
  0: 'WORKER',
  1: 'MANAGER',
};


export const Availability = {
  ACTIVE: 0,
  PAUSE: 1,
  DRAIN: 2,
} as const;
export type Availability = (typeof Availability)[keyof typeof Availability];
export const AvailabilityNames: Readonly<Record<number, string>> = {
  0: 'ACTIVE',
  1: 'PAUSE',
  2: 'DRAIN',
};


export const NodeState = {
  UNKNOWN: 0,
  DOWN: 1,
  READY: 2,
  DISCONNECTED: 3,
} as const;
export type NodeState = (typeof NodeState)[keyof typeof NodeState];
export const NodeStateNames: Readonly<Record<number, string>> = {
  0: 'UNKNOWN',
  1: 'DOWN',
  2: 'READY',
  3: 'DISCONNECTED',
};


export const TaintEffect = {
  NO_SCHEDULE: 0,
  PREFER_NO_SCHEDULE: 1,
  NO_EXECUTE: 2,
} as const;
export type TaintEffect = (typeof TaintEffect)[keyof typeof TaintEffect];
export const TaintEffectNames: Readonly<Record<number, string>> = {
  0: 'NO_SCHEDULE',
  1: 'PREFER_NO_SCHEDULE',
  2: 'NO_EXECUTE',
};


export const Reachability = {
  UNKNOWN: 0,
  UNREACHABLE: 1,
  REACHABLE: 2,
} as const;
export type Reachability = (typeof Reachability)[keyof typeof Reachability];
export const ReachabilityNames: Readonly<Record<number, string>> = {
  0: 'UNKNOWN',
  1: 'UNREACHABLE',
  2: 'REACHABLE',
};


export const NetworkDriver = {
  OVERLAY: 0,
  BRIDGE: 1,
} as const;
export type NetworkDriver = (typeof NetworkDriver)[keyof typeof NetworkDriver];
export const NetworkDriverNames: Readonly<Record<number, string>> = {
  0: 'OVERLAY',
  1: 'BRIDGE',
};


export const UpdateOrder = {
  STOP_FIRST: 0,
  START_FIRST: 1,
} as const;
export type UpdateOrder = (typeof UpdateOrder)[keyof typeof UpdateOrder];
export const UpdateOrderNames: Readonly<Record<number, string>> = {
  0: 'STOP_FIRST',
  1: 'START_FIRST',
};


export const FailureAction = {
  PAUSE: 0,
  CONTINUE: 1,
  ROLLBACK: 2,
} as const;
export type FailureAction = (typeof FailureAction)[keyof typeof FailureAction];
export const FailureActionNames: Readonly<Record<number, string>> = {
  0: 'PAUSE',
  1: 'CONTINUE',
  2: 'ROLLBACK',
};


export const UpdateState = {
  NONE: 0,
  UPDATING: 1,
  PAUSED: 2,
  COMPLETED: 3,
  ROLLBACK_STARTED: 4,
  ROLLBACK_PAUSED: 5,
  ROLLBACK_COMPLETED: 6,
} as const;
export type UpdateState = (typeof UpdateState)[keyof typeof UpdateState];
export const UpdateStateNames: Readonly<Record<number, string>> = {
  0: 'NONE',
  1: 'UPDATING',
  2: 'PAUSED',
  3: 'COMPLETED',
  4: 'ROLLBACK_STARTED',
  5: 'ROLLBACK_PAUSED',
  6: 'ROLLBACK_COMPLETED',
};


export const PublishMode = {
  INGRESS: 0,
  HOST: 1,
} as const;
export type PublishMode = (typeof PublishMode)[keyof typeof PublishMode];
export const PublishModeNames: Readonly<Record<number, string>> = {
  0: 'INGRESS',
  1: 'HOST',
};


export const Protocol = {
  TCP: 0,
  UDP: 1,
  SCTP: 2,
} as const;
export type Protocol = (typeof Protocol)[keyof typeof Protocol];
export const ProtocolNames: Readonly<Record<number, string>> = {
  0: 'TCP',
  1: 'UDP',
  2: 'SCTP',
};


export const EndpointMode = {
  VIP: 0,
  DNSRR: 1,
} as const;
export type EndpointMode = (typeof EndpointMode)[keyof typeof EndpointMode];
export const EndpointModeNames: Readonly<Record<number, string>> = {
  0: 'VIP',
  1: 'DNSRR',
};


export const MountKind = {
  BIND: 0,
  VOLUME: 1,
  TMPFS: 2,
} as const;
export type MountKind = (typeof MountKind)[keyof typeof MountKind];
export const MountKindNames: Readonly<Record<number, string>> = {
  0: 'BIND',
  1: 'VOLUME',
  2: 'TMPFS',
};


export const RestartCondition = {
  ANY: 0,
  ON_FAILURE: 1,
  NONE: 2,
} as const;
export type RestartCondition = (typeof RestartCondition)[keyof typeof RestartCondition];
export const RestartConditionNames: Readonly<Record<number, string>> = {
  0: 'ANY',
  1: 'ON_FAILURE',
  2: 'NONE',
};


export const TolerationOperator = {
  EQUAL: 0,
  EXISTS: 1,
  GREATER: 2,
  LESS: 3,
} as const;
export type TolerationOperator = (typeof TolerationOperator)[keyof typeof TolerationOperator];
export const TolerationOperatorNames: Readonly<Record<number, string>> = {
  0: 'EQUAL',
  1: 'EXISTS',
  2: 'GREATER',
  3: 'LESS',
};


export const SelectorOperator = {
  IN: 0,
  NOT_IN: 1,
  EXISTS: 2,
  DOES_NOT_EXIST: 3,
  GREATER: 4,
  LESS: 5,
} as const;
export type SelectorOperator = (typeof SelectorOperator)[keyof typeof SelectorOperator];
export const SelectorOperatorNames: Readonly<Record<number, string>> = {
  0: 'IN',
  1: 'NOT_IN',
  2: 'EXISTS',
  3: 'DOES_NOT_EXIST',
  4: 'GREATER',
  5: 'LESS',
};


export const SpreadAction = {
  DO_NOT_SCHEDULE: 0,
  SCHEDULE_ANYWAY: 1,
} as const;
export type SpreadAction = (typeof SpreadAction)[keyof typeof SpreadAction];
export const SpreadActionNames: Readonly<Record<number, string>> = {
  0: 'DO_NOT_SCHEDULE',
  1: 'SCHEDULE_ANYWAY',
};


export const PreemptionPolicy = {
  LOWER_PRIORITY: 0,
  NEVER: 1,
} as const;
export type PreemptionPolicy = (typeof PreemptionPolicy)[keyof typeof PreemptionPolicy];
export const PreemptionPolicyNames: Readonly<Record<number, string>> = {
  0: 'LOWER_PRIORITY',
  1: 'NEVER',
};


export const TaskState = {
  NEW: 0,
  PENDING: 64,
  ASSIGNED: 192,
  ACCEPTED: 256,
  PREPARING: 320,
  READY: 384,
  STARTING: 448,
  RUNNING: 512,
  COMPLETE: 576,
  SHUTDOWN: 640,
  FAILED: 704,
  REJECTED: 768,
  REMOVE: 800,
  ORPHANED: 832,
} as const;
export type TaskState = (typeof TaskState)[keyof typeof TaskState];
export const TaskStateNames: Readonly<Record<number, string>> = {
  0: 'NEW',
  64: 'PENDING',
  192: 'ASSIGNED',
  256: 'ACCEPTED',
  320: 'PREPARING',
  384: 'READY',
  448: 'STARTING',
  512: 'RUNNING',
  576: 'COMPLETE',
  640: 'SHUTDOWN',
  704: 'FAILED',
  768: 'REJECTED',
  800: 'REMOVE',
  832: 'ORPHANED',
};


export const ManagerState = {
  UNREACHABLE: 0,
  FOLLOWER: 1,
  CANDIDATE: 2,
  LEADER: 3,
  LEARNER: 4,
} as const;
export type ManagerState = (typeof ManagerState)[keyof typeof ManagerState];
export const ManagerStateNames: Readonly<Record<number, string>> = {
  0: 'UNREACHABLE',
  1: 'FOLLOWER',
  2: 'CANDIDATE',
  3: 'LEADER',
  4: 'LEARNER',
};


export const RaftMessageKind = {
  APPEND: 0,
  APPEND_RESPONSE: 1,
  HEARTBEAT: 2,
  HEARTBEAT_RESPONSE: 3,
  VOTE: 4,
  VOTE_RESPONSE: 5,
  PRE_VOTE: 6,
  PRE_VOTE_RESPONSE: 7,
  SNAPSHOT: 8,
  TIMEOUT_NOW: 9,
} as const;
export type RaftMessageKind = (typeof RaftMessageKind)[keyof typeof RaftMessageKind];
export const RaftMessageKindNames: Readonly<Record<number, string>> = {
  0: 'APPEND',
  1: 'APPEND_RESPONSE',
  2: 'HEARTBEAT',
  3: 'HEARTBEAT_RESPONSE',
  4: 'VOTE',
  5: 'VOTE_RESPONSE',
  6: 'PRE_VOTE',
  7: 'PRE_VOTE_RESPONSE',
  8: 'SNAPSHOT',
  9: 'TIMEOUT_NOW',
};


export const RaftEntryKind = {
  EMPTY: 0,
  DATA: 1,
  MEMBERSHIP: 2,
} as const;
export type RaftEntryKind = (typeof RaftEntryKind)[keyof typeof RaftEntryKind];
export const RaftEntryKindNames: Readonly<Record<number, string>> = {
  0: 'EMPTY',
  1: 'DATA',
  2: 'MEMBERSHIP',
};


export const StoreActionKind = {
  CREATE: 0,
  UPDATE: 1,
  REMOVE: 2,
  PATCH: 3,
} as const;
export type StoreActionKind = (typeof StoreActionKind)[keyof typeof StoreActionKind];
export const StoreActionKindNames: Readonly<Record<number, string>> = {
  0: 'CREATE',
  1: 'UPDATE',
  2: 'REMOVE',
  3: 'PATCH',
};

export interface AgentState {
  readonly nodeId: string;
  readonly tasks: readonly Task[];
}
export const AgentState: MessageCodec<AgentState> = {
  typeName: 'tessera.v1.AgentState',
  fields: [
    { name: 'nodeId', number: 1, type: 'string', shape: 'one' },
    { name: 'tasks', number: 2, type: 'object', shape: 'list', message: (): MessageCodec<never> => Task as MessageCodec<never> },
  ],
  create(init) {
    return { nodeId: '', tasks: [], ...init };
  },
  write(m, w) {
    if (m.nodeId !== '') w.uint32(10).string(m.nodeId);
    for (const v of m.tasks) Task.write(v, w.uint32(18).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(AgentState.write, m);
  },
  read(r, end) {
    const m = AgentState.create() as Mutable<AgentState>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.nodeId = r.string();
          break;
        case 2:
          m.tasks.push(Task.read(r, r.uint32() + r.pos));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as AgentState;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return AgentState.read(r, r.len);
  },
};

export interface NetworkState {
  readonly nodeId: string;
  readonly networks?: NetworkChanges | undefined;
}
export const NetworkState: MessageCodec<NetworkState> = {
  typeName: 'tessera.v1.NetworkState',
  fields: [
    { name: 'nodeId', number: 1, type: 'string', shape: 'one' },
    { name: 'networks', number: 2, type: 'object', shape: 'one', message: (): MessageCodec<never> => NetworkChanges as MessageCodec<never> },
  ],
  create(init) {
    return { nodeId: '', ...init };
  },
  write(m, w) {
    if (m.nodeId !== '') w.uint32(10).string(m.nodeId);
    if (m.networks !== undefined) NetworkChanges.write(m.networks, w.uint32(18).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(NetworkState.write, m);
  },
  read(r, end) {
    const m = NetworkState.create() as Mutable<NetworkState>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.nodeId = r.string();
          break;
        case 2:
          m.networks = NetworkChanges.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as NetworkState;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return NetworkState.read(r, r.len);
  },
};

export interface GetRootCertificateRequest {
}
export const GetRootCertificateRequest: MessageCodec<GetRootCertificateRequest> = {
  typeName: 'tessera.v1.GetRootCertificateRequest',
  fields: [
  ],
  create(init) {
    return { ...init };
  },
  write(_m, w) {
    return w;
  },
  encode(m) {
    return encoded(GetRootCertificateRequest.write, m);
  },
  read(r, end) {
    const m = GetRootCertificateRequest.create() as Mutable<GetRootCertificateRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        default:
          r.skipType(tag & 7);
      }
    }
    return m as GetRootCertificateRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return GetRootCertificateRequest.read(r, r.len);
  },
};

export interface GetRootCertificateResponse {
  readonly certificatePem: Uint8Array;
}
export const GetRootCertificateResponse: MessageCodec<GetRootCertificateResponse> = {
  typeName: 'tessera.v1.GetRootCertificateResponse',
  fields: [
    { name: 'certificatePem', number: 1, type: 'bytes', shape: 'one' },
  ],
  create(init) {
    return { certificatePem: empty, ...init };
  },
  write(m, w) {
    if (m.certificatePem.length > 0) w.uint32(10).bytes(m.certificatePem);
    return w;
  },
  encode(m) {
    return encoded(GetRootCertificateResponse.write, m);
  },
  read(r, end) {
    const m = GetRootCertificateResponse.create() as Mutable<GetRootCertificateResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.certificatePem = r.bytes();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as GetRootCertificateResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return GetRootCertificateResponse.read(r, r.len);
  },
};

export interface IssueCertificateRequest {
  readonly token: string;
  readonly csrDer: Uint8Array;
  readonly availability: Availability;
  readonly hostname: string;
  readonly store: string;
}
export const IssueCertificateRequest: MessageCodec<IssueCertificateRequest> = {
  typeName: 'tessera.v1.IssueCertificateRequest',
  fields: [
    { name: 'token', number: 1, type: 'string', shape: 'one' },
    { name: 'csrDer', number: 2, type: 'bytes', shape: 'one' },
    { name: 'availability', number: 3, type: 'object', shape: 'one', names: AvailabilityNames },
    { name: 'hostname', number: 4, type: 'string', shape: 'one' },
    { name: 'store', number: 5, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { token: '', csrDer: empty, availability: 0, hostname: '', store: '', ...init };
  },
  write(m, w) {
    if (m.token !== '') w.uint32(10).string(m.token);
    if (m.csrDer.length > 0) w.uint32(18).bytes(m.csrDer);
    if (m.availability !== 0) w.uint32(24).int32(m.availability);
    if (m.hostname !== '') w.uint32(34).string(m.hostname);
    if (m.store !== '') w.uint32(42).string(m.store);
    return w;
  },
  encode(m) {
    return encoded(IssueCertificateRequest.write, m);
  },
  read(r, end) {
    const m = IssueCertificateRequest.create() as Mutable<IssueCertificateRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.token = r.string();
          break;
        case 2:
          m.csrDer = r.bytes();
          break;
        case 3:
          m.availability = r.int32() as Availability;
          break;
        case 4:
          m.hostname = r.string();
          break;
        case 5:
          m.store = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as IssueCertificateRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return IssueCertificateRequest.read(r, r.len);
  },
};

export interface RenewCertificateRequest {
  readonly csrDer: Uint8Array;
}
export const RenewCertificateRequest: MessageCodec<RenewCertificateRequest> = {
  typeName: 'tessera.v1.RenewCertificateRequest',
  fields: [
    { name: 'csrDer', number: 1, type: 'bytes', shape: 'one' },
  ],
  create(init) {
    return { csrDer: empty, ...init };
  },
  write(m, w) {
    if (m.csrDer.length > 0) w.uint32(10).bytes(m.csrDer);
    return w;
  },
  encode(m) {
    return encoded(RenewCertificateRequest.write, m);
  },
  read(r, end) {
    const m = RenewCertificateRequest.create() as Mutable<RenewCertificateRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.csrDer = r.bytes();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RenewCertificateRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RenewCertificateRequest.read(r, r.len);
  },
};

export interface CertificateResponse {
  readonly nodeId: string;
  readonly clusterId: string;
  readonly role: NodeRole;
  readonly certificatePem: Uint8Array;
  readonly rootCertificatePem: Uint8Array;
  readonly managerAddresses: readonly string[];
  readonly store: string;
}
export const CertificateResponse: MessageCodec<CertificateResponse> = {
  typeName: 'tessera.v1.CertificateResponse',
  fields: [
    { name: 'nodeId', number: 1, type: 'string', shape: 'one' },
    { name: 'clusterId', number: 2, type: 'string', shape: 'one' },
    { name: 'role', number: 3, type: 'object', shape: 'one', names: NodeRoleNames },
    { name: 'certificatePem', number: 4, type: 'bytes', shape: 'one' },
    { name: 'rootCertificatePem', number: 5, type: 'bytes', shape: 'one' },
    { name: 'managerAddresses', number: 6, type: 'string', shape: 'list' },
    { name: 'store', number: 7, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { nodeId: '', clusterId: '', role: 0, certificatePem: empty, rootCertificatePem: empty, managerAddresses: [], store: '', ...init };
  },
  write(m, w) {
    if (m.nodeId !== '') w.uint32(10).string(m.nodeId);
    if (m.clusterId !== '') w.uint32(18).string(m.clusterId);
    if (m.role !== 0) w.uint32(24).int32(m.role);
    if (m.certificatePem.length > 0) w.uint32(34).bytes(m.certificatePem);
    if (m.rootCertificatePem.length > 0) w.uint32(42).bytes(m.rootCertificatePem);
    for (const v of m.managerAddresses) w.uint32(50).string(v);
    if (m.store !== '') w.uint32(58).string(m.store);
    return w;
  },
  encode(m) {
    return encoded(CertificateResponse.write, m);
  },
  read(r, end) {
    const m = CertificateResponse.create() as Mutable<CertificateResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.nodeId = r.string();
          break;
        case 2:
          m.clusterId = r.string();
          break;
        case 3:
          m.role = r.int32() as NodeRole;
          break;
        case 4:
          m.certificatePem = r.bytes();
          break;
        case 5:
          m.rootCertificatePem = r.bytes();
          break;
        case 6:
          m.managerAddresses.push(r.string());
          break;
        case 7:
          m.store = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as CertificateResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return CertificateResponse.read(r, r.len);
  },
};

export interface GetClusterRequest {
}
export const GetClusterRequest: MessageCodec<GetClusterRequest> = {
  typeName: 'tessera.v1.GetClusterRequest',
  fields: [
  ],
  create(init) {
    return { ...init };
  },
  write(_m, w) {
    return w;
  },
  encode(m) {
    return encoded(GetClusterRequest.write, m);
  },
  read(r, end) {
    const m = GetClusterRequest.create() as Mutable<GetClusterRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        default:
          r.skipType(tag & 7);
      }
    }
    return m as GetClusterRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return GetClusterRequest.read(r, r.len);
  },
};

export interface GetClusterResponse {
  readonly cluster?: Cluster | undefined;
}
export const GetClusterResponse: MessageCodec<GetClusterResponse> = {
  typeName: 'tessera.v1.GetClusterResponse',
  fields: [
    { name: 'cluster', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => Cluster as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    if (m.cluster !== undefined) Cluster.write(m.cluster, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(GetClusterResponse.write, m);
  },
  read(r, end) {
    const m = GetClusterResponse.create() as Mutable<GetClusterResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.cluster = Cluster.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as GetClusterResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return GetClusterResponse.read(r, r.len);
  },
};

export interface UpdateClusterRequest {
  readonly version: number;
  readonly spec?: ClusterSpec | undefined;
}
export const UpdateClusterRequest: MessageCodec<UpdateClusterRequest> = {
  typeName: 'tessera.v1.UpdateClusterRequest',
  fields: [
    { name: 'version', number: 1, type: 'uint64', shape: 'one' },
    { name: 'spec', number: 2, type: 'object', shape: 'one', message: (): MessageCodec<never> => ClusterSpec as MessageCodec<never> },
  ],
  create(init) {
    return { version: 0, ...init };
  },
  write(m, w) {
    if (m.version !== 0) w.uint32(8).uint64(safe(m.version, 'version'));
    if (m.spec !== undefined) ClusterSpec.write(m.spec, w.uint32(18).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(UpdateClusterRequest.write, m);
  },
  read(r, end) {
    const m = UpdateClusterRequest.create() as Mutable<UpdateClusterRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.version = toSafe(r.uint64(), 'version');
          break;
        case 2:
          m.spec = ClusterSpec.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as UpdateClusterRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return UpdateClusterRequest.read(r, r.len);
  },
};

export interface UpdateClusterResponse {
  readonly cluster?: Cluster | undefined;
}
export const UpdateClusterResponse: MessageCodec<UpdateClusterResponse> = {
  typeName: 'tessera.v1.UpdateClusterResponse',
  fields: [
    { name: 'cluster', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => Cluster as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    if (m.cluster !== undefined) Cluster.write(m.cluster, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(UpdateClusterResponse.write, m);
  },
  read(r, end) {
    const m = UpdateClusterResponse.create() as Mutable<UpdateClusterResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.cluster = Cluster.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as UpdateClusterResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return UpdateClusterResponse.read(r, r.len);
  },
};

export interface GetJoinTokensRequest {
}
export const GetJoinTokensRequest: MessageCodec<GetJoinTokensRequest> = {
  typeName: 'tessera.v1.GetJoinTokensRequest',
  fields: [
  ],
  create(init) {
    return { ...init };
  },
  write(_m, w) {
    return w;
  },
  encode(m) {
    return encoded(GetJoinTokensRequest.write, m);
  },
  read(r, end) {
    const m = GetJoinTokensRequest.create() as Mutable<GetJoinTokensRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        default:
          r.skipType(tag & 7);
      }
    }
    return m as GetJoinTokensRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return GetJoinTokensRequest.read(r, r.len);
  },
};

export interface GetJoinTokensResponse {
  readonly tokens?: JoinTokens | undefined;
  readonly managerAddresses: readonly string[];
}
export const GetJoinTokensResponse: MessageCodec<GetJoinTokensResponse> = {
  typeName: 'tessera.v1.GetJoinTokensResponse',
  fields: [
    { name: 'tokens', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => JoinTokens as MessageCodec<never> },
    { name: 'managerAddresses', number: 2, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { managerAddresses: [], ...init };
  },
  write(m, w) {
    if (m.tokens !== undefined) JoinTokens.write(m.tokens, w.uint32(10).fork()).ldelim();
    for (const v of m.managerAddresses) w.uint32(18).string(v);
    return w;
  },
  encode(m) {
    return encoded(GetJoinTokensResponse.write, m);
  },
  read(r, end) {
    const m = GetJoinTokensResponse.create() as Mutable<GetJoinTokensResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.tokens = JoinTokens.read(r, r.uint32() + r.pos);
          break;
        case 2:
          m.managerAddresses.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as GetJoinTokensResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return GetJoinTokensResponse.read(r, r.len);
  },
};

export interface GetUnlockKeyRequest {
}
export const GetUnlockKeyRequest: MessageCodec<GetUnlockKeyRequest> = {
  typeName: 'tessera.v1.GetUnlockKeyRequest',
  fields: [
  ],
  create(init) {
    return { ...init };
  },
  write(_m, w) {
    return w;
  },
  encode(m) {
    return encoded(GetUnlockKeyRequest.write, m);
  },
  read(r, end) {
    const m = GetUnlockKeyRequest.create() as Mutable<GetUnlockKeyRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        default:
          r.skipType(tag & 7);
      }
    }
    return m as GetUnlockKeyRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return GetUnlockKeyRequest.read(r, r.len);
  },
};

export interface RotateUnlockKeyRequest {
}
export const RotateUnlockKeyRequest: MessageCodec<RotateUnlockKeyRequest> = {
  typeName: 'tessera.v1.RotateUnlockKeyRequest',
  fields: [
  ],
  create(init) {
    return { ...init };
  },
  write(_m, w) {
    return w;
  },
  encode(m) {
    return encoded(RotateUnlockKeyRequest.write, m);
  },
  read(r, end) {
    const m = RotateUnlockKeyRequest.create() as Mutable<RotateUnlockKeyRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RotateUnlockKeyRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RotateUnlockKeyRequest.read(r, r.len);
  },
};

export interface UnlockKeyResponse {
  readonly unlockKey: string;
}
export const UnlockKeyResponse: MessageCodec<UnlockKeyResponse> = {
  typeName: 'tessera.v1.UnlockKeyResponse',
  fields: [
    { name: 'unlockKey', number: 1, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { unlockKey: '', ...init };
  },
  write(m, w) {
    if (m.unlockKey !== '') w.uint32(10).string(m.unlockKey);
    return w;
  },
  encode(m) {
    return encoded(UnlockKeyResponse.write, m);
  },
  read(r, end) {
    const m = UnlockKeyResponse.create() as Mutable<UnlockKeyResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.unlockKey = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as UnlockKeyResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return UnlockKeyResponse.read(r, r.len);
  },
};

export interface RotateJoinTokenRequest {
  readonly role: NodeRole;
}
export const RotateJoinTokenRequest: MessageCodec<RotateJoinTokenRequest> = {
  typeName: 'tessera.v1.RotateJoinTokenRequest',
  fields: [
    { name: 'role', number: 1, type: 'object', shape: 'one', names: NodeRoleNames },
  ],
  create(init) {
    return { role: 0, ...init };
  },
  write(m, w) {
    if (m.role !== 0) w.uint32(8).int32(m.role);
    return w;
  },
  encode(m) {
    return encoded(RotateJoinTokenRequest.write, m);
  },
  read(r, end) {
    const m = RotateJoinTokenRequest.create() as Mutable<RotateJoinTokenRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.role = r.int32() as NodeRole;
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RotateJoinTokenRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RotateJoinTokenRequest.read(r, r.len);
  },
};

export interface ListNodesRequest {
  readonly afterId: string;
}
export const ListNodesRequest: MessageCodec<ListNodesRequest> = {
  typeName: 'tessera.v1.ListNodesRequest',
  fields: [
    { name: 'afterId', number: 1, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { afterId: '', ...init };
  },
  write(m, w) {
    if (m.afterId !== '') w.uint32(10).string(m.afterId);
    return w;
  },
  encode(m) {
    return encoded(ListNodesRequest.write, m);
  },
  read(r, end) {
    const m = ListNodesRequest.create() as Mutable<ListNodesRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.afterId = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ListNodesRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ListNodesRequest.read(r, r.len);
  },
};

export interface ListNodesResponse {
  readonly nodes: readonly Node[];
  readonly nextAfterId: string;
}
export const ListNodesResponse: MessageCodec<ListNodesResponse> = {
  typeName: 'tessera.v1.ListNodesResponse',
  fields: [
    { name: 'nodes', number: 1, type: 'object', shape: 'list', message: (): MessageCodec<never> => Node as MessageCodec<never> },
    { name: 'nextAfterId', number: 2, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { nodes: [], nextAfterId: '', ...init };
  },
  write(m, w) {
    for (const v of m.nodes) Node.write(v, w.uint32(10).fork()).ldelim();
    if (m.nextAfterId !== '') w.uint32(18).string(m.nextAfterId);
    return w;
  },
  encode(m) {
    return encoded(ListNodesResponse.write, m);
  },
  read(r, end) {
    const m = ListNodesResponse.create() as Mutable<ListNodesResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.nodes.push(Node.read(r, r.uint32() + r.pos));
          break;
        case 2:
          m.nextAfterId = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ListNodesResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ListNodesResponse.read(r, r.len);
  },
};

export interface GetNodeRequest {
  readonly ref: string;
}
export const GetNodeRequest: MessageCodec<GetNodeRequest> = {
  typeName: 'tessera.v1.GetNodeRequest',
  fields: [
    { name: 'ref', number: 1, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { ref: '', ...init };
  },
  write(m, w) {
    if (m.ref !== '') w.uint32(10).string(m.ref);
    return w;
  },
  encode(m) {
    return encoded(GetNodeRequest.write, m);
  },
  read(r, end) {
    const m = GetNodeRequest.create() as Mutable<GetNodeRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.ref = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as GetNodeRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return GetNodeRequest.read(r, r.len);
  },
};

export interface GetNodeResponse {
  readonly node?: Node | undefined;
}
export const GetNodeResponse: MessageCodec<GetNodeResponse> = {
  typeName: 'tessera.v1.GetNodeResponse',
  fields: [
    { name: 'node', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => Node as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    if (m.node !== undefined) Node.write(m.node, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(GetNodeResponse.write, m);
  },
  read(r, end) {
    const m = GetNodeResponse.create() as Mutable<GetNodeResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.node = Node.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as GetNodeResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return GetNodeResponse.read(r, r.len);
  },
};

export interface UpdateNodeRequest {
  readonly ref: string;
  readonly version: number;
  readonly spec?: NodeSpec | undefined;
}
export const UpdateNodeRequest: MessageCodec<UpdateNodeRequest> = {
  typeName: 'tessera.v1.UpdateNodeRequest',
  fields: [
    { name: 'ref', number: 1, type: 'string', shape: 'one' },
    { name: 'version', number: 2, type: 'uint64', shape: 'one' },
    { name: 'spec', number: 3, type: 'object', shape: 'one', message: (): MessageCodec<never> => NodeSpec as MessageCodec<never> },
  ],
  create(init) {
    return { ref: '', version: 0, ...init };
  },
  write(m, w) {
    if (m.ref !== '') w.uint32(10).string(m.ref);
    if (m.version !== 0) w.uint32(16).uint64(safe(m.version, 'version'));
    if (m.spec !== undefined) NodeSpec.write(m.spec, w.uint32(26).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(UpdateNodeRequest.write, m);
  },
  read(r, end) {
    const m = UpdateNodeRequest.create() as Mutable<UpdateNodeRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.ref = r.string();
          break;
        case 2:
          m.version = toSafe(r.uint64(), 'version');
          break;
        case 3:
          m.spec = NodeSpec.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as UpdateNodeRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return UpdateNodeRequest.read(r, r.len);
  },
};

export interface UpdateNodeResponse {
  readonly node?: Node | undefined;
}
export const UpdateNodeResponse: MessageCodec<UpdateNodeResponse> = {
  typeName: 'tessera.v1.UpdateNodeResponse',
  fields: [
    { name: 'node', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => Node as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    if (m.node !== undefined) Node.write(m.node, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(UpdateNodeResponse.write, m);
  },
  read(r, end) {
    const m = UpdateNodeResponse.create() as Mutable<UpdateNodeResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.node = Node.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as UpdateNodeResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return UpdateNodeResponse.read(r, r.len);
  },
};

export interface RemoveNodeRequest {
  readonly ref: string;
  readonly force: boolean;
}
export const RemoveNodeRequest: MessageCodec<RemoveNodeRequest> = {
  typeName: 'tessera.v1.RemoveNodeRequest',
  fields: [
    { name: 'ref', number: 1, type: 'string', shape: 'one' },
    { name: 'force', number: 2, type: 'bool', shape: 'one' },
  ],
  create(init) {
    return { ref: '', force: false, ...init };
  },
  write(m, w) {
    if (m.ref !== '') w.uint32(10).string(m.ref);
    if (m.force !== false) w.uint32(16).bool(m.force);
    return w;
  },
  encode(m) {
    return encoded(RemoveNodeRequest.write, m);
  },
  read(r, end) {
    const m = RemoveNodeRequest.create() as Mutable<RemoveNodeRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.ref = r.string();
          break;
        case 2:
          m.force = r.bool();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RemoveNodeRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RemoveNodeRequest.read(r, r.len);
  },
};

export interface RemoveNodeResponse {
}
export const RemoveNodeResponse: MessageCodec<RemoveNodeResponse> = {
  typeName: 'tessera.v1.RemoveNodeResponse',
  fields: [
  ],
  create(init) {
    return { ...init };
  },
  write(_m, w) {
    return w;
  },
  encode(m) {
    return encoded(RemoveNodeResponse.write, m);
  },
  read(r, end) {
    const m = RemoveNodeResponse.create() as Mutable<RemoveNodeResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RemoveNodeResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RemoveNodeResponse.read(r, r.len);
  },
};

export interface CreateServiceRequest {
  readonly spec?: ServiceSpec | undefined;
}
export const CreateServiceRequest: MessageCodec<CreateServiceRequest> = {
  typeName: 'tessera.v1.CreateServiceRequest',
  fields: [
    { name: 'spec', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => ServiceSpec as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    if (m.spec !== undefined) ServiceSpec.write(m.spec, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(CreateServiceRequest.write, m);
  },
  read(r, end) {
    const m = CreateServiceRequest.create() as Mutable<CreateServiceRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.spec = ServiceSpec.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as CreateServiceRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return CreateServiceRequest.read(r, r.len);
  },
};

export interface CreateServiceResponse {
  readonly service?: Service | undefined;
  readonly warnings: readonly string[];
}
export const CreateServiceResponse: MessageCodec<CreateServiceResponse> = {
  typeName: 'tessera.v1.CreateServiceResponse',
  fields: [
    { name: 'service', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => Service as MessageCodec<never> },
    { name: 'warnings', number: 2, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { warnings: [], ...init };
  },
  write(m, w) {
    if (m.service !== undefined) Service.write(m.service, w.uint32(10).fork()).ldelim();
    for (const v of m.warnings) w.uint32(18).string(v);
    return w;
  },
  encode(m) {
    return encoded(CreateServiceResponse.write, m);
  },
  read(r, end) {
    const m = CreateServiceResponse.create() as Mutable<CreateServiceResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.service = Service.read(r, r.uint32() + r.pos);
          break;
        case 2:
          m.warnings.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as CreateServiceResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return CreateServiceResponse.read(r, r.len);
  },
};

export interface ServiceCounts {
  readonly serviceId: string;
  readonly running: number;
  readonly desired: number;
  readonly completed: number;
}
export const ServiceCounts: MessageCodec<ServiceCounts> = {
  typeName: 'tessera.v1.ServiceCounts',
  fields: [
    { name: 'serviceId', number: 1, type: 'string', shape: 'one' },
    { name: 'running', number: 2, type: 'uint32', shape: 'one' },
    { name: 'desired', number: 3, type: 'uint32', shape: 'one' },
    { name: 'completed', number: 4, type: 'uint32', shape: 'one' },
  ],
  create(init) {
    return { serviceId: '', running: 0, desired: 0, completed: 0, ...init };
  },
  write(m, w) {
    if (m.serviceId !== '') w.uint32(10).string(m.serviceId);
    if (m.running !== 0) w.uint32(16).uint32(m.running);
    if (m.desired !== 0) w.uint32(24).uint32(m.desired);
    if (m.completed !== 0) w.uint32(32).uint32(m.completed);
    return w;
  },
  encode(m) {
    return encoded(ServiceCounts.write, m);
  },
  read(r, end) {
    const m = ServiceCounts.create() as Mutable<ServiceCounts>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.serviceId = r.string();
          break;
        case 2:
          m.running = r.uint32();
          break;
        case 3:
          m.desired = r.uint32();
          break;
        case 4:
          m.completed = r.uint32();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ServiceCounts;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ServiceCounts.read(r, r.len);
  },
};

export interface ListServicesRequest {
  readonly afterId: string;
}
export const ListServicesRequest: MessageCodec<ListServicesRequest> = {
  typeName: 'tessera.v1.ListServicesRequest',
  fields: [
    { name: 'afterId', number: 1, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { afterId: '', ...init };
  },
  write(m, w) {
    if (m.afterId !== '') w.uint32(10).string(m.afterId);
    return w;
  },
  encode(m) {
    return encoded(ListServicesRequest.write, m);
  },
  read(r, end) {
    const m = ListServicesRequest.create() as Mutable<ListServicesRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.afterId = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ListServicesRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ListServicesRequest.read(r, r.len);
  },
};

export interface ListServicesResponse {
  readonly services: readonly Service[];
  readonly counts: readonly ServiceCounts[];
  readonly nextAfterId: string;
}
export const ListServicesResponse: MessageCodec<ListServicesResponse> = {
  typeName: 'tessera.v1.ListServicesResponse',
  fields: [
    { name: 'services', number: 1, type: 'object', shape: 'list', message: (): MessageCodec<never> => Service as MessageCodec<never> },
    { name: 'counts', number: 2, type: 'object', shape: 'list', message: (): MessageCodec<never> => ServiceCounts as MessageCodec<never> },
    { name: 'nextAfterId', number: 3, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { services: [], counts: [], nextAfterId: '', ...init };
  },
  write(m, w) {
    for (const v of m.services) Service.write(v, w.uint32(10).fork()).ldelim();
    for (const v of m.counts) ServiceCounts.write(v, w.uint32(18).fork()).ldelim();
    if (m.nextAfterId !== '') w.uint32(26).string(m.nextAfterId);
    return w;
  },
  encode(m) {
    return encoded(ListServicesResponse.write, m);
  },
  read(r, end) {
    const m = ListServicesResponse.create() as Mutable<ListServicesResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.services.push(Service.read(r, r.uint32() + r.pos));
          break;
        case 2:
          m.counts.push(ServiceCounts.read(r, r.uint32() + r.pos));
          break;
        case 3:
          m.nextAfterId = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ListServicesResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ListServicesResponse.read(r, r.len);
  },
};

export interface GetServiceRequest {
  readonly ref: string;
}
export const GetServiceRequest: MessageCodec<GetServiceRequest> = {
  typeName: 'tessera.v1.GetServiceRequest',
  fields: [
    { name: 'ref', number: 1, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { ref: '', ...init };
  },
  write(m, w) {
    if (m.ref !== '') w.uint32(10).string(m.ref);
    return w;
  },
  encode(m) {
    return encoded(GetServiceRequest.write, m);
  },
  read(r, end) {
    const m = GetServiceRequest.create() as Mutable<GetServiceRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.ref = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as GetServiceRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return GetServiceRequest.read(r, r.len);
  },
};

export interface GetServiceResponse {
  readonly service?: Service | undefined;
  readonly counts?: ServiceCounts | undefined;
}
export const GetServiceResponse: MessageCodec<GetServiceResponse> = {
  typeName: 'tessera.v1.GetServiceResponse',
  fields: [
    { name: 'service', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => Service as MessageCodec<never> },
    { name: 'counts', number: 2, type: 'object', shape: 'one', message: (): MessageCodec<never> => ServiceCounts as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    if (m.service !== undefined) Service.write(m.service, w.uint32(10).fork()).ldelim();
    if (m.counts !== undefined) ServiceCounts.write(m.counts, w.uint32(18).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(GetServiceResponse.write, m);
  },
  read(r, end) {
    const m = GetServiceResponse.create() as Mutable<GetServiceResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.service = Service.read(r, r.uint32() + r.pos);
          break;
        case 2:
          m.counts = ServiceCounts.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as GetServiceResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return GetServiceResponse.read(r, r.len);
  },
};

export interface UpdateServiceRequest {
  readonly ref: string;
  readonly version: number;
  readonly spec?: ServiceSpec | undefined;
  readonly rollback: boolean;
}
export const UpdateServiceRequest: MessageCodec<UpdateServiceRequest> = {
  typeName: 'tessera.v1.UpdateServiceRequest',
  fields: [
    { name: 'ref', number: 1, type: 'string', shape: 'one' },
    { name: 'version', number: 2, type: 'uint64', shape: 'one' },
    { name: 'spec', number: 3, type: 'object', shape: 'one', message: (): MessageCodec<never> => ServiceSpec as MessageCodec<never> },
    { name: 'rollback', number: 4, type: 'bool', shape: 'one' },
  ],
  create(init) {
    return { ref: '', version: 0, rollback: false, ...init };
  },
  write(m, w) {
    if (m.ref !== '') w.uint32(10).string(m.ref);
    if (m.version !== 0) w.uint32(16).uint64(safe(m.version, 'version'));
    if (m.spec !== undefined) ServiceSpec.write(m.spec, w.uint32(26).fork()).ldelim();
    if (m.rollback !== false) w.uint32(32).bool(m.rollback);
    return w;
  },
  encode(m) {
    return encoded(UpdateServiceRequest.write, m);
  },
  read(r, end) {
    const m = UpdateServiceRequest.create() as Mutable<UpdateServiceRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.ref = r.string();
          break;
        case 2:
          m.version = toSafe(r.uint64(), 'version');
          break;
        case 3:
          m.spec = ServiceSpec.read(r, r.uint32() + r.pos);
          break;
        case 4:
          m.rollback = r.bool();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as UpdateServiceRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return UpdateServiceRequest.read(r, r.len);
  },
};

export interface UpdateServiceResponse {
  readonly service?: Service | undefined;
  readonly warnings: readonly string[];
}
export const UpdateServiceResponse: MessageCodec<UpdateServiceResponse> = {
  typeName: 'tessera.v1.UpdateServiceResponse',
  fields: [
    { name: 'service', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => Service as MessageCodec<never> },
    { name: 'warnings', number: 2, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { warnings: [], ...init };
  },
  write(m, w) {
    if (m.service !== undefined) Service.write(m.service, w.uint32(10).fork()).ldelim();
    for (const v of m.warnings) w.uint32(18).string(v);
    return w;
  },
  encode(m) {
    return encoded(UpdateServiceResponse.write, m);
  },
  read(r, end) {
    const m = UpdateServiceResponse.create() as Mutable<UpdateServiceResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.service = Service.read(r, r.uint32() + r.pos);
          break;
        case 2:
          m.warnings.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as UpdateServiceResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return UpdateServiceResponse.read(r, r.len);
  },
};

export interface RemoveServiceRequest {
  readonly ref: string;
}
export const RemoveServiceRequest: MessageCodec<RemoveServiceRequest> = {
  typeName: 'tessera.v1.RemoveServiceRequest',
  fields: [
    { name: 'ref', number: 1, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { ref: '', ...init };
  },
  write(m, w) {
    if (m.ref !== '') w.uint32(10).string(m.ref);
    return w;
  },
  encode(m) {
    return encoded(RemoveServiceRequest.write, m);
  },
  read(r, end) {
    const m = RemoveServiceRequest.create() as Mutable<RemoveServiceRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.ref = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RemoveServiceRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RemoveServiceRequest.read(r, r.len);
  },
};

export interface RemoveServiceResponse {
  readonly id: string;
}
export const RemoveServiceResponse: MessageCodec<RemoveServiceResponse> = {
  typeName: 'tessera.v1.RemoveServiceResponse',
  fields: [
    { name: 'id', number: 1, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { id: '', ...init };
  },
  write(m, w) {
    if (m.id !== '') w.uint32(10).string(m.id);
    return w;
  },
  encode(m) {
    return encoded(RemoveServiceResponse.write, m);
  },
  read(r, end) {
    const m = RemoveServiceResponse.create() as Mutable<RemoveServiceResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.id = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RemoveServiceResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RemoveServiceResponse.read(r, r.len);
  },
};

export interface CreateNetworkRequest {
  readonly spec?: NetworkSpec | undefined;
}
export const CreateNetworkRequest: MessageCodec<CreateNetworkRequest> = {
  typeName: 'tessera.v1.CreateNetworkRequest',
  fields: [
    { name: 'spec', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => NetworkSpec as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    if (m.spec !== undefined) NetworkSpec.write(m.spec, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(CreateNetworkRequest.write, m);
  },
  read(r, end) {
    const m = CreateNetworkRequest.create() as Mutable<CreateNetworkRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.spec = NetworkSpec.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as CreateNetworkRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return CreateNetworkRequest.read(r, r.len);
  },
};

export interface CreateNetworkResponse {
  readonly network?: Network | undefined;
  readonly warnings: readonly string[];
}
export const CreateNetworkResponse: MessageCodec<CreateNetworkResponse> = {
  typeName: 'tessera.v1.CreateNetworkResponse',
  fields: [
    { name: 'network', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => Network as MessageCodec<never> },
    { name: 'warnings', number: 2, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { warnings: [], ...init };
  },
  write(m, w) {
    if (m.network !== undefined) Network.write(m.network, w.uint32(10).fork()).ldelim();
    for (const v of m.warnings) w.uint32(18).string(v);
    return w;
  },
  encode(m) {
    return encoded(CreateNetworkResponse.write, m);
  },
  read(r, end) {
    const m = CreateNetworkResponse.create() as Mutable<CreateNetworkResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.network = Network.read(r, r.uint32() + r.pos);
          break;
        case 2:
          m.warnings.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as CreateNetworkResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return CreateNetworkResponse.read(r, r.len);
  },
};

export interface ListNetworksRequest {
  readonly afterId: string;
}
export const ListNetworksRequest: MessageCodec<ListNetworksRequest> = {
  typeName: 'tessera.v1.ListNetworksRequest',
  fields: [
    { name: 'afterId', number: 1, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { afterId: '', ...init };
  },
  write(m, w) {
    if (m.afterId !== '') w.uint32(10).string(m.afterId);
    return w;
  },
  encode(m) {
    return encoded(ListNetworksRequest.write, m);
  },
  read(r, end) {
    const m = ListNetworksRequest.create() as Mutable<ListNetworksRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.afterId = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ListNetworksRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ListNetworksRequest.read(r, r.len);
  },
};

export interface ListNetworksResponse {
  readonly networks: readonly Network[];
  readonly nextAfterId: string;
}
export const ListNetworksResponse: MessageCodec<ListNetworksResponse> = {
  typeName: 'tessera.v1.ListNetworksResponse',
  fields: [
    { name: 'networks', number: 1, type: 'object', shape: 'list', message: (): MessageCodec<never> => Network as MessageCodec<never> },
    { name: 'nextAfterId', number: 2, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { networks: [], nextAfterId: '', ...init };
  },
  write(m, w) {
    for (const v of m.networks) Network.write(v, w.uint32(10).fork()).ldelim();
    if (m.nextAfterId !== '') w.uint32(18).string(m.nextAfterId);
    return w;
  },
  encode(m) {
    return encoded(ListNetworksResponse.write, m);
  },
  read(r, end) {
    const m = ListNetworksResponse.create() as Mutable<ListNetworksResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.networks.push(Network.read(r, r.uint32() + r.pos));
          break;
        case 2:
          m.nextAfterId = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ListNetworksResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ListNetworksResponse.read(r, r.len);
  },
};

export interface GetNetworkRequest {
  readonly ref: string;
}
export const GetNetworkRequest: MessageCodec<GetNetworkRequest> = {
  typeName: 'tessera.v1.GetNetworkRequest',
  fields: [
    { name: 'ref', number: 1, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { ref: '', ...init };
  },
  write(m, w) {
    if (m.ref !== '') w.uint32(10).string(m.ref);
    return w;
  },
  encode(m) {
    return encoded(GetNetworkRequest.write, m);
  },
  read(r, end) {
    const m = GetNetworkRequest.create() as Mutable<GetNetworkRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.ref = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as GetNetworkRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return GetNetworkRequest.read(r, r.len);
  },
};

export interface GetNetworkResponse {
  readonly network?: Network | undefined;
  readonly endpoints: readonly NetworkEndpoint[];
  readonly serviceIds: readonly string[];
}
export const GetNetworkResponse: MessageCodec<GetNetworkResponse> = {
  typeName: 'tessera.v1.GetNetworkResponse',
  fields: [
    { name: 'network', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => Network as MessageCodec<never> },
    { name: 'endpoints', number: 2, type: 'object', shape: 'list', message: (): MessageCodec<never> => NetworkEndpoint as MessageCodec<never> },
    { name: 'serviceIds', number: 3, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { endpoints: [], serviceIds: [], ...init };
  },
  write(m, w) {
    if (m.network !== undefined) Network.write(m.network, w.uint32(10).fork()).ldelim();
    for (const v of m.endpoints) NetworkEndpoint.write(v, w.uint32(18).fork()).ldelim();
    for (const v of m.serviceIds) w.uint32(26).string(v);
    return w;
  },
  encode(m) {
    return encoded(GetNetworkResponse.write, m);
  },
  read(r, end) {
    const m = GetNetworkResponse.create() as Mutable<GetNetworkResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.network = Network.read(r, r.uint32() + r.pos);
          break;
        case 2:
          m.endpoints.push(NetworkEndpoint.read(r, r.uint32() + r.pos));
          break;
        case 3:
          m.serviceIds.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as GetNetworkResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return GetNetworkResponse.read(r, r.len);
  },
};

export interface NetworkEndpoint {
  readonly taskId: string;
  readonly serviceId: string;
  readonly serviceName: string;
  readonly slot: number;
  readonly nodeId: string;
  readonly state: TaskState;
  readonly address?: NetworkAddress | undefined;
}
export const NetworkEndpoint: MessageCodec<NetworkEndpoint> = {
  typeName: 'tessera.v1.NetworkEndpoint',
  fields: [
    { name: 'taskId', number: 1, type: 'string', shape: 'one' },
    { name: 'serviceId', number: 2, type: 'string', shape: 'one' },
    { name: 'serviceName', number: 3, type: 'string', shape: 'one' },
    { name: 'slot', number: 4, type: 'uint32', shape: 'one' },
    { name: 'nodeId', number: 5, type: 'string', shape: 'one' },
    { name: 'state', number: 6, type: 'object', shape: 'one', names: TaskStateNames },
    { name: 'address', number: 7, type: 'object', shape: 'one', message: (): MessageCodec<never> => NetworkAddress as MessageCodec<never> },
  ],
  create(init) {
    return { taskId: '', serviceId: '', serviceName: '', slot: 0, nodeId: '', state: 0, ...init };
  },
  write(m, w) {
    if (m.taskId !== '') w.uint32(10).string(m.taskId);
    if (m.serviceId !== '') w.uint32(18).string(m.serviceId);
    if (m.serviceName !== '') w.uint32(26).string(m.serviceName);
    if (m.slot !== 0) w.uint32(32).uint32(m.slot);
    if (m.nodeId !== '') w.uint32(42).string(m.nodeId);
    if (m.state !== 0) w.uint32(48).int32(m.state);
    if (m.address !== undefined) NetworkAddress.write(m.address, w.uint32(58).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(NetworkEndpoint.write, m);
  },
  read(r, end) {
    const m = NetworkEndpoint.create() as Mutable<NetworkEndpoint>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.taskId = r.string();
          break;
        case 2:
          m.serviceId = r.string();
          break;
        case 3:
          m.serviceName = r.string();
          break;
        case 4:
          m.slot = r.uint32();
          break;
        case 5:
          m.nodeId = r.string();
          break;
        case 6:
          m.state = r.int32() as TaskState;
          break;
        case 7:
          m.address = NetworkAddress.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as NetworkEndpoint;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return NetworkEndpoint.read(r, r.len);
  },
};

export interface RemoveNetworkRequest {
  readonly ref: string;
}
export const RemoveNetworkRequest: MessageCodec<RemoveNetworkRequest> = {
  typeName: 'tessera.v1.RemoveNetworkRequest',
  fields: [
    { name: 'ref', number: 1, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { ref: '', ...init };
  },
  write(m, w) {
    if (m.ref !== '') w.uint32(10).string(m.ref);
    return w;
  },
  encode(m) {
    return encoded(RemoveNetworkRequest.write, m);
  },
  read(r, end) {
    const m = RemoveNetworkRequest.create() as Mutable<RemoveNetworkRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.ref = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RemoveNetworkRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RemoveNetworkRequest.read(r, r.len);
  },
};

export interface RemoveNetworkResponse {
  readonly id: string;
}
export const RemoveNetworkResponse: MessageCodec<RemoveNetworkResponse> = {
  typeName: 'tessera.v1.RemoveNetworkResponse',
  fields: [
    { name: 'id', number: 1, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { id: '', ...init };
  },
  write(m, w) {
    if (m.id !== '') w.uint32(10).string(m.id);
    return w;
  },
  encode(m) {
    return encoded(RemoveNetworkResponse.write, m);
  },
  read(r, end) {
    const m = RemoveNetworkResponse.create() as Mutable<RemoveNetworkResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.id = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RemoveNetworkResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RemoveNetworkResponse.read(r, r.len);
  },
};

export interface ListTasksRequest {
  readonly serviceRef: string;
  readonly nodeRef: string;
  readonly includeHistory: boolean;
  readonly afterId: string;
}
export const ListTasksRequest: MessageCodec<ListTasksRequest> = {
  typeName: 'tessera.v1.ListTasksRequest',
  fields: [
    { name: 'serviceRef', number: 1, type: 'string', shape: 'one' },
    { name: 'nodeRef', number: 2, type: 'string', shape: 'one' },
    { name: 'includeHistory', number: 3, type: 'bool', shape: 'one' },
    { name: 'afterId', number: 4, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { serviceRef: '', nodeRef: '', includeHistory: false, afterId: '', ...init };
  },
  write(m, w) {
    if (m.serviceRef !== '') w.uint32(10).string(m.serviceRef);
    if (m.nodeRef !== '') w.uint32(18).string(m.nodeRef);
    if (m.includeHistory !== false) w.uint32(24).bool(m.includeHistory);
    if (m.afterId !== '') w.uint32(34).string(m.afterId);
    return w;
  },
  encode(m) {
    return encoded(ListTasksRequest.write, m);
  },
  read(r, end) {
    const m = ListTasksRequest.create() as Mutable<ListTasksRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.serviceRef = r.string();
          break;
        case 2:
          m.nodeRef = r.string();
          break;
        case 3:
          m.includeHistory = r.bool();
          break;
        case 4:
          m.afterId = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ListTasksRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ListTasksRequest.read(r, r.len);
  },
};

export interface ListTasksResponse {
  readonly tasks: readonly Task[];
  readonly nextAfterId: string;
}
export const ListTasksResponse: MessageCodec<ListTasksResponse> = {
  typeName: 'tessera.v1.ListTasksResponse',
  fields: [
    { name: 'tasks', number: 1, type: 'object', shape: 'list', message: (): MessageCodec<never> => Task as MessageCodec<never> },
    { name: 'nextAfterId', number: 2, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { tasks: [], nextAfterId: '', ...init };
  },
  write(m, w) {
    for (const v of m.tasks) Task.write(v, w.uint32(10).fork()).ldelim();
    if (m.nextAfterId !== '') w.uint32(18).string(m.nextAfterId);
    return w;
  },
  encode(m) {
    return encoded(ListTasksResponse.write, m);
  },
  read(r, end) {
    const m = ListTasksResponse.create() as Mutable<ListTasksResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.tasks.push(Task.read(r, r.uint32() + r.pos));
          break;
        case 2:
          m.nextAfterId = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ListTasksResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ListTasksResponse.read(r, r.len);
  },
};

export interface GetTaskRequest {
  readonly ref: string;
}
export const GetTaskRequest: MessageCodec<GetTaskRequest> = {
  typeName: 'tessera.v1.GetTaskRequest',
  fields: [
    { name: 'ref', number: 1, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { ref: '', ...init };
  },
  write(m, w) {
    if (m.ref !== '') w.uint32(10).string(m.ref);
    return w;
  },
  encode(m) {
    return encoded(GetTaskRequest.write, m);
  },
  read(r, end) {
    const m = GetTaskRequest.create() as Mutable<GetTaskRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.ref = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as GetTaskRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return GetTaskRequest.read(r, r.len);
  },
};

export interface GetTaskResponse {
  readonly task?: Task | undefined;
}
export const GetTaskResponse: MessageCodec<GetTaskResponse> = {
  typeName: 'tessera.v1.GetTaskResponse',
  fields: [
    { name: 'task', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => Task as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    if (m.task !== undefined) Task.write(m.task, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(GetTaskResponse.write, m);
  },
  read(r, end) {
    const m = GetTaskResponse.create() as Mutable<GetTaskResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.task = Task.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as GetTaskResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return GetTaskResponse.read(r, r.len);
  },
};

export interface WatchRequest {
  readonly serviceRef: string;
  readonly fromVersion: number;
}
export const WatchRequest: MessageCodec<WatchRequest> = {
  typeName: 'tessera.v1.WatchRequest',
  fields: [
    { name: 'serviceRef', number: 1, type: 'string', shape: 'one' },
    { name: 'fromVersion', number: 2, type: 'uint64', shape: 'one' },
  ],
  create(init) {
    return { serviceRef: '', fromVersion: 0, ...init };
  },
  write(m, w) {
    if (m.serviceRef !== '') w.uint32(10).string(m.serviceRef);
    if (m.fromVersion !== 0) w.uint32(16).uint64(safe(m.fromVersion, 'fromVersion'));
    return w;
  },
  encode(m) {
    return encoded(WatchRequest.write, m);
  },
  read(r, end) {
    const m = WatchRequest.create() as Mutable<WatchRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.serviceRef = r.string();
          break;
        case 2:
          m.fromVersion = toSafe(r.uint64(), 'fromVersion');
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as WatchRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return WatchRequest.read(r, r.len);
  },
};

export interface WatchResponse {
  readonly version: number;
  readonly isSnapshot: boolean;
  readonly events: readonly WatchEvent[];
  readonly hasMore: boolean;
}
export const WatchResponse: MessageCodec<WatchResponse> = {
  typeName: 'tessera.v1.WatchResponse',
  fields: [
    { name: 'version', number: 1, type: 'uint64', shape: 'one' },
    { name: 'isSnapshot', number: 2, type: 'bool', shape: 'one' },
    { name: 'events', number: 3, type: 'object', shape: 'list', message: (): MessageCodec<never> => WatchEvent as MessageCodec<never> },
    { name: 'hasMore', number: 4, type: 'bool', shape: 'one' },
  ],
  create(init) {
    return { version: 0, isSnapshot: false, events: [], hasMore: false, ...init };
  },
  write(m, w) {
    if (m.version !== 0) w.uint32(8).uint64(safe(m.version, 'version'));
    if (m.isSnapshot !== false) w.uint32(16).bool(m.isSnapshot);
    for (const v of m.events) WatchEvent.write(v, w.uint32(26).fork()).ldelim();
    if (m.hasMore !== false) w.uint32(32).bool(m.hasMore);
    return w;
  },
  encode(m) {
    return encoded(WatchResponse.write, m);
  },
  read(r, end) {
    const m = WatchResponse.create() as Mutable<WatchResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.version = toSafe(r.uint64(), 'version');
          break;
        case 2:
          m.isSnapshot = r.bool();
          break;
        case 3:
          m.events.push(WatchEvent.read(r, r.uint32() + r.pos));
          break;
        case 4:
          m.hasMore = r.bool();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as WatchResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return WatchResponse.read(r, r.len);
  },
};

export interface WatchEvent {
  readonly kind: WatchEventKind;
  readonly object?:
    | { readonly kind: 'node'; readonly node: Node }
    | { readonly kind: 'service'; readonly service: Service }
    | { readonly kind: 'task'; readonly task: Task }
    | { readonly kind: 'network'; readonly network: Network }
    | undefined;
}
export const WatchEvent: MessageCodec<WatchEvent> = {
  typeName: 'tessera.v1.WatchEvent',
  fields: [
    { name: 'kind', number: 1, type: 'object', shape: 'one', names: WatchEventKindNames },
    { name: 'node', number: 2, type: 'object', shape: 'one', oneof: 'object', message: (): MessageCodec<never> => Node as MessageCodec<never> },
    { name: 'service', number: 3, type: 'object', shape: 'one', oneof: 'object', message: (): MessageCodec<never> => Service as MessageCodec<never> },
    { name: 'task', number: 4, type: 'object', shape: 'one', oneof: 'object', message: (): MessageCodec<never> => Task as MessageCodec<never> },
    { name: 'network', number: 5, type: 'object', shape: 'one', oneof: 'object', message: (): MessageCodec<never> => Network as MessageCodec<never> },
  ],
  create(init) {
    return { kind: 0, ...init };
  },
  write(m, w) {
    if (m.kind !== 0) w.uint32(8).int32(m.kind);
    switch (m.object?.kind) {
      case 'node':
        Node.write(m.object.node, w.uint32(18).fork()).ldelim();
        break;
      case 'service':
        Service.write(m.object.service, w.uint32(26).fork()).ldelim();
        break;
      case 'task':
        Task.write(m.object.task, w.uint32(34).fork()).ldelim();
        break;
      case 'network':
        Network.write(m.object.network, w.uint32(42).fork()).ldelim();
        break;
    }
    return w;
  },
  encode(m) {
    return encoded(WatchEvent.write, m);
  },
  read(r, end) {
    const m = WatchEvent.create() as Mutable<WatchEvent>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.kind = r.int32() as WatchEventKind;
          break;
        case 2:
          m.object = { kind: 'node', node: Node.read(r, r.uint32() + r.pos) };
          break;
        case 3:
          m.object = { kind: 'service', service: Service.read(r, r.uint32() + r.pos) };
          break;
        case 4:
          m.object = { kind: 'task', task: Task.read(r, r.uint32() + r.pos) };
          break;
        case 5:
          m.object = { kind: 'network', network: Network.read(r, r.uint32() + r.pos) };
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as WatchEvent;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return WatchEvent.read(r, r.len);
  },
};

export interface LogOptions {
  readonly follow: boolean;
  readonly tail?: number | undefined;
  readonly sinceMs: number;
}
export const LogOptions: MessageCodec<LogOptions> = {
  typeName: 'tessera.v1.LogOptions',
  fields: [
    { name: 'follow', number: 1, type: 'bool', shape: 'one' },
    { name: 'tail', number: 2, type: 'uint32', shape: 'one' },
    { name: 'sinceMs', number: 3, type: 'uint64', shape: 'one' },
  ],
  create(init) {
    return { follow: false, sinceMs: 0, ...init };
  },
  write(m, w) {
    if (m.follow !== false) w.uint32(8).bool(m.follow);
    if (m.tail !== undefined) w.uint32(16).uint32(m.tail);
    if (m.sinceMs !== 0) w.uint32(24).uint64(safe(m.sinceMs, 'sinceMs'));
    return w;
  },
  encode(m) {
    return encoded(LogOptions.write, m);
  },
  read(r, end) {
    const m = LogOptions.create() as Mutable<LogOptions>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.follow = r.bool();
          break;
        case 2:
          m.tail = r.uint32();
          break;
        case 3:
          m.sinceMs = toSafe(r.uint64(), 'sinceMs');
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as LogOptions;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return LogOptions.read(r, r.len);
  },
};

export interface ServiceLogsRequest {
  readonly ref: string;
  readonly options?: LogOptions | undefined;
}
export const ServiceLogsRequest: MessageCodec<ServiceLogsRequest> = {
  typeName: 'tessera.v1.ServiceLogsRequest',
  fields: [
    { name: 'ref', number: 1, type: 'string', shape: 'one' },
    { name: 'options', number: 2, type: 'object', shape: 'one', message: (): MessageCodec<never> => LogOptions as MessageCodec<never> },
  ],
  create(init) {
    return { ref: '', ...init };
  },
  write(m, w) {
    if (m.ref !== '') w.uint32(10).string(m.ref);
    if (m.options !== undefined) LogOptions.write(m.options, w.uint32(18).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(ServiceLogsRequest.write, m);
  },
  read(r, end) {
    const m = ServiceLogsRequest.create() as Mutable<ServiceLogsRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.ref = r.string();
          break;
        case 2:
          m.options = LogOptions.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ServiceLogsRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ServiceLogsRequest.read(r, r.len);
  },
};

export interface LogChunk {
  readonly taskId: string;
  readonly nodeId: string;
  readonly containerName: string;
  readonly stream: LogStream;
  readonly atMs: number;
  readonly line: Uint8Array;
  readonly error: string;
}
export const LogChunk: MessageCodec<LogChunk> = {
  typeName: 'tessera.v1.LogChunk',
  fields: [
    { name: 'taskId', number: 1, type: 'string', shape: 'one' },
    { name: 'nodeId', number: 2, type: 'string', shape: 'one' },
    { name: 'containerName', number: 3, type: 'string', shape: 'one' },
    { name: 'stream', number: 4, type: 'object', shape: 'one', names: LogStreamNames },
    { name: 'atMs', number: 5, type: 'uint64', shape: 'one' },
    { name: 'line', number: 6, type: 'bytes', shape: 'one' },
    { name: 'error', number: 7, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { taskId: '', nodeId: '', containerName: '', stream: 0, atMs: 0, line: empty, error: '', ...init };
  },
  write(m, w) {
    if (m.taskId !== '') w.uint32(10).string(m.taskId);
    if (m.nodeId !== '') w.uint32(18).string(m.nodeId);
    if (m.containerName !== '') w.uint32(26).string(m.containerName);
    if (m.stream !== 0) w.uint32(32).int32(m.stream);
    if (m.atMs !== 0) w.uint32(40).uint64(safe(m.atMs, 'atMs'));
    if (m.line.length > 0) w.uint32(50).bytes(m.line);
    if (m.error !== '') w.uint32(58).string(m.error);
    return w;
  },
  encode(m) {
    return encoded(LogChunk.write, m);
  },
  read(r, end) {
    const m = LogChunk.create() as Mutable<LogChunk>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.taskId = r.string();
          break;
        case 2:
          m.nodeId = r.string();
          break;
        case 3:
          m.containerName = r.string();
          break;
        case 4:
          m.stream = r.int32() as LogStream;
          break;
        case 5:
          m.atMs = toSafe(r.uint64(), 'atMs');
          break;
        case 6:
          m.line = r.bytes();
          break;
        case 7:
          m.error = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as LogChunk;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return LogChunk.read(r, r.len);
  },
};

export interface LoadImageHeader {
  readonly nodeRefs: readonly string[];
  readonly name: string;
}
export const LoadImageHeader: MessageCodec<LoadImageHeader> = {
  typeName: 'tessera.v1.LoadImageHeader',
  fields: [
    { name: 'nodeRefs', number: 1, type: 'string', shape: 'list' },
    { name: 'name', number: 2, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { nodeRefs: [], name: '', ...init };
  },
  write(m, w) {
    for (const v of m.nodeRefs) w.uint32(10).string(v);
    if (m.name !== '') w.uint32(18).string(m.name);
    return w;
  },
  encode(m) {
    return encoded(LoadImageHeader.write, m);
  },
  read(r, end) {
    const m = LoadImageHeader.create() as Mutable<LoadImageHeader>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.nodeRefs.push(r.string());
          break;
        case 2:
          m.name = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as LoadImageHeader;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return LoadImageHeader.read(r, r.len);
  },
};

export interface LoadImageRequest {
  readonly part?:
    | { readonly kind: 'header'; readonly header: LoadImageHeader }
    | { readonly kind: 'chunk'; readonly chunk: Uint8Array }
    | undefined;
}
export const LoadImageRequest: MessageCodec<LoadImageRequest> = {
  typeName: 'tessera.v1.LoadImageRequest',
  fields: [
    { name: 'header', number: 1, type: 'object', shape: 'one', oneof: 'part', message: (): MessageCodec<never> => LoadImageHeader as MessageCodec<never> },
    { name: 'chunk', number: 2, type: 'bytes', shape: 'one', oneof: 'part' },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    switch (m.part?.kind) {
      case 'header':
        LoadImageHeader.write(m.part.header, w.uint32(10).fork()).ldelim();
        break;
      case 'chunk':
        w.uint32(18).bytes(m.part.chunk);
        break;
    }
    return w;
  },
  encode(m) {
    return encoded(LoadImageRequest.write, m);
  },
  read(r, end) {
    const m = LoadImageRequest.create() as Mutable<LoadImageRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.part = { kind: 'header', header: LoadImageHeader.read(r, r.uint32() + r.pos) };
          break;
        case 2:
          m.part = { kind: 'chunk', chunk: r.bytes() };
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as LoadImageRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return LoadImageRequest.read(r, r.len);
  },
};

export interface PullImageRequest {
  readonly image: string;
  readonly nodeRefs: readonly string[];
  readonly auth?: RegistryAuth | undefined;
}
export const PullImageRequest: MessageCodec<PullImageRequest> = {
  typeName: 'tessera.v1.PullImageRequest',
  fields: [
    { name: 'image', number: 1, type: 'string', shape: 'one' },
    { name: 'nodeRefs', number: 2, type: 'string', shape: 'list' },
    { name: 'auth', number: 3, type: 'object', shape: 'one', message: (): MessageCodec<never> => RegistryAuth as MessageCodec<never> },
  ],
  create(init) {
    return { image: '', nodeRefs: [], ...init };
  },
  write(m, w) {
    if (m.image !== '') w.uint32(10).string(m.image);
    for (const v of m.nodeRefs) w.uint32(18).string(v);
    if (m.auth !== undefined) RegistryAuth.write(m.auth, w.uint32(26).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(PullImageRequest.write, m);
  },
  read(r, end) {
    const m = PullImageRequest.create() as Mutable<PullImageRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.image = r.string();
          break;
        case 2:
          m.nodeRefs.push(r.string());
          break;
        case 3:
          m.auth = RegistryAuth.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as PullImageRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return PullImageRequest.read(r, r.len);
  },
};

export interface ImageProgress {
  readonly nodeId: string;
  readonly nodeHostname: string;
  readonly image: string;
  readonly status: string;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly isDone: boolean;
  readonly error: string;
}
export const ImageProgress: MessageCodec<ImageProgress> = {
  typeName: 'tessera.v1.ImageProgress',
  fields: [
    { name: 'nodeId', number: 1, type: 'string', shape: 'one' },
    { name: 'nodeHostname', number: 2, type: 'string', shape: 'one' },
    { name: 'image', number: 3, type: 'string', shape: 'one' },
    { name: 'status', number: 4, type: 'string', shape: 'one' },
    { name: 'bytesDone', number: 5, type: 'uint64', shape: 'one' },
    { name: 'bytesTotal', number: 6, type: 'uint64', shape: 'one' },
    { name: 'isDone', number: 7, type: 'bool', shape: 'one' },
    { name: 'error', number: 8, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { nodeId: '', nodeHostname: '', image: '', status: '', bytesDone: 0, bytesTotal: 0, isDone: false, error: '', ...init };
  },
  write(m, w) {
    if (m.nodeId !== '') w.uint32(10).string(m.nodeId);
    if (m.nodeHostname !== '') w.uint32(18).string(m.nodeHostname);
    if (m.image !== '') w.uint32(26).string(m.image);
    if (m.status !== '') w.uint32(34).string(m.status);
    if (m.bytesDone !== 0) w.uint32(40).uint64(safe(m.bytesDone, 'bytesDone'));
    if (m.bytesTotal !== 0) w.uint32(48).uint64(safe(m.bytesTotal, 'bytesTotal'));
    if (m.isDone !== false) w.uint32(56).bool(m.isDone);
    if (m.error !== '') w.uint32(66).string(m.error);
    return w;
  },
  encode(m) {
    return encoded(ImageProgress.write, m);
  },
  read(r, end) {
    const m = ImageProgress.create() as Mutable<ImageProgress>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.nodeId = r.string();
          break;
        case 2:
          m.nodeHostname = r.string();
          break;
        case 3:
          m.image = r.string();
          break;
        case 4:
          m.status = r.string();
          break;
        case 5:
          m.bytesDone = toSafe(r.uint64(), 'bytesDone');
          break;
        case 6:
          m.bytesTotal = toSafe(r.uint64(), 'bytesTotal');
          break;
        case 7:
          m.isDone = r.bool();
          break;
        case 8:
          m.error = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ImageProgress;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ImageProgress.read(r, r.len);
  },
};

export interface ImageInfo {
  readonly names: readonly string[];
  readonly digest: string;
  readonly sizeBytes: number;
  readonly createdAtMs: number;
}
export const ImageInfo: MessageCodec<ImageInfo> = {
  typeName: 'tessera.v1.ImageInfo',
  fields: [
    { name: 'names', number: 1, type: 'string', shape: 'list' },
    { name: 'digest', number: 2, type: 'string', shape: 'one' },
    { name: 'sizeBytes', number: 3, type: 'uint64', shape: 'one' },
    { name: 'createdAtMs', number: 4, type: 'uint64', shape: 'one' },
  ],
  create(init) {
    return { names: [], digest: '', sizeBytes: 0, createdAtMs: 0, ...init };
  },
  write(m, w) {
    for (const v of m.names) w.uint32(10).string(v);
    if (m.digest !== '') w.uint32(18).string(m.digest);
    if (m.sizeBytes !== 0) w.uint32(24).uint64(safe(m.sizeBytes, 'sizeBytes'));
    if (m.createdAtMs !== 0) w.uint32(32).uint64(safe(m.createdAtMs, 'createdAtMs'));
    return w;
  },
  encode(m) {
    return encoded(ImageInfo.write, m);
  },
  read(r, end) {
    const m = ImageInfo.create() as Mutable<ImageInfo>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.names.push(r.string());
          break;
        case 2:
          m.digest = r.string();
          break;
        case 3:
          m.sizeBytes = toSafe(r.uint64(), 'sizeBytes');
          break;
        case 4:
          m.createdAtMs = toSafe(r.uint64(), 'createdAtMs');
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ImageInfo;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ImageInfo.read(r, r.len);
  },
};

export interface ListImagesRequest {
  readonly nodeRefs: readonly string[];
}
export const ListImagesRequest: MessageCodec<ListImagesRequest> = {
  typeName: 'tessera.v1.ListImagesRequest',
  fields: [
    { name: 'nodeRefs', number: 1, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { nodeRefs: [], ...init };
  },
  write(m, w) {
    for (const v of m.nodeRefs) w.uint32(10).string(v);
    return w;
  },
  encode(m) {
    return encoded(ListImagesRequest.write, m);
  },
  read(r, end) {
    const m = ListImagesRequest.create() as Mutable<ListImagesRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.nodeRefs.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ListImagesRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ListImagesRequest.read(r, r.len);
  },
};

export interface NodeImages {
  readonly nodeId: string;
  readonly nodeHostname: string;
  readonly images: readonly ImageInfo[];
  readonly error: string;
}
export const NodeImages: MessageCodec<NodeImages> = {
  typeName: 'tessera.v1.NodeImages',
  fields: [
    { name: 'nodeId', number: 1, type: 'string', shape: 'one' },
    { name: 'nodeHostname', number: 2, type: 'string', shape: 'one' },
    { name: 'images', number: 3, type: 'object', shape: 'list', message: (): MessageCodec<never> => ImageInfo as MessageCodec<never> },
    { name: 'error', number: 4, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { nodeId: '', nodeHostname: '', images: [], error: '', ...init };
  },
  write(m, w) {
    if (m.nodeId !== '') w.uint32(10).string(m.nodeId);
    if (m.nodeHostname !== '') w.uint32(18).string(m.nodeHostname);
    for (const v of m.images) ImageInfo.write(v, w.uint32(26).fork()).ldelim();
    if (m.error !== '') w.uint32(34).string(m.error);
    return w;
  },
  encode(m) {
    return encoded(NodeImages.write, m);
  },
  read(r, end) {
    const m = NodeImages.create() as Mutable<NodeImages>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.nodeId = r.string();
          break;
        case 2:
          m.nodeHostname = r.string();
          break;
        case 3:
          m.images.push(ImageInfo.read(r, r.uint32() + r.pos));
          break;
        case 4:
          m.error = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as NodeImages;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return NodeImages.read(r, r.len);
  },
};

export interface ListImagesResponse {
  readonly nodes: readonly NodeImages[];
}
export const ListImagesResponse: MessageCodec<ListImagesResponse> = {
  typeName: 'tessera.v1.ListImagesResponse',
  fields: [
    { name: 'nodes', number: 1, type: 'object', shape: 'list', message: (): MessageCodec<never> => NodeImages as MessageCodec<never> },
  ],
  create(init) {
    return { nodes: [], ...init };
  },
  write(m, w) {
    for (const v of m.nodes) NodeImages.write(v, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(ListImagesResponse.write, m);
  },
  read(r, end) {
    const m = ListImagesResponse.create() as Mutable<ListImagesResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.nodes.push(NodeImages.read(r, r.uint32() + r.pos));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ListImagesResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ListImagesResponse.read(r, r.len);
  },
};

export interface RemoveImageRequest {
  readonly image: string;
  readonly nodeRefs: readonly string[];
  readonly force: boolean;
}
export const RemoveImageRequest: MessageCodec<RemoveImageRequest> = {
  typeName: 'tessera.v1.RemoveImageRequest',
  fields: [
    { name: 'image', number: 1, type: 'string', shape: 'one' },
    { name: 'nodeRefs', number: 2, type: 'string', shape: 'list' },
    { name: 'force', number: 3, type: 'bool', shape: 'one' },
  ],
  create(init) {
    return { image: '', nodeRefs: [], force: false, ...init };
  },
  write(m, w) {
    if (m.image !== '') w.uint32(10).string(m.image);
    for (const v of m.nodeRefs) w.uint32(18).string(v);
    if (m.force !== false) w.uint32(24).bool(m.force);
    return w;
  },
  encode(m) {
    return encoded(RemoveImageRequest.write, m);
  },
  read(r, end) {
    const m = RemoveImageRequest.create() as Mutable<RemoveImageRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.image = r.string();
          break;
        case 2:
          m.nodeRefs.push(r.string());
          break;
        case 3:
          m.force = r.bool();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RemoveImageRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RemoveImageRequest.read(r, r.len);
  },
};

export interface RemoveImageResponse {
  readonly results: readonly ImageProgress[];
}
export const RemoveImageResponse: MessageCodec<RemoveImageResponse> = {
  typeName: 'tessera.v1.RemoveImageResponse',
  fields: [
    { name: 'results', number: 1, type: 'object', shape: 'list', message: (): MessageCodec<never> => ImageProgress as MessageCodec<never> },
  ],
  create(init) {
    return { results: [], ...init };
  },
  write(m, w) {
    for (const v of m.results) ImageProgress.write(v, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(RemoveImageResponse.write, m);
  },
  read(r, end) {
    const m = RemoveImageResponse.create() as Mutable<RemoveImageResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.results.push(ImageProgress.read(r, r.uint32() + r.pos));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RemoveImageResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RemoveImageResponse.read(r, r.len);
  },
};

export interface DiagnoseNetworksRequest {
  readonly networkRefs: readonly string[];
  readonly nodeRefs: readonly string[];
  readonly timeoutMs: number;
}
export const DiagnoseNetworksRequest: MessageCodec<DiagnoseNetworksRequest> = {
  typeName: 'tessera.v1.DiagnoseNetworksRequest',
  fields: [
    { name: 'networkRefs', number: 1, type: 'string', shape: 'list' },
    { name: 'nodeRefs', number: 2, type: 'string', shape: 'list' },
    { name: 'timeoutMs', number: 3, type: 'uint32', shape: 'one' },
  ],
  create(init) {
    return { networkRefs: [], nodeRefs: [], timeoutMs: 0, ...init };
  },
  write(m, w) {
    for (const v of m.networkRefs) w.uint32(10).string(v);
    for (const v of m.nodeRefs) w.uint32(18).string(v);
    if (m.timeoutMs !== 0) w.uint32(24).uint32(m.timeoutMs);
    return w;
  },
  encode(m) {
    return encoded(DiagnoseNetworksRequest.write, m);
  },
  read(r, end) {
    const m = DiagnoseNetworksRequest.create() as Mutable<DiagnoseNetworksRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.networkRefs.push(r.string());
          break;
        case 2:
          m.nodeRefs.push(r.string());
          break;
        case 3:
          m.timeoutMs = r.uint32();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as DiagnoseNetworksRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return DiagnoseNetworksRequest.read(r, r.len);
  },
};

export interface DiagnoseNetworksResponse {
  readonly nodes: readonly NodeNetworkChecks[];
  readonly problems: readonly NetworkProblem[];
}
export const DiagnoseNetworksResponse: MessageCodec<DiagnoseNetworksResponse> = {
  typeName: 'tessera.v1.DiagnoseNetworksResponse',
  fields: [
    { name: 'nodes', number: 1, type: 'object', shape: 'list', message: (): MessageCodec<never> => NodeNetworkChecks as MessageCodec<never> },
    { name: 'problems', number: 2, type: 'object', shape: 'list', message: (): MessageCodec<never> => NetworkProblem as MessageCodec<never> },
  ],
  create(init) {
    return { nodes: [], problems: [], ...init };
  },
  write(m, w) {
    for (const v of m.nodes) NodeNetworkChecks.write(v, w.uint32(10).fork()).ldelim();
    for (const v of m.problems) NetworkProblem.write(v, w.uint32(18).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(DiagnoseNetworksResponse.write, m);
  },
  read(r, end) {
    const m = DiagnoseNetworksResponse.create() as Mutable<DiagnoseNetworksResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.nodes.push(NodeNetworkChecks.read(r, r.uint32() + r.pos));
          break;
        case 2:
          m.problems.push(NetworkProblem.read(r, r.uint32() + r.pos));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as DiagnoseNetworksResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return DiagnoseNetworksResponse.read(r, r.len);
  },
};

export interface NodeNetworkChecks {
  readonly nodeId: string;
  readonly nodeHostname: string;
  readonly error: string;
  readonly checks: readonly NetworkCheck[];
}
export const NodeNetworkChecks: MessageCodec<NodeNetworkChecks> = {
  typeName: 'tessera.v1.NodeNetworkChecks',
  fields: [
    { name: 'nodeId', number: 1, type: 'string', shape: 'one' },
    { name: 'nodeHostname', number: 2, type: 'string', shape: 'one' },
    { name: 'error', number: 3, type: 'string', shape: 'one' },
    { name: 'checks', number: 4, type: 'object', shape: 'list', message: (): MessageCodec<never> => NetworkCheck as MessageCodec<never> },
  ],
  create(init) {
    return { nodeId: '', nodeHostname: '', error: '', checks: [], ...init };
  },
  write(m, w) {
    if (m.nodeId !== '') w.uint32(10).string(m.nodeId);
    if (m.nodeHostname !== '') w.uint32(18).string(m.nodeHostname);
    if (m.error !== '') w.uint32(26).string(m.error);
    for (const v of m.checks) NetworkCheck.write(v, w.uint32(34).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(NodeNetworkChecks.write, m);
  },
  read(r, end) {
    const m = NodeNetworkChecks.create() as Mutable<NodeNetworkChecks>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.nodeId = r.string();
          break;
        case 2:
          m.nodeHostname = r.string();
          break;
        case 3:
          m.error = r.string();
          break;
        case 4:
          m.checks.push(NetworkCheck.read(r, r.uint32() + r.pos));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as NodeNetworkChecks;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return NodeNetworkChecks.read(r, r.len);
  },
};

export interface NetworkCheck {
  readonly name: string;
  readonly lookedAt: number;
  readonly wrong: number;
  readonly leftOut: number;
}
export const NetworkCheck: MessageCodec<NetworkCheck> = {
  typeName: 'tessera.v1.NetworkCheck',
  fields: [
    { name: 'name', number: 1, type: 'string', shape: 'one' },
    { name: 'lookedAt', number: 2, type: 'uint32', shape: 'one' },
    { name: 'wrong', number: 3, type: 'uint32', shape: 'one' },
    { name: 'leftOut', number: 4, type: 'uint32', shape: 'one' },
  ],
  create(init) {
    return { name: '', lookedAt: 0, wrong: 0, leftOut: 0, ...init };
  },
  write(m, w) {
    if (m.name !== '') w.uint32(10).string(m.name);
    if (m.lookedAt !== 0) w.uint32(16).uint32(m.lookedAt);
    if (m.wrong !== 0) w.uint32(24).uint32(m.wrong);
    if (m.leftOut !== 0) w.uint32(32).uint32(m.leftOut);
    return w;
  },
  encode(m) {
    return encoded(NetworkCheck.write, m);
  },
  read(r, end) {
    const m = NetworkCheck.create() as Mutable<NetworkCheck>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.name = r.string();
          break;
        case 2:
          m.lookedAt = r.uint32();
          break;
        case 3:
          m.wrong = r.uint32();
          break;
        case 4:
          m.leftOut = r.uint32();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as NetworkCheck;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return NetworkCheck.read(r, r.len);
  },
};

export interface NetworkProblem {
  readonly check: string;
  readonly nodeIds: readonly string[];
  readonly networkId: string;
  readonly what: string;
  readonly evidence: string;
  readonly remedy: string;
}
export const NetworkProblem: MessageCodec<NetworkProblem> = {
  typeName: 'tessera.v1.NetworkProblem',
  fields: [
    { name: 'check', number: 1, type: 'string', shape: 'one' },
    { name: 'nodeIds', number: 2, type: 'string', shape: 'list' },
    { name: 'networkId', number: 3, type: 'string', shape: 'one' },
    { name: 'what', number: 4, type: 'string', shape: 'one' },
    { name: 'evidence', number: 5, type: 'string', shape: 'one' },
    { name: 'remedy', number: 6, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { check: '', nodeIds: [], networkId: '', what: '', evidence: '', remedy: '', ...init };
  },
  write(m, w) {
    if (m.check !== '') w.uint32(10).string(m.check);
    for (const v of m.nodeIds) w.uint32(18).string(v);
    if (m.networkId !== '') w.uint32(26).string(m.networkId);
    if (m.what !== '') w.uint32(34).string(m.what);
    if (m.evidence !== '') w.uint32(42).string(m.evidence);
    if (m.remedy !== '') w.uint32(50).string(m.remedy);
    return w;
  },
  encode(m) {
    return encoded(NetworkProblem.write, m);
  },
  read(r, end) {
    const m = NetworkProblem.create() as Mutable<NetworkProblem>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.check = r.string();
          break;
        case 2:
          m.nodeIds.push(r.string());
          break;
        case 3:
          m.networkId = r.string();
          break;
        case 4:
          m.what = r.string();
          break;
        case 5:
          m.evidence = r.string();
          break;
        case 6:
          m.remedy = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as NetworkProblem;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return NetworkProblem.read(r, r.len);
  },
};

export interface NetworkReport {
  readonly uplink: string;
  readonly uplinkMtu: number;
  readonly dataPathAddress: string;
  readonly dataPathPort: number;
  readonly probes: readonly NetworkProbe[];
  readonly problems: readonly NetworkProblem[];
  readonly checks: readonly NetworkCheck[];
}
export const NetworkReport: MessageCodec<NetworkReport> = {
  typeName: 'tessera.v1.NetworkReport',
  fields: [
    { name: 'uplink', number: 1, type: 'string', shape: 'one' },
    { name: 'uplinkMtu', number: 2, type: 'uint32', shape: 'one' },
    { name: 'dataPathAddress', number: 3, type: 'string', shape: 'one' },
    { name: 'dataPathPort', number: 4, type: 'uint32', shape: 'one' },
    { name: 'probes', number: 5, type: 'object', shape: 'list', message: (): MessageCodec<never> => NetworkProbe as MessageCodec<never> },
    { name: 'problems', number: 6, type: 'object', shape: 'list', message: (): MessageCodec<never> => NetworkProblem as MessageCodec<never> },
    { name: 'checks', number: 7, type: 'object', shape: 'list', message: (): MessageCodec<never> => NetworkCheck as MessageCodec<never> },
  ],
  create(init) {
    return { uplink: '', uplinkMtu: 0, dataPathAddress: '', dataPathPort: 0, probes: [], problems: [], checks: [], ...init };
  },
  write(m, w) {
    if (m.uplink !== '') w.uint32(10).string(m.uplink);
    if (m.uplinkMtu !== 0) w.uint32(16).uint32(m.uplinkMtu);
    if (m.dataPathAddress !== '') w.uint32(26).string(m.dataPathAddress);
    if (m.dataPathPort !== 0) w.uint32(32).uint32(m.dataPathPort);
    for (const v of m.probes) NetworkProbe.write(v, w.uint32(42).fork()).ldelim();
    for (const v of m.problems) NetworkProblem.write(v, w.uint32(50).fork()).ldelim();
    for (const v of m.checks) NetworkCheck.write(v, w.uint32(58).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(NetworkReport.write, m);
  },
  read(r, end) {
    const m = NetworkReport.create() as Mutable<NetworkReport>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.uplink = r.string();
          break;
        case 2:
          m.uplinkMtu = r.uint32();
          break;
        case 3:
          m.dataPathAddress = r.string();
          break;
        case 4:
          m.dataPathPort = r.uint32();
          break;
        case 5:
          m.probes.push(NetworkProbe.read(r, r.uint32() + r.pos));
          break;
        case 6:
          m.problems.push(NetworkProblem.read(r, r.uint32() + r.pos));
          break;
        case 7:
          m.checks.push(NetworkCheck.read(r, r.uint32() + r.pos));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as NetworkReport;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return NetworkReport.read(r, r.len);
  },
};

export interface NetworkProbe {
  readonly networkId: string;
  readonly mtu: number;
  readonly bridge: string;
  readonly vxlan: string;
  readonly asked: number;
  readonly leftOut: number;
  readonly failures: readonly NetworkProbeFailure[];
  readonly udpPorts: readonly number[];
}
export const NetworkProbe: MessageCodec<NetworkProbe> = {
  typeName: 'tessera.v1.NetworkProbe',
  fields: [
    { name: 'networkId', number: 1, type: 'string', shape: 'one' },
    { name: 'mtu', number: 2, type: 'uint32', shape: 'one' },
    { name: 'bridge', number: 3, type: 'string', shape: 'one' },
    { name: 'vxlan', number: 4, type: 'string', shape: 'one' },
    { name: 'asked', number: 5, type: 'uint32', shape: 'one' },
    { name: 'leftOut', number: 6, type: 'uint32', shape: 'one' },
    { name: 'failures', number: 7, type: 'object', shape: 'list', message: (): MessageCodec<never> => NetworkProbeFailure as MessageCodec<never> },
    { name: 'udpPorts', number: 8, type: 'uint32', shape: 'list' },
  ],
  create(init) {
    return { networkId: '', mtu: 0, bridge: '', vxlan: '', asked: 0, leftOut: 0, failures: [], udpPorts: [], ...init };
  },
  write(m, w) {
    if (m.networkId !== '') w.uint32(10).string(m.networkId);
    if (m.mtu !== 0) w.uint32(16).uint32(m.mtu);
    if (m.bridge !== '') w.uint32(26).string(m.bridge);
    if (m.vxlan !== '') w.uint32(34).string(m.vxlan);
    if (m.asked !== 0) w.uint32(40).uint32(m.asked);
    if (m.leftOut !== 0) w.uint32(48).uint32(m.leftOut);
    for (const v of m.failures) NetworkProbeFailure.write(v, w.uint32(58).fork()).ldelim();
    if (m.udpPorts.length > 0) {
      w.uint32(66).fork();
      for (const v of m.udpPorts) w.uint32(v);
      w.ldelim();
    }
    return w;
  },
  encode(m) {
    return encoded(NetworkProbe.write, m);
  },
  read(r, end) {
    const m = NetworkProbe.create() as Mutable<NetworkProbe>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.networkId = r.string();
          break;
        case 2:
          m.mtu = r.uint32();
          break;
        case 3:
          m.bridge = r.string();
          break;
        case 4:
          m.vxlan = r.string();
          break;
        case 5:
          m.asked = r.uint32();
          break;
        case 6:
          m.leftOut = r.uint32();
          break;
        case 7:
          m.failures.push(NetworkProbeFailure.read(r, r.uint32() + r.pos));
          break;
        case 8:
          if ((tag & 7) === 2) {
            const stop = r.uint32() + r.pos;
            while (r.pos < stop) m.udpPorts.push(r.uint32());
          } else m.udpPorts.push(r.uint32());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as NetworkProbe;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return NetworkProbe.read(r, r.len);
  },
};

export interface NetworkProbeFailure {
  readonly nodeId: string;
  readonly address: string;
  readonly kind: NetworkProbeFailureKind;
  readonly dataPathAddress: string;
  readonly isUplinkAnswering: boolean;
  readonly passesBytes: number;
}
export const NetworkProbeFailure: MessageCodec<NetworkProbeFailure> = {
  typeName: 'tessera.v1.NetworkProbeFailure',
  fields: [
    { name: 'nodeId', number: 1, type: 'string', shape: 'one' },
    { name: 'address', number: 2, type: 'string', shape: 'one' },
    { name: 'kind', number: 3, type: 'object', shape: 'one', names: NetworkProbeFailureKindNames },
    { name: 'dataPathAddress', number: 4, type: 'string', shape: 'one' },
    { name: 'isUplinkAnswering', number: 5, type: 'bool', shape: 'one' },
    { name: 'passesBytes', number: 6, type: 'uint32', shape: 'one' },
  ],
  create(init) {
    return { nodeId: '', address: '', kind: 0, dataPathAddress: '', isUplinkAnswering: false, passesBytes: 0, ...init };
  },
  write(m, w) {
    if (m.nodeId !== '') w.uint32(10).string(m.nodeId);
    if (m.address !== '') w.uint32(18).string(m.address);
    if (m.kind !== 0) w.uint32(24).int32(m.kind);
    if (m.dataPathAddress !== '') w.uint32(34).string(m.dataPathAddress);
    if (m.isUplinkAnswering !== false) w.uint32(40).bool(m.isUplinkAnswering);
    if (m.passesBytes !== 0) w.uint32(48).uint32(m.passesBytes);
    return w;
  },
  encode(m) {
    return encoded(NetworkProbeFailure.write, m);
  },
  read(r, end) {
    const m = NetworkProbeFailure.create() as Mutable<NetworkProbeFailure>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.nodeId = r.string();
          break;
        case 2:
          m.address = r.string();
          break;
        case 3:
          m.kind = r.int32() as NetworkProbeFailureKind;
          break;
        case 4:
          m.dataPathAddress = r.string();
          break;
        case 5:
          m.isUplinkAnswering = r.bool();
          break;
        case 6:
          m.passesBytes = r.uint32();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as NetworkProbeFailure;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return NetworkProbeFailure.read(r, r.len);
  },
};

export interface AgentMessage {
  readonly body?:
    | { readonly kind: 'hello'; readonly hello: AgentHello }
    | { readonly kind: 'heartbeat'; readonly heartbeat: Heartbeat }
    | { readonly kind: 'statuses'; readonly statuses: StatusBatch }
    | { readonly kind: 'description'; readonly description: NodeDescription }
    | { readonly kind: 'goodbye'; readonly goodbye: Goodbye }
    | { readonly kind: 'networksApplied'; readonly networksApplied: NetworksApplied }
    | { readonly kind: 'images'; readonly images: HeldImages }
    | undefined;
}
export const AgentMessage: MessageCodec<AgentMessage> = {
  typeName: 'tessera.v1.AgentMessage',
  fields: [
    { name: 'hello', number: 1, type: 'object', shape: 'one', oneof: 'body', message: (): MessageCodec<never> => AgentHello as MessageCodec<never> },
    { name: 'heartbeat', number: 2, type: 'object', shape: 'one', oneof: 'body', message: (): MessageCodec<never> => Heartbeat as MessageCodec<never> },
    { name: 'statuses', number: 3, type: 'object', shape: 'one', oneof: 'body', message: (): MessageCodec<never> => StatusBatch as MessageCodec<never> },
    { name: 'description', number: 4, type: 'object', shape: 'one', oneof: 'body', message: (): MessageCodec<never> => NodeDescription as MessageCodec<never> },
    { name: 'goodbye', number: 5, type: 'object', shape: 'one', oneof: 'body', message: (): MessageCodec<never> => Goodbye as MessageCodec<never> },
    { name: 'networksApplied', number: 6, type: 'object', shape: 'one', oneof: 'body', message: (): MessageCodec<never> => NetworksApplied as MessageCodec<never> },
    { name: 'images', number: 7, type: 'object', shape: 'one', oneof: 'body', message: (): MessageCodec<never> => HeldImages as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    switch (m.body?.kind) {
      case 'hello':
        AgentHello.write(m.body.hello, w.uint32(10).fork()).ldelim();
        break;
      case 'heartbeat':
        Heartbeat.write(m.body.heartbeat, w.uint32(18).fork()).ldelim();
        break;
      case 'statuses':
        StatusBatch.write(m.body.statuses, w.uint32(26).fork()).ldelim();
        break;
      case 'description':
        NodeDescription.write(m.body.description, w.uint32(34).fork()).ldelim();
        break;
      case 'goodbye':
        Goodbye.write(m.body.goodbye, w.uint32(42).fork()).ldelim();
        break;
      case 'networksApplied':
        NetworksApplied.write(m.body.networksApplied, w.uint32(50).fork()).ldelim();
        break;
      case 'images':
        HeldImages.write(m.body.images, w.uint32(58).fork()).ldelim();
        break;
    }
    return w;
  },
  encode(m) {
    return encoded(AgentMessage.write, m);
  },
  read(r, end) {
    const m = AgentMessage.create() as Mutable<AgentMessage>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.body = { kind: 'hello', hello: AgentHello.read(r, r.uint32() + r.pos) };
          break;
        case 2:
          m.body = { kind: 'heartbeat', heartbeat: Heartbeat.read(r, r.uint32() + r.pos) };
          break;
        case 3:
          m.body = { kind: 'statuses', statuses: StatusBatch.read(r, r.uint32() + r.pos) };
          break;
        case 4:
          m.body = { kind: 'description', description: NodeDescription.read(r, r.uint32() + r.pos) };
          break;
        case 5:
          m.body = { kind: 'goodbye', goodbye: Goodbye.read(r, r.uint32() + r.pos) };
          break;
        case 6:
          m.body = { kind: 'networksApplied', networksApplied: NetworksApplied.read(r, r.uint32() + r.pos) };
          break;
        case 7:
          m.body = { kind: 'images', images: HeldImages.read(r, r.uint32() + r.pos) };
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as AgentMessage;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return AgentMessage.read(r, r.len);
  },
};

export interface AgentHello {
  readonly description?: NodeDescription | undefined;
  readonly address: string;
}
export const AgentHello: MessageCodec<AgentHello> = {
  typeName: 'tessera.v1.AgentHello',
  fields: [
    { name: 'description', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => NodeDescription as MessageCodec<never> },
    { name: 'address', number: 2, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { address: '', ...init };
  },
  write(m, w) {
    if (m.description !== undefined) NodeDescription.write(m.description, w.uint32(10).fork()).ldelim();
    if (m.address !== '') w.uint32(18).string(m.address);
    return w;
  },
  encode(m) {
    return encoded(AgentHello.write, m);
  },
  read(r, end) {
    const m = AgentHello.create() as Mutable<AgentHello>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.description = NodeDescription.read(r, r.uint32() + r.pos);
          break;
        case 2:
          m.address = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as AgentHello;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return AgentHello.read(r, r.len);
  },
};

export interface HeldImages {
  readonly images: readonly HeldImage[];
}
export const HeldImages: MessageCodec<HeldImages> = {
  typeName: 'tessera.v1.HeldImages',
  fields: [
    { name: 'images', number: 1, type: 'object', shape: 'list', message: (): MessageCodec<never> => HeldImage as MessageCodec<never> },
  ],
  create(init) {
    return { images: [], ...init };
  },
  write(m, w) {
    for (const v of m.images) HeldImage.write(v, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(HeldImages.write, m);
  },
  read(r, end) {
    const m = HeldImages.create() as Mutable<HeldImages>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.images.push(HeldImage.read(r, r.uint32() + r.pos));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as HeldImages;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return HeldImages.read(r, r.len);
  },
};

export interface HeldImage {
  readonly names: readonly string[];
  readonly sizeBytes: number;
}
export const HeldImage: MessageCodec<HeldImage> = {
  typeName: 'tessera.v1.HeldImage',
  fields: [
    { name: 'names', number: 1, type: 'string', shape: 'list' },
    { name: 'sizeBytes', number: 2, type: 'uint64', shape: 'one' },
  ],
  create(init) {
    return { names: [], sizeBytes: 0, ...init };
  },
  write(m, w) {
    for (const v of m.names) w.uint32(10).string(v);
    if (m.sizeBytes !== 0) w.uint32(16).uint64(safe(m.sizeBytes, 'sizeBytes'));
    return w;
  },
  encode(m) {
    return encoded(HeldImage.write, m);
  },
  read(r, end) {
    const m = HeldImage.create() as Mutable<HeldImage>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.names.push(r.string());
          break;
        case 2:
          m.sizeBytes = toSafe(r.uint64(), 'sizeBytes');
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as HeldImage;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return HeldImage.read(r, r.len);
  },
};

export interface Heartbeat {
}
export const Heartbeat: MessageCodec<Heartbeat> = {
  typeName: 'tessera.v1.Heartbeat',
  fields: [
  ],
  create(init) {
    return { ...init };
  },
  write(_m, w) {
    return w;
  },
  encode(m) {
    return encoded(Heartbeat.write, m);
  },
  read(r, end) {
    const m = Heartbeat.create() as Mutable<Heartbeat>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Heartbeat;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Heartbeat.read(r, r.len);
  },
};

export interface Goodbye {
}
export const Goodbye: MessageCodec<Goodbye> = {
  typeName: 'tessera.v1.Goodbye',
  fields: [
  ],
  create(init) {
    return { ...init };
  },
  write(_m, w) {
    return w;
  },
  encode(m) {
    return encoded(Goodbye.write, m);
  },
  read(r, end) {
    const m = Goodbye.create() as Mutable<Goodbye>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Goodbye;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Goodbye.read(r, r.len);
  },
};

export interface StatusBatch {
  readonly sequence: number;
  readonly updates: readonly TaskStatusUpdate[];
}
export const StatusBatch: MessageCodec<StatusBatch> = {
  typeName: 'tessera.v1.StatusBatch',
  fields: [
    { name: 'sequence', number: 1, type: 'uint64', shape: 'one' },
    { name: 'updates', number: 2, type: 'object', shape: 'list', message: (): MessageCodec<never> => TaskStatusUpdate as MessageCodec<never> },
  ],
  create(init) {
    return { sequence: 0, updates: [], ...init };
  },
  write(m, w) {
    if (m.sequence !== 0) w.uint32(8).uint64(safe(m.sequence, 'sequence'));
    for (const v of m.updates) TaskStatusUpdate.write(v, w.uint32(18).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(StatusBatch.write, m);
  },
  read(r, end) {
    const m = StatusBatch.create() as Mutable<StatusBatch>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.sequence = toSafe(r.uint64(), 'sequence');
          break;
        case 2:
          m.updates.push(TaskStatusUpdate.read(r, r.uint32() + r.pos));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as StatusBatch;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return StatusBatch.read(r, r.len);
  },
};

export interface TaskStatusUpdate {
  readonly taskId: string;
  readonly status?: TaskStatus | undefined;
}
export const TaskStatusUpdate: MessageCodec<TaskStatusUpdate> = {
  typeName: 'tessera.v1.TaskStatusUpdate',
  fields: [
    { name: 'taskId', number: 1, type: 'string', shape: 'one' },
    { name: 'status', number: 2, type: 'object', shape: 'one', message: (): MessageCodec<never> => TaskStatus as MessageCodec<never> },
  ],
  create(init) {
    return { taskId: '', ...init };
  },
  write(m, w) {
    if (m.taskId !== '') w.uint32(10).string(m.taskId);
    if (m.status !== undefined) TaskStatus.write(m.status, w.uint32(18).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(TaskStatusUpdate.write, m);
  },
  read(r, end) {
    const m = TaskStatusUpdate.create() as Mutable<TaskStatusUpdate>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.taskId = r.string();
          break;
        case 2:
          m.status = TaskStatus.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as TaskStatusUpdate;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return TaskStatusUpdate.read(r, r.len);
  },
};

export interface ManagerMessage {
  readonly body?:
    | { readonly kind: 'session'; readonly session: SessionInfo }
    | { readonly kind: 'assignments'; readonly assignments: Assignments }
    | { readonly kind: 'statusesAccepted'; readonly statusesAccepted: StatusesAccepted }
    | { readonly kind: 'work'; readonly work: WorkRequest }
    | { readonly kind: 'cancelWork'; readonly cancelWork: string }
    | { readonly kind: 'heartbeat'; readonly heartbeat: Heartbeat }
    | { readonly kind: 'networks'; readonly networks: NetworkChanges }
    | { readonly kind: 'end'; readonly end: SessionEnd }
    | undefined;
}
export const ManagerMessage: MessageCodec<ManagerMessage> = {
  typeName: 'tessera.v1.ManagerMessage',
  fields: [
    { name: 'session', number: 1, type: 'object', shape: 'one', oneof: 'body', message: (): MessageCodec<never> => SessionInfo as MessageCodec<never> },
    { name: 'assignments', number: 2, type: 'object', shape: 'one', oneof: 'body', message: (): MessageCodec<never> => Assignments as MessageCodec<never> },
    { name: 'statusesAccepted', number: 3, type: 'object', shape: 'one', oneof: 'body', message: (): MessageCodec<never> => StatusesAccepted as MessageCodec<never> },
    { name: 'work', number: 4, type: 'object', shape: 'one', oneof: 'body', message: (): MessageCodec<never> => WorkRequest as MessageCodec<never> },
    { name: 'cancelWork', number: 5, type: 'string', shape: 'one', oneof: 'body' },
    { name: 'heartbeat', number: 6, type: 'object', shape: 'one', oneof: 'body', message: (): MessageCodec<never> => Heartbeat as MessageCodec<never> },
    { name: 'networks', number: 7, type: 'object', shape: 'one', oneof: 'body', message: (): MessageCodec<never> => NetworkChanges as MessageCodec<never> },
    { name: 'end', number: 8, type: 'object', shape: 'one', oneof: 'body', message: (): MessageCodec<never> => SessionEnd as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    switch (m.body?.kind) {
      case 'session':
        SessionInfo.write(m.body.session, w.uint32(10).fork()).ldelim();
        break;
      case 'assignments':
        Assignments.write(m.body.assignments, w.uint32(18).fork()).ldelim();
        break;
      case 'statusesAccepted':
        StatusesAccepted.write(m.body.statusesAccepted, w.uint32(26).fork()).ldelim();
        break;
      case 'work':
        WorkRequest.write(m.body.work, w.uint32(34).fork()).ldelim();
        break;
      case 'cancelWork':
        w.uint32(42).string(m.body.cancelWork);
        break;
      case 'heartbeat':
        Heartbeat.write(m.body.heartbeat, w.uint32(50).fork()).ldelim();
        break;
      case 'networks':
        NetworkChanges.write(m.body.networks, w.uint32(58).fork()).ldelim();
        break;
      case 'end':
        SessionEnd.write(m.body.end, w.uint32(66).fork()).ldelim();
        break;
    }
    return w;
  },
  encode(m) {
    return encoded(ManagerMessage.write, m);
  },
  read(r, end) {
    const m = ManagerMessage.create() as Mutable<ManagerMessage>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.body = { kind: 'session', session: SessionInfo.read(r, r.uint32() + r.pos) };
          break;
        case 2:
          m.body = { kind: 'assignments', assignments: Assignments.read(r, r.uint32() + r.pos) };
          break;
        case 3:
          m.body = { kind: 'statusesAccepted', statusesAccepted: StatusesAccepted.read(r, r.uint32() + r.pos) };
          break;
        case 4:
          m.body = { kind: 'work', work: WorkRequest.read(r, r.uint32() + r.pos) };
          break;
        case 5:
          m.body = { kind: 'cancelWork', cancelWork: r.string() };
          break;
        case 6:
          m.body = { kind: 'heartbeat', heartbeat: Heartbeat.read(r, r.uint32() + r.pos) };
          break;
        case 7:
          m.body = { kind: 'networks', networks: NetworkChanges.read(r, r.uint32() + r.pos) };
          break;
        case 8:
          m.body = { kind: 'end', end: SessionEnd.read(r, r.uint32() + r.pos) };
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ManagerMessage;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ManagerMessage.read(r, r.len);
  },
};

export interface SessionEnd {
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, string>>;
}
export const SessionEnd: MessageCodec<SessionEnd> = {
  typeName: 'tessera.v1.SessionEnd',
  fields: [
    { name: 'code', number: 1, type: 'string', shape: 'one' },
    { name: 'message', number: 2, type: 'string', shape: 'one' },
    { name: 'details', number: 3, type: 'string', shape: 'map' },
  ],
  create(init) {
    return { code: '', message: '', details: {}, ...init };
  },
  write(m, w) {
    if (m.code !== '') w.uint32(10).string(m.code);
    if (m.message !== '') w.uint32(18).string(m.message);
    for (const [k, v] of Object.entries(m.details)) {
      const e = w.uint32(26).fork();
      e.uint32(10).string(k);
      e.uint32(18).string(v);
      e.ldelim();
    }
    return w;
  },
  encode(m) {
    return encoded(SessionEnd.write, m);
  },
  read(r, end) {
    const m = SessionEnd.create() as Mutable<SessionEnd>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.code = r.string();
          break;
        case 2:
          m.message = r.string();
          break;
        case 3:
          readMapEntry(r, m.details, '', () => r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as SessionEnd;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return SessionEnd.read(r, r.len);
  },
};

export interface SessionInfo {
  readonly sessionId: string;
  readonly node?: Node | undefined;
  readonly heartbeatPeriodMs: number;
  readonly managerAddresses: readonly string[];
  readonly rootCertificatePem: Uint8Array;
}
export const SessionInfo: MessageCodec<SessionInfo> = {
  typeName: 'tessera.v1.SessionInfo',
  fields: [
    { name: 'sessionId', number: 1, type: 'string', shape: 'one' },
    { name: 'node', number: 2, type: 'object', shape: 'one', message: (): MessageCodec<never> => Node as MessageCodec<never> },
    { name: 'heartbeatPeriodMs', number: 3, type: 'uint32', shape: 'one' },
    { name: 'managerAddresses', number: 4, type: 'string', shape: 'list' },
    { name: 'rootCertificatePem', number: 5, type: 'bytes', shape: 'one' },
  ],
  create(init) {
    return { sessionId: '', heartbeatPeriodMs: 0, managerAddresses: [], rootCertificatePem: empty, ...init };
  },
  write(m, w) {
    if (m.sessionId !== '') w.uint32(10).string(m.sessionId);
    if (m.node !== undefined) Node.write(m.node, w.uint32(18).fork()).ldelim();
    if (m.heartbeatPeriodMs !== 0) w.uint32(24).uint32(m.heartbeatPeriodMs);
    for (const v of m.managerAddresses) w.uint32(34).string(v);
    if (m.rootCertificatePem.length > 0) w.uint32(42).bytes(m.rootCertificatePem);
    return w;
  },
  encode(m) {
    return encoded(SessionInfo.write, m);
  },
  read(r, end) {
    const m = SessionInfo.create() as Mutable<SessionInfo>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.sessionId = r.string();
          break;
        case 2:
          m.node = Node.read(r, r.uint32() + r.pos);
          break;
        case 3:
          m.heartbeatPeriodMs = r.uint32();
          break;
        case 4:
          m.managerAddresses.push(r.string());
          break;
        case 5:
          m.rootCertificatePem = r.bytes();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as SessionInfo;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return SessionInfo.read(r, r.len);
  },
};

export interface Assignments {
  readonly sequence: number;
  readonly isFull: boolean;
  readonly tasks: readonly Task[];
  readonly removedTaskIds: readonly string[];
  readonly isContinued: boolean;
}
export const Assignments: MessageCodec<Assignments> = {
  typeName: 'tessera.v1.Assignments',
  fields: [
    { name: 'sequence', number: 1, type: 'uint64', shape: 'one' },
    { name: 'isFull', number: 2, type: 'bool', shape: 'one' },
    { name: 'tasks', number: 3, type: 'object', shape: 'list', message: (): MessageCodec<never> => Task as MessageCodec<never> },
    { name: 'removedTaskIds', number: 4, type: 'string', shape: 'list' },
    { name: 'isContinued', number: 5, type: 'bool', shape: 'one' },
  ],
  create(init) {
    return { sequence: 0, isFull: false, tasks: [], removedTaskIds: [], isContinued: false, ...init };
  },
  write(m, w) {
    if (m.sequence !== 0) w.uint32(8).uint64(safe(m.sequence, 'sequence'));
    if (m.isFull !== false) w.uint32(16).bool(m.isFull);
    for (const v of m.tasks) Task.write(v, w.uint32(26).fork()).ldelim();
    for (const v of m.removedTaskIds) w.uint32(34).string(v);
    if (m.isContinued !== false) w.uint32(40).bool(m.isContinued);
    return w;
  },
  encode(m) {
    return encoded(Assignments.write, m);
  },
  read(r, end) {
    const m = Assignments.create() as Mutable<Assignments>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.sequence = toSafe(r.uint64(), 'sequence');
          break;
        case 2:
          m.isFull = r.bool();
          break;
        case 3:
          m.tasks.push(Task.read(r, r.uint32() + r.pos));
          break;
        case 4:
          m.removedTaskIds.push(r.string());
          break;
        case 5:
          m.isContinued = r.bool();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Assignments;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Assignments.read(r, r.len);
  },
};

export interface StatusesAccepted {
  readonly sequence: number;
}
export const StatusesAccepted: MessageCodec<StatusesAccepted> = {
  typeName: 'tessera.v1.StatusesAccepted',
  fields: [
    { name: 'sequence', number: 1, type: 'uint64', shape: 'one' },
  ],
  create(init) {
    return { sequence: 0, ...init };
  },
  write(m, w) {
    if (m.sequence !== 0) w.uint32(8).uint64(safe(m.sequence, 'sequence'));
    return w;
  },
  encode(m) {
    return encoded(StatusesAccepted.write, m);
  },
  read(r, end) {
    const m = StatusesAccepted.create() as Mutable<StatusesAccepted>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.sequence = toSafe(r.uint64(), 'sequence');
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as StatusesAccepted;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return StatusesAccepted.read(r, r.len);
  },
};

export interface NetworkChanges {
  readonly sequence: number;
  readonly isFull: boolean;
  readonly isContinued: boolean;
  readonly networks: readonly Network[];
  readonly removedNetworkIds: readonly string[];
  readonly hosts: readonly NetworkHost[];
  readonly removedHosts: readonly string[];
  readonly endpoints: readonly Endpoint[];
  readonly removedEndpoints: readonly string[];
  readonly services: readonly NetworkService[];
  readonly removedServices: readonly string[];
}
export const NetworkChanges: MessageCodec<NetworkChanges> = {
  typeName: 'tessera.v1.NetworkChanges',
  fields: [
    { name: 'sequence', number: 1, type: 'uint64', shape: 'one' },
    { name: 'isFull', number: 2, type: 'bool', shape: 'one' },
    { name: 'isContinued', number: 3, type: 'bool', shape: 'one' },
    { name: 'networks', number: 4, type: 'object', shape: 'list', message: (): MessageCodec<never> => Network as MessageCodec<never> },
    { name: 'removedNetworkIds', number: 5, type: 'string', shape: 'list' },
    { name: 'hosts', number: 6, type: 'object', shape: 'list', message: (): MessageCodec<never> => NetworkHost as MessageCodec<never> },
    { name: 'removedHosts', number: 7, type: 'string', shape: 'list' },
    { name: 'endpoints', number: 8, type: 'object', shape: 'list', message: (): MessageCodec<never> => Endpoint as MessageCodec<never> },
    { name: 'removedEndpoints', number: 9, type: 'string', shape: 'list' },
    { name: 'services', number: 10, type: 'object', shape: 'list', message: (): MessageCodec<never> => NetworkService as MessageCodec<never> },
    { name: 'removedServices', number: 11, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { sequence: 0, isFull: false, isContinued: false, networks: [], removedNetworkIds: [], hosts: [], removedHosts: [], endpoints: [], removedEndpoints: [], services: [], removedServices: [], ...init };
  },
  write(m, w) {
    if (m.sequence !== 0) w.uint32(8).uint64(safe(m.sequence, 'sequence'));
    if (m.isFull !== false) w.uint32(16).bool(m.isFull);
    if (m.isContinued !== false) w.uint32(24).bool(m.isContinued);
    for (const v of m.networks) Network.write(v, w.uint32(34).fork()).ldelim();
    for (const v of m.removedNetworkIds) w.uint32(42).string(v);
    for (const v of m.hosts) NetworkHost.write(v, w.uint32(50).fork()).ldelim();
    for (const v of m.removedHosts) w.uint32(58).string(v);
    for (const v of m.endpoints) Endpoint.write(v, w.uint32(66).fork()).ldelim();
    for (const v of m.removedEndpoints) w.uint32(74).string(v);
    for (const v of m.services) NetworkService.write(v, w.uint32(82).fork()).ldelim();
    for (const v of m.removedServices) w.uint32(90).string(v);
    return w;
  },
  encode(m) {
    return encoded(NetworkChanges.write, m);
  },
  read(r, end) {
    const m = NetworkChanges.create() as Mutable<NetworkChanges>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.sequence = toSafe(r.uint64(), 'sequence');
          break;
        case 2:
          m.isFull = r.bool();
          break;
        case 3:
          m.isContinued = r.bool();
          break;
        case 4:
          m.networks.push(Network.read(r, r.uint32() + r.pos));
          break;
        case 5:
          m.removedNetworkIds.push(r.string());
          break;
        case 6:
          m.hosts.push(NetworkHost.read(r, r.uint32() + r.pos));
          break;
        case 7:
          m.removedHosts.push(r.string());
          break;
        case 8:
          m.endpoints.push(Endpoint.read(r, r.uint32() + r.pos));
          break;
        case 9:
          m.removedEndpoints.push(r.string());
          break;
        case 10:
          m.services.push(NetworkService.read(r, r.uint32() + r.pos));
          break;
        case 11:
          m.removedServices.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as NetworkChanges;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return NetworkChanges.read(r, r.len);
  },
};

export interface NetworksApplied {
  readonly sequence: number;
}
export const NetworksApplied: MessageCodec<NetworksApplied> = {
  typeName: 'tessera.v1.NetworksApplied',
  fields: [
    { name: 'sequence', number: 1, type: 'uint64', shape: 'one' },
  ],
  create(init) {
    return { sequence: 0, ...init };
  },
  write(m, w) {
    if (m.sequence !== 0) w.uint32(8).uint64(safe(m.sequence, 'sequence'));
    return w;
  },
  encode(m) {
    return encoded(NetworksApplied.write, m);
  },
  read(r, end) {
    const m = NetworksApplied.create() as Mutable<NetworksApplied>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.sequence = toSafe(r.uint64(), 'sequence');
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as NetworksApplied;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return NetworksApplied.read(r, r.len);
  },
};

export interface NetworkHost {
  readonly networkId: string;
  readonly nodeId: string;
  readonly dataPathAddress: string;
  readonly addresses?: HostAddresses | undefined;
  readonly dataPathPort: number;
  readonly tunnelKeys: readonly TunnelKey[];
}
export const NetworkHost: MessageCodec<NetworkHost> = {
  typeName: 'tessera.v1.NetworkHost',
  fields: [
    { name: 'networkId', number: 1, type: 'string', shape: 'one' },
    { name: 'nodeId', number: 2, type: 'string', shape: 'one' },
    { name: 'dataPathAddress', number: 3, type: 'string', shape: 'one' },
    { name: 'addresses', number: 4, type: 'object', shape: 'one', message: (): MessageCodec<never> => HostAddresses as MessageCodec<never> },
    { name: 'dataPathPort', number: 5, type: 'uint32', shape: 'one' },
    { name: 'tunnelKeys', number: 6, type: 'object', shape: 'list', message: (): MessageCodec<never> => TunnelKey as MessageCodec<never> },
  ],
  create(init) {
    return { networkId: '', nodeId: '', dataPathAddress: '', dataPathPort: 0, tunnelKeys: [], ...init };
  },
  write(m, w) {
    if (m.networkId !== '') w.uint32(10).string(m.networkId);
    if (m.nodeId !== '') w.uint32(18).string(m.nodeId);
    if (m.dataPathAddress !== '') w.uint32(26).string(m.dataPathAddress);
    if (m.addresses !== undefined) HostAddresses.write(m.addresses, w.uint32(34).fork()).ldelim();
    if (m.dataPathPort !== 0) w.uint32(40).uint32(m.dataPathPort);
    for (const v of m.tunnelKeys) TunnelKey.write(v, w.uint32(50).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(NetworkHost.write, m);
  },
  read(r, end) {
    const m = NetworkHost.create() as Mutable<NetworkHost>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.networkId = r.string();
          break;
        case 2:
          m.nodeId = r.string();
          break;
        case 3:
          m.dataPathAddress = r.string();
          break;
        case 4:
          m.addresses = HostAddresses.read(r, r.uint32() + r.pos);
          break;
        case 5:
          m.dataPathPort = r.uint32();
          break;
        case 6:
          m.tunnelKeys.push(TunnelKey.read(r, r.uint32() + r.pos));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as NetworkHost;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return NetworkHost.read(r, r.len);
  },
};

export interface Endpoint {
  readonly networkId: string;
  readonly taskId: string;
  readonly nodeId: string;
  readonly serviceId: string;
  readonly slot: number;
  readonly address: string;
  readonly addressV6: string;
  readonly isServing: boolean;
}
export const Endpoint: MessageCodec<Endpoint> = {
  typeName: 'tessera.v1.Endpoint',
  fields: [
    { name: 'networkId', number: 1, type: 'string', shape: 'one' },
    { name: 'taskId', number: 2, type: 'string', shape: 'one' },
    { name: 'nodeId', number: 3, type: 'string', shape: 'one' },
    { name: 'serviceId', number: 4, type: 'string', shape: 'one' },
    { name: 'slot', number: 5, type: 'uint32', shape: 'one' },
    { name: 'address', number: 6, type: 'string', shape: 'one' },
    { name: 'addressV6', number: 7, type: 'string', shape: 'one' },
    { name: 'isServing', number: 8, type: 'bool', shape: 'one' },
  ],
  create(init) {
    return { networkId: '', taskId: '', nodeId: '', serviceId: '', slot: 0, address: '', addressV6: '', isServing: false, ...init };
  },
  write(m, w) {
    if (m.networkId !== '') w.uint32(10).string(m.networkId);
    if (m.taskId !== '') w.uint32(18).string(m.taskId);
    if (m.nodeId !== '') w.uint32(26).string(m.nodeId);
    if (m.serviceId !== '') w.uint32(34).string(m.serviceId);
    if (m.slot !== 0) w.uint32(40).uint32(m.slot);
    if (m.address !== '') w.uint32(50).string(m.address);
    if (m.addressV6 !== '') w.uint32(58).string(m.addressV6);
    if (m.isServing !== false) w.uint32(64).bool(m.isServing);
    return w;
  },
  encode(m) {
    return encoded(Endpoint.write, m);
  },
  read(r, end) {
    const m = Endpoint.create() as Mutable<Endpoint>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.networkId = r.string();
          break;
        case 2:
          m.taskId = r.string();
          break;
        case 3:
          m.nodeId = r.string();
          break;
        case 4:
          m.serviceId = r.string();
          break;
        case 5:
          m.slot = r.uint32();
          break;
        case 6:
          m.address = r.string();
          break;
        case 7:
          m.addressV6 = r.string();
          break;
        case 8:
          m.isServing = r.bool();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Endpoint;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Endpoint.read(r, r.len);
  },
};

export interface NetworkService {
  readonly networkId: string;
  readonly serviceId: string;
  readonly name: string;
  readonly mode: EndpointMode;
  readonly address: string;
  readonly addressV6: string;
  readonly aliases: readonly string[];
  readonly ports: readonly PortConfig[];
  readonly sessionAffinitySeconds: number;
  readonly allowFromIds: readonly string[];
}
export const NetworkService: MessageCodec<NetworkService> = {
  typeName: 'tessera.v1.NetworkService',
  fields: [
    { name: 'networkId', number: 1, type: 'string', shape: 'one' },
    { name: 'serviceId', number: 2, type: 'string', shape: 'one' },
    { name: 'name', number: 3, type: 'string', shape: 'one' },
    { name: 'mode', number: 4, type: 'object', shape: 'one', names: EndpointModeNames },
    { name: 'address', number: 5, type: 'string', shape: 'one' },
    { name: 'addressV6', number: 6, type: 'string', shape: 'one' },
    { name: 'aliases', number: 7, type: 'string', shape: 'list' },
    { name: 'ports', number: 8, type: 'object', shape: 'list', message: (): MessageCodec<never> => PortConfig as MessageCodec<never> },
    { name: 'sessionAffinitySeconds', number: 9, type: 'uint32', shape: 'one' },
    { name: 'allowFromIds', number: 10, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { networkId: '', serviceId: '', name: '', mode: 0, address: '', addressV6: '', aliases: [], ports: [], sessionAffinitySeconds: 0, allowFromIds: [], ...init };
  },
  write(m, w) {
    if (m.networkId !== '') w.uint32(10).string(m.networkId);
    if (m.serviceId !== '') w.uint32(18).string(m.serviceId);
    if (m.name !== '') w.uint32(26).string(m.name);
    if (m.mode !== 0) w.uint32(32).int32(m.mode);
    if (m.address !== '') w.uint32(42).string(m.address);
    if (m.addressV6 !== '') w.uint32(50).string(m.addressV6);
    for (const v of m.aliases) w.uint32(58).string(v);
    for (const v of m.ports) PortConfig.write(v, w.uint32(66).fork()).ldelim();
    if (m.sessionAffinitySeconds !== 0) w.uint32(72).uint32(m.sessionAffinitySeconds);
    for (const v of m.allowFromIds) w.uint32(82).string(v);
    return w;
  },
  encode(m) {
    return encoded(NetworkService.write, m);
  },
  read(r, end) {
    const m = NetworkService.create() as Mutable<NetworkService>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.networkId = r.string();
          break;
        case 2:
          m.serviceId = r.string();
          break;
        case 3:
          m.name = r.string();
          break;
        case 4:
          m.mode = r.int32() as EndpointMode;
          break;
        case 5:
          m.address = r.string();
          break;
        case 6:
          m.addressV6 = r.string();
          break;
        case 7:
          m.aliases.push(r.string());
          break;
        case 8:
          m.ports.push(PortConfig.read(r, r.uint32() + r.pos));
          break;
        case 9:
          m.sessionAffinitySeconds = r.uint32();
          break;
        case 10:
          m.allowFromIds.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as NetworkService;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return NetworkService.read(r, r.len);
  },
};

export interface WorkRequest {
  readonly id: string;
  readonly kind?:
    | { readonly kind: 'logs'; readonly logs: WorkLogs }
    | { readonly kind: 'loadImage'; readonly loadImage: WorkLoadImage }
    | { readonly kind: 'pullImage'; readonly pullImage: WorkPullImage }
    | { readonly kind: 'listImages'; readonly listImages: WorkListImages }
    | { readonly kind: 'removeImage'; readonly removeImage: WorkRemoveImage }
    | { readonly kind: 'diagnoseNetworks'; readonly diagnoseNetworks: WorkDiagnoseNetworks }
    | undefined;
}
export const WorkRequest: MessageCodec<WorkRequest> = {
  typeName: 'tessera.v1.WorkRequest',
  fields: [
    { name: 'id', number: 1, type: 'string', shape: 'one' },
    { name: 'logs', number: 2, type: 'object', shape: 'one', oneof: 'kind', message: (): MessageCodec<never> => WorkLogs as MessageCodec<never> },
    { name: 'loadImage', number: 3, type: 'object', shape: 'one', oneof: 'kind', message: (): MessageCodec<never> => WorkLoadImage as MessageCodec<never> },
    { name: 'pullImage', number: 4, type: 'object', shape: 'one', oneof: 'kind', message: (): MessageCodec<never> => WorkPullImage as MessageCodec<never> },
    { name: 'listImages', number: 5, type: 'object', shape: 'one', oneof: 'kind', message: (): MessageCodec<never> => WorkListImages as MessageCodec<never> },
    { name: 'removeImage', number: 6, type: 'object', shape: 'one', oneof: 'kind', message: (): MessageCodec<never> => WorkRemoveImage as MessageCodec<never> },
    { name: 'diagnoseNetworks', number: 7, type: 'object', shape: 'one', oneof: 'kind', message: (): MessageCodec<never> => WorkDiagnoseNetworks as MessageCodec<never> },
  ],
  create(init) {
    return { id: '', ...init };
  },
  write(m, w) {
    if (m.id !== '') w.uint32(10).string(m.id);
    switch (m.kind?.kind) {
      case 'logs':
        WorkLogs.write(m.kind.logs, w.uint32(18).fork()).ldelim();
        break;
      case 'loadImage':
        WorkLoadImage.write(m.kind.loadImage, w.uint32(26).fork()).ldelim();
        break;
      case 'pullImage':
        WorkPullImage.write(m.kind.pullImage, w.uint32(34).fork()).ldelim();
        break;
      case 'listImages':
        WorkListImages.write(m.kind.listImages, w.uint32(42).fork()).ldelim();
        break;
      case 'removeImage':
        WorkRemoveImage.write(m.kind.removeImage, w.uint32(50).fork()).ldelim();
        break;
      case 'diagnoseNetworks':
        WorkDiagnoseNetworks.write(m.kind.diagnoseNetworks, w.uint32(58).fork()).ldelim();
        break;
    }
    return w;
  },
  encode(m) {
    return encoded(WorkRequest.write, m);
  },
  read(r, end) {
    const m = WorkRequest.create() as Mutable<WorkRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.id = r.string();
          break;
        case 2:
          m.kind = { kind: 'logs', logs: WorkLogs.read(r, r.uint32() + r.pos) };
          break;
        case 3:
          m.kind = { kind: 'loadImage', loadImage: WorkLoadImage.read(r, r.uint32() + r.pos) };
          break;
        case 4:
          m.kind = { kind: 'pullImage', pullImage: WorkPullImage.read(r, r.uint32() + r.pos) };
          break;
        case 5:
          m.kind = { kind: 'listImages', listImages: WorkListImages.read(r, r.uint32() + r.pos) };
          break;
        case 6:
          m.kind = { kind: 'removeImage', removeImage: WorkRemoveImage.read(r, r.uint32() + r.pos) };
          break;
        case 7:
          m.kind = { kind: 'diagnoseNetworks', diagnoseNetworks: WorkDiagnoseNetworks.read(r, r.uint32() + r.pos) };
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as WorkRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return WorkRequest.read(r, r.len);
  },
};

export interface WorkLogs {
  readonly taskIds: readonly string[];
  readonly options?: LogOptions | undefined;
}
export const WorkLogs: MessageCodec<WorkLogs> = {
  typeName: 'tessera.v1.WorkLogs',
  fields: [
    { name: 'taskIds', number: 1, type: 'string', shape: 'list' },
    { name: 'options', number: 2, type: 'object', shape: 'one', message: (): MessageCodec<never> => LogOptions as MessageCodec<never> },
  ],
  create(init) {
    return { taskIds: [], ...init };
  },
  write(m, w) {
    for (const v of m.taskIds) w.uint32(10).string(v);
    if (m.options !== undefined) LogOptions.write(m.options, w.uint32(18).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(WorkLogs.write, m);
  },
  read(r, end) {
    const m = WorkLogs.create() as Mutable<WorkLogs>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.taskIds.push(r.string());
          break;
        case 2:
          m.options = LogOptions.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as WorkLogs;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return WorkLogs.read(r, r.len);
  },
};

export interface WorkLoadImage {
  readonly name: string;
}
export const WorkLoadImage: MessageCodec<WorkLoadImage> = {
  typeName: 'tessera.v1.WorkLoadImage',
  fields: [
    { name: 'name', number: 1, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { name: '', ...init };
  },
  write(m, w) {
    if (m.name !== '') w.uint32(10).string(m.name);
    return w;
  },
  encode(m) {
    return encoded(WorkLoadImage.write, m);
  },
  read(r, end) {
    const m = WorkLoadImage.create() as Mutable<WorkLoadImage>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.name = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as WorkLoadImage;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return WorkLoadImage.read(r, r.len);
  },
};

export interface WorkPullImage {
  readonly image: string;
  readonly auth?: RegistryAuth | undefined;
}
export const WorkPullImage: MessageCodec<WorkPullImage> = {
  typeName: 'tessera.v1.WorkPullImage',
  fields: [
    { name: 'image', number: 1, type: 'string', shape: 'one' },
    { name: 'auth', number: 2, type: 'object', shape: 'one', message: (): MessageCodec<never> => RegistryAuth as MessageCodec<never> },
  ],
  create(init) {
    return { image: '', ...init };
  },
  write(m, w) {
    if (m.image !== '') w.uint32(10).string(m.image);
    if (m.auth !== undefined) RegistryAuth.write(m.auth, w.uint32(18).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(WorkPullImage.write, m);
  },
  read(r, end) {
    const m = WorkPullImage.create() as Mutable<WorkPullImage>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.image = r.string();
          break;
        case 2:
          m.auth = RegistryAuth.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as WorkPullImage;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return WorkPullImage.read(r, r.len);
  },
};

export interface WorkListImages {
}
export const WorkListImages: MessageCodec<WorkListImages> = {
  typeName: 'tessera.v1.WorkListImages',
  fields: [
  ],
  create(init) {
    return { ...init };
  },
  write(_m, w) {
    return w;
  },
  encode(m) {
    return encoded(WorkListImages.write, m);
  },
  read(r, end) {
    const m = WorkListImages.create() as Mutable<WorkListImages>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        default:
          r.skipType(tag & 7);
      }
    }
    return m as WorkListImages;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return WorkListImages.read(r, r.len);
  },
};

export interface WorkRemoveImage {
  readonly image: string;
  readonly force: boolean;
}
export const WorkRemoveImage: MessageCodec<WorkRemoveImage> = {
  typeName: 'tessera.v1.WorkRemoveImage',
  fields: [
    { name: 'image', number: 1, type: 'string', shape: 'one' },
    { name: 'force', number: 2, type: 'bool', shape: 'one' },
  ],
  create(init) {
    return { image: '', force: false, ...init };
  },
  write(m, w) {
    if (m.image !== '') w.uint32(10).string(m.image);
    if (m.force !== false) w.uint32(16).bool(m.force);
    return w;
  },
  encode(m) {
    return encoded(WorkRemoveImage.write, m);
  },
  read(r, end) {
    const m = WorkRemoveImage.create() as Mutable<WorkRemoveImage>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.image = r.string();
          break;
        case 2:
          m.force = r.bool();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as WorkRemoveImage;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return WorkRemoveImage.read(r, r.len);
  },
};

export interface WorkDiagnoseNetworks {
  readonly networkIds: readonly string[];
  readonly absent: readonly string[];
}
export const WorkDiagnoseNetworks: MessageCodec<WorkDiagnoseNetworks> = {
  typeName: 'tessera.v1.WorkDiagnoseNetworks',
  fields: [
    { name: 'networkIds', number: 1, type: 'string', shape: 'list' },
    { name: 'absent', number: 2, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { networkIds: [], absent: [], ...init };
  },
  write(m, w) {
    for (const v of m.networkIds) w.uint32(10).string(v);
    for (const v of m.absent) w.uint32(18).string(v);
    return w;
  },
  encode(m) {
    return encoded(WorkDiagnoseNetworks.write, m);
  },
  read(r, end) {
    const m = WorkDiagnoseNetworks.create() as Mutable<WorkDiagnoseNetworks>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.networkIds.push(r.string());
          break;
        case 2:
          m.absent.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as WorkDiagnoseNetworks;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return WorkDiagnoseNetworks.read(r, r.len);
  },
};

export interface WorkUp {
  readonly body?:
    | { readonly kind: 'id'; readonly id: string }
    | { readonly kind: 'log'; readonly log: LogChunk }
    | { readonly kind: 'imageProgress'; readonly imageProgress: ImageProgress }
    | { readonly kind: 'images'; readonly images: NodeImages }
    | { readonly kind: 'done'; readonly done: WorkDone }
    | { readonly kind: 'networkReport'; readonly networkReport: NetworkReport }
    | undefined;
}
export const WorkUp: MessageCodec<WorkUp> = {
  typeName: 'tessera.v1.WorkUp',
  fields: [
    { name: 'id', number: 1, type: 'string', shape: 'one', oneof: 'body' },
    { name: 'log', number: 2, type: 'object', shape: 'one', oneof: 'body', message: (): MessageCodec<never> => LogChunk as MessageCodec<never> },
    { name: 'imageProgress', number: 3, type: 'object', shape: 'one', oneof: 'body', message: (): MessageCodec<never> => ImageProgress as MessageCodec<never> },
    { name: 'images', number: 4, type: 'object', shape: 'one', oneof: 'body', message: (): MessageCodec<never> => NodeImages as MessageCodec<never> },
    { name: 'done', number: 5, type: 'object', shape: 'one', oneof: 'body', message: (): MessageCodec<never> => WorkDone as MessageCodec<never> },
    { name: 'networkReport', number: 6, type: 'object', shape: 'one', oneof: 'body', message: (): MessageCodec<never> => NetworkReport as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    switch (m.body?.kind) {
      case 'id':
        w.uint32(10).string(m.body.id);
        break;
      case 'log':
        LogChunk.write(m.body.log, w.uint32(18).fork()).ldelim();
        break;
      case 'imageProgress':
        ImageProgress.write(m.body.imageProgress, w.uint32(26).fork()).ldelim();
        break;
      case 'images':
        NodeImages.write(m.body.images, w.uint32(34).fork()).ldelim();
        break;
      case 'done':
        WorkDone.write(m.body.done, w.uint32(42).fork()).ldelim();
        break;
      case 'networkReport':
        NetworkReport.write(m.body.networkReport, w.uint32(50).fork()).ldelim();
        break;
    }
    return w;
  },
  encode(m) {
    return encoded(WorkUp.write, m);
  },
  read(r, end) {
    const m = WorkUp.create() as Mutable<WorkUp>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.body = { kind: 'id', id: r.string() };
          break;
        case 2:
          m.body = { kind: 'log', log: LogChunk.read(r, r.uint32() + r.pos) };
          break;
        case 3:
          m.body = { kind: 'imageProgress', imageProgress: ImageProgress.read(r, r.uint32() + r.pos) };
          break;
        case 4:
          m.body = { kind: 'images', images: NodeImages.read(r, r.uint32() + r.pos) };
          break;
        case 5:
          m.body = { kind: 'done', done: WorkDone.read(r, r.uint32() + r.pos) };
          break;
        case 6:
          m.body = { kind: 'networkReport', networkReport: NetworkReport.read(r, r.uint32() + r.pos) };
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as WorkUp;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return WorkUp.read(r, r.len);
  },
};

export interface WorkDone {
  readonly errorCode: string;
  readonly error: string;
}
export const WorkDone: MessageCodec<WorkDone> = {
  typeName: 'tessera.v1.WorkDone',
  fields: [
    { name: 'errorCode', number: 1, type: 'string', shape: 'one' },
    { name: 'error', number: 2, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { errorCode: '', error: '', ...init };
  },
  write(m, w) {
    if (m.errorCode !== '') w.uint32(10).string(m.errorCode);
    if (m.error !== '') w.uint32(18).string(m.error);
    return w;
  },
  encode(m) {
    return encoded(WorkDone.write, m);
  },
  read(r, end) {
    const m = WorkDone.create() as Mutable<WorkDone>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.errorCode = r.string();
          break;
        case 2:
          m.error = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as WorkDone;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return WorkDone.read(r, r.len);
  },
};

export interface WorkDown {
  readonly body?:
    | { readonly kind: 'chunk'; readonly chunk: Uint8Array }
    | { readonly kind: 'end'; readonly end: boolean }
    | undefined;
}
export const WorkDown: MessageCodec<WorkDown> = {
  typeName: 'tessera.v1.WorkDown',
  fields: [
    { name: 'chunk', number: 1, type: 'bytes', shape: 'one', oneof: 'body' },
    { name: 'end', number: 2, type: 'bool', shape: 'one', oneof: 'body' },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    switch (m.body?.kind) {
      case 'chunk':
        w.uint32(10).bytes(m.body.chunk);
        break;
      case 'end':
        w.uint32(16).bool(m.body.end);
        break;
    }
    return w;
  },
  encode(m) {
    return encoded(WorkDown.write, m);
  },
  read(r, end) {
    const m = WorkDown.create() as Mutable<WorkDown>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.body = { kind: 'chunk', chunk: r.bytes() };
          break;
        case 2:
          m.body = { kind: 'end', end: r.bool() };
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as WorkDown;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return WorkDown.read(r, r.len);
  },
};

export interface InfoRequest {
}
export const InfoRequest: MessageCodec<InfoRequest> = {
  typeName: 'tessera.v1.InfoRequest',
  fields: [
  ],
  create(init) {
    return { ...init };
  },
  write(_m, w) {
    return w;
  },
  encode(m) {
    return encoded(InfoRequest.write, m);
  },
  read(r, end) {
    const m = InfoRequest.create() as Mutable<InfoRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        default:
          r.skipType(tag & 7);
      }
    }
    return m as InfoRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return InfoRequest.read(r, r.len);
  },
};

export interface InfoResponse {
  readonly state: LocalState;
  readonly error: string;
  readonly nodeId: string;
  readonly clusterId: string;
  readonly role: NodeRole;
  readonly address: string;
  readonly isLeader: boolean;
  readonly leaderId: string;
  readonly managerAddresses: readonly string[];
  readonly tesseraVersion: string;
  readonly pid: number;
}
export const InfoResponse: MessageCodec<InfoResponse> = {
  typeName: 'tessera.v1.InfoResponse',
  fields: [
    { name: 'state', number: 1, type: 'object', shape: 'one', names: LocalStateNames },
    { name: 'error', number: 2, type: 'string', shape: 'one' },
    { name: 'nodeId', number: 3, type: 'string', shape: 'one' },
    { name: 'clusterId', number: 4, type: 'string', shape: 'one' },
    { name: 'role', number: 5, type: 'object', shape: 'one', names: NodeRoleNames },
    { name: 'address', number: 6, type: 'string', shape: 'one' },
    { name: 'isLeader', number: 7, type: 'bool', shape: 'one' },
    { name: 'leaderId', number: 8, type: 'string', shape: 'one' },
    { name: 'managerAddresses', number: 9, type: 'string', shape: 'list' },
    { name: 'tesseraVersion', number: 10, type: 'string', shape: 'one' },
    { name: 'pid', number: 11, type: 'uint32', shape: 'one' },
  ],
  create(init) {
    return { state: 0, error: '', nodeId: '', clusterId: '', role: 0, address: '', isLeader: false, leaderId: '', managerAddresses: [], tesseraVersion: '', pid: 0, ...init };
  },
  write(m, w) {
    if (m.state !== 0) w.uint32(8).int32(m.state);
    if (m.error !== '') w.uint32(18).string(m.error);
    if (m.nodeId !== '') w.uint32(26).string(m.nodeId);
    if (m.clusterId !== '') w.uint32(34).string(m.clusterId);
    if (m.role !== 0) w.uint32(40).int32(m.role);
    if (m.address !== '') w.uint32(50).string(m.address);
    if (m.isLeader !== false) w.uint32(56).bool(m.isLeader);
    if (m.leaderId !== '') w.uint32(66).string(m.leaderId);
    for (const v of m.managerAddresses) w.uint32(74).string(v);
    if (m.tesseraVersion !== '') w.uint32(82).string(m.tesseraVersion);
    if (m.pid !== 0) w.uint32(88).uint32(m.pid);
    return w;
  },
  encode(m) {
    return encoded(InfoResponse.write, m);
  },
  read(r, end) {
    const m = InfoResponse.create() as Mutable<InfoResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.state = r.int32() as LocalState;
          break;
        case 2:
          m.error = r.string();
          break;
        case 3:
          m.nodeId = r.string();
          break;
        case 4:
          m.clusterId = r.string();
          break;
        case 5:
          m.role = r.int32() as NodeRole;
          break;
        case 6:
          m.address = r.string();
          break;
        case 7:
          m.isLeader = r.bool();
          break;
        case 8:
          m.leaderId = r.string();
          break;
        case 9:
          m.managerAddresses.push(r.string());
          break;
        case 10:
          m.tesseraVersion = r.string();
          break;
        case 11:
          m.pid = r.uint32();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as InfoResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return InfoResponse.read(r, r.len);
  },
};

export interface InitRequest {
  readonly advertiseAddress: string;
  readonly listenAddress: string;
  readonly availability: Availability;
  readonly spec?: ClusterSpec | undefined;
  readonly nodeLabels: Readonly<Record<string, string>>;
  readonly restorePath: string;
  readonly restoreUnlockKey: string;
  readonly forceNewCluster: boolean;
  readonly force: boolean;
  readonly dataPathAddress: string;
}
export const InitRequest: MessageCodec<InitRequest> = {
  typeName: 'tessera.v1.InitRequest',
  fields: [
    { name: 'advertiseAddress', number: 1, type: 'string', shape: 'one' },
    { name: 'listenAddress', number: 2, type: 'string', shape: 'one' },
    { name: 'availability', number: 3, type: 'object', shape: 'one', names: AvailabilityNames },
    { name: 'spec', number: 4, type: 'object', shape: 'one', message: (): MessageCodec<never> => ClusterSpec as MessageCodec<never> },
    { name: 'nodeLabels', number: 5, type: 'string', shape: 'map' },
    { name: 'restorePath', number: 6, type: 'string', shape: 'one' },
    { name: 'restoreUnlockKey', number: 10, type: 'string', shape: 'one' },
    { name: 'forceNewCluster', number: 7, type: 'bool', shape: 'one' },
    { name: 'force', number: 8, type: 'bool', shape: 'one' },
    { name: 'dataPathAddress', number: 11, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { advertiseAddress: '', listenAddress: '', availability: 0, nodeLabels: {}, restorePath: '', restoreUnlockKey: '', forceNewCluster: false, force: false, dataPathAddress: '', ...init };
  },
  write(m, w) {
    if (m.advertiseAddress !== '') w.uint32(10).string(m.advertiseAddress);
    if (m.listenAddress !== '') w.uint32(18).string(m.listenAddress);
    if (m.availability !== 0) w.uint32(24).int32(m.availability);
    if (m.spec !== undefined) ClusterSpec.write(m.spec, w.uint32(34).fork()).ldelim();
    for (const [k, v] of Object.entries(m.nodeLabels)) {
      const e = w.uint32(42).fork();
      e.uint32(10).string(k);
      e.uint32(18).string(v);
      e.ldelim();
    }
    if (m.restorePath !== '') w.uint32(50).string(m.restorePath);
    if (m.restoreUnlockKey !== '') w.uint32(82).string(m.restoreUnlockKey);
    if (m.forceNewCluster !== false) w.uint32(56).bool(m.forceNewCluster);
    if (m.force !== false) w.uint32(64).bool(m.force);
    if (m.dataPathAddress !== '') w.uint32(90).string(m.dataPathAddress);
    return w;
  },
  encode(m) {
    return encoded(InitRequest.write, m);
  },
  read(r, end) {
    const m = InitRequest.create() as Mutable<InitRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.advertiseAddress = r.string();
          break;
        case 2:
          m.listenAddress = r.string();
          break;
        case 3:
          m.availability = r.int32() as Availability;
          break;
        case 4:
          m.spec = ClusterSpec.read(r, r.uint32() + r.pos);
          break;
        case 5:
          readMapEntry(r, m.nodeLabels, '', () => r.string());
          break;
        case 6:
          m.restorePath = r.string();
          break;
        case 10:
          m.restoreUnlockKey = r.string();
          break;
        case 7:
          m.forceNewCluster = r.bool();
          break;
        case 8:
          m.force = r.bool();
          break;
        case 11:
          m.dataPathAddress = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as InitRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return InitRequest.read(r, r.len);
  },
};

export interface InitResponse {
  readonly nodeId: string;
  readonly clusterId: string;
  readonly tokens?: JoinTokens | undefined;
  readonly advertiseAddress: string;
  readonly notes: readonly string[];
  readonly unlockKey: string;
}
export const InitResponse: MessageCodec<InitResponse> = {
  typeName: 'tessera.v1.InitResponse',
  fields: [
    { name: 'nodeId', number: 1, type: 'string', shape: 'one' },
    { name: 'clusterId', number: 2, type: 'string', shape: 'one' },
    { name: 'tokens', number: 3, type: 'object', shape: 'one', message: (): MessageCodec<never> => JoinTokens as MessageCodec<never> },
    { name: 'advertiseAddress', number: 4, type: 'string', shape: 'one' },
    { name: 'notes', number: 5, type: 'string', shape: 'list' },
    { name: 'unlockKey', number: 6, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { nodeId: '', clusterId: '', advertiseAddress: '', notes: [], unlockKey: '', ...init };
  },
  write(m, w) {
    if (m.nodeId !== '') w.uint32(10).string(m.nodeId);
    if (m.clusterId !== '') w.uint32(18).string(m.clusterId);
    if (m.tokens !== undefined) JoinTokens.write(m.tokens, w.uint32(26).fork()).ldelim();
    if (m.advertiseAddress !== '') w.uint32(34).string(m.advertiseAddress);
    for (const v of m.notes) w.uint32(42).string(v);
    if (m.unlockKey !== '') w.uint32(50).string(m.unlockKey);
    return w;
  },
  encode(m) {
    return encoded(InitResponse.write, m);
  },
  read(r, end) {
    const m = InitResponse.create() as Mutable<InitResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.nodeId = r.string();
          break;
        case 2:
          m.clusterId = r.string();
          break;
        case 3:
          m.tokens = JoinTokens.read(r, r.uint32() + r.pos);
          break;
        case 4:
          m.advertiseAddress = r.string();
          break;
        case 5:
          m.notes.push(r.string());
          break;
        case 6:
          m.unlockKey = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as InitResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return InitResponse.read(r, r.len);
  },
};

export interface JoinRequest {
  readonly token: string;
  readonly remoteAddress: string;
  readonly advertiseAddress: string;
  readonly listenAddress: string;
  readonly availability: Availability;
  readonly dataPathAddress: string;
}
export const JoinRequest: MessageCodec<JoinRequest> = {
  typeName: 'tessera.v1.JoinRequest',
  fields: [
    { name: 'token', number: 1, type: 'string', shape: 'one' },
    { name: 'remoteAddress', number: 2, type: 'string', shape: 'one' },
    { name: 'advertiseAddress', number: 3, type: 'string', shape: 'one' },
    { name: 'listenAddress', number: 4, type: 'string', shape: 'one' },
    { name: 'availability', number: 5, type: 'object', shape: 'one', names: AvailabilityNames },
    { name: 'dataPathAddress', number: 6, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { token: '', remoteAddress: '', advertiseAddress: '', listenAddress: '', availability: 0, dataPathAddress: '', ...init };
  },
  write(m, w) {
    if (m.token !== '') w.uint32(10).string(m.token);
    if (m.remoteAddress !== '') w.uint32(18).string(m.remoteAddress);
    if (m.advertiseAddress !== '') w.uint32(26).string(m.advertiseAddress);
    if (m.listenAddress !== '') w.uint32(34).string(m.listenAddress);
    if (m.availability !== 0) w.uint32(40).int32(m.availability);
    if (m.dataPathAddress !== '') w.uint32(50).string(m.dataPathAddress);
    return w;
  },
  encode(m) {
    return encoded(JoinRequest.write, m);
  },
  read(r, end) {
    const m = JoinRequest.create() as Mutable<JoinRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.token = r.string();
          break;
        case 2:
          m.remoteAddress = r.string();
          break;
        case 3:
          m.advertiseAddress = r.string();
          break;
        case 4:
          m.listenAddress = r.string();
          break;
        case 5:
          m.availability = r.int32() as Availability;
          break;
        case 6:
          m.dataPathAddress = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as JoinRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return JoinRequest.read(r, r.len);
  },
};

export interface JoinResponse {
  readonly nodeId: string;
  readonly role: NodeRole;
}
export const JoinResponse: MessageCodec<JoinResponse> = {
  typeName: 'tessera.v1.JoinResponse',
  fields: [
    { name: 'nodeId', number: 1, type: 'string', shape: 'one' },
    { name: 'role', number: 2, type: 'object', shape: 'one', names: NodeRoleNames },
  ],
  create(init) {
    return { nodeId: '', role: 0, ...init };
  },
  write(m, w) {
    if (m.nodeId !== '') w.uint32(10).string(m.nodeId);
    if (m.role !== 0) w.uint32(16).int32(m.role);
    return w;
  },
  encode(m) {
    return encoded(JoinResponse.write, m);
  },
  read(r, end) {
    const m = JoinResponse.create() as Mutable<JoinResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.nodeId = r.string();
          break;
        case 2:
          m.role = r.int32() as NodeRole;
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as JoinResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return JoinResponse.read(r, r.len);
  },
};

export interface UnlockRequest {
  readonly key: string;
}
export const UnlockRequest: MessageCodec<UnlockRequest> = {
  typeName: 'tessera.v1.UnlockRequest',
  fields: [
    { name: 'key', number: 1, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { key: '', ...init };
  },
  write(m, w) {
    if (m.key !== '') w.uint32(10).string(m.key);
    return w;
  },
  encode(m) {
    return encoded(UnlockRequest.write, m);
  },
  read(r, end) {
    const m = UnlockRequest.create() as Mutable<UnlockRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.key = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as UnlockRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return UnlockRequest.read(r, r.len);
  },
};

export interface UnlockResponse {
}
export const UnlockResponse: MessageCodec<UnlockResponse> = {
  typeName: 'tessera.v1.UnlockResponse',
  fields: [
  ],
  create(init) {
    return { ...init };
  },
  write(_m, w) {
    return w;
  },
  encode(m) {
    return encoded(UnlockResponse.write, m);
  },
  read(r, end) {
    const m = UnlockResponse.create() as Mutable<UnlockResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        default:
          r.skipType(tag & 7);
      }
    }
    return m as UnlockResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return UnlockResponse.read(r, r.len);
  },
};

export interface LeaveRequest {
  readonly force: boolean;
}
export const LeaveRequest: MessageCodec<LeaveRequest> = {
  typeName: 'tessera.v1.LeaveRequest',
  fields: [
    { name: 'force', number: 1, type: 'bool', shape: 'one' },
  ],
  create(init) {
    return { force: false, ...init };
  },
  write(m, w) {
    if (m.force !== false) w.uint32(8).bool(m.force);
    return w;
  },
  encode(m) {
    return encoded(LeaveRequest.write, m);
  },
  read(r, end) {
    const m = LeaveRequest.create() as Mutable<LeaveRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.force = r.bool();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as LeaveRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return LeaveRequest.read(r, r.len);
  },
};

export interface LeaveResponse {
}
export const LeaveResponse: MessageCodec<LeaveResponse> = {
  typeName: 'tessera.v1.LeaveResponse',
  fields: [
  ],
  create(init) {
    return { ...init };
  },
  write(_m, w) {
    return w;
  },
  encode(m) {
    return encoded(LeaveResponse.write, m);
  },
  read(r, end) {
    const m = LeaveResponse.create() as Mutable<LeaveResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        default:
          r.skipType(tag & 7);
      }
    }
    return m as LeaveResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return LeaveResponse.read(r, r.len);
  },
};

export interface RejoinRequest {
}
export const RejoinRequest: MessageCodec<RejoinRequest> = {
  typeName: 'tessera.v1.RejoinRequest',
  fields: [
  ],
  create(init) {
    return { ...init };
  },
  write(_m, w) {
    return w;
  },
  encode(m) {
    return encoded(RejoinRequest.write, m);
  },
  read(r, end) {
    const m = RejoinRequest.create() as Mutable<RejoinRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RejoinRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RejoinRequest.read(r, r.len);
  },
};

export interface RejoinResponse {
  readonly notes: readonly string[];
}
export const RejoinResponse: MessageCodec<RejoinResponse> = {
  typeName: 'tessera.v1.RejoinResponse',
  fields: [
    { name: 'notes', number: 1, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { notes: [], ...init };
  },
  write(m, w) {
    for (const v of m.notes) w.uint32(10).string(v);
    return w;
  },
  encode(m) {
    return encoded(RejoinResponse.write, m);
  },
  read(r, end) {
    const m = RejoinResponse.create() as Mutable<RejoinResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.notes.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RejoinResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RejoinResponse.read(r, r.len);
  },
};

export interface UpdateAddressRequest {
  readonly advertiseAddress: string;
  readonly listenAddress: string;
  readonly managerAddresses: readonly string[];
}
export const UpdateAddressRequest: MessageCodec<UpdateAddressRequest> = {
  typeName: 'tessera.v1.UpdateAddressRequest',
  fields: [
    { name: 'advertiseAddress', number: 1, type: 'string', shape: 'one' },
    { name: 'listenAddress', number: 2, type: 'string', shape: 'one' },
    { name: 'managerAddresses', number: 3, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { advertiseAddress: '', listenAddress: '', managerAddresses: [], ...init };
  },
  write(m, w) {
    if (m.advertiseAddress !== '') w.uint32(10).string(m.advertiseAddress);
    if (m.listenAddress !== '') w.uint32(18).string(m.listenAddress);
    for (const v of m.managerAddresses) w.uint32(26).string(v);
    return w;
  },
  encode(m) {
    return encoded(UpdateAddressRequest.write, m);
  },
  read(r, end) {
    const m = UpdateAddressRequest.create() as Mutable<UpdateAddressRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.advertiseAddress = r.string();
          break;
        case 2:
          m.listenAddress = r.string();
          break;
        case 3:
          m.managerAddresses.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as UpdateAddressRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return UpdateAddressRequest.read(r, r.len);
  },
};

export interface UpdateAddressResponse {
  readonly advertiseAddress: string;
  readonly notes: readonly string[];
}
export const UpdateAddressResponse: MessageCodec<UpdateAddressResponse> = {
  typeName: 'tessera.v1.UpdateAddressResponse',
  fields: [
    { name: 'advertiseAddress', number: 1, type: 'string', shape: 'one' },
    { name: 'notes', number: 2, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { advertiseAddress: '', notes: [], ...init };
  },
  write(m, w) {
    if (m.advertiseAddress !== '') w.uint32(10).string(m.advertiseAddress);
    for (const v of m.notes) w.uint32(18).string(v);
    return w;
  },
  encode(m) {
    return encoded(UpdateAddressResponse.write, m);
  },
  read(r, end) {
    const m = UpdateAddressResponse.create() as Mutable<UpdateAddressResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.advertiseAddress = r.string();
          break;
        case 2:
          m.notes.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as UpdateAddressResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return UpdateAddressResponse.read(r, r.len);
  },
};

export interface Meta {
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}
export const Meta: MessageCodec<Meta> = {
  typeName: 'tessera.v1.Meta',
  fields: [
    { name: 'version', number: 1, type: 'uint64', shape: 'one' },
    { name: 'createdAtMs', number: 2, type: 'uint64', shape: 'one' },
    { name: 'updatedAtMs', number: 3, type: 'uint64', shape: 'one' },
  ],
  create(init) {
    return { version: 0, createdAtMs: 0, updatedAtMs: 0, ...init };
  },
  write(m, w) {
    if (m.version !== 0) w.uint32(8).uint64(safe(m.version, 'version'));
    if (m.createdAtMs !== 0) w.uint32(16).uint64(safe(m.createdAtMs, 'createdAtMs'));
    if (m.updatedAtMs !== 0) w.uint32(24).uint64(safe(m.updatedAtMs, 'updatedAtMs'));
    return w;
  },
  encode(m) {
    return encoded(Meta.write, m);
  },
  read(r, end) {
    const m = Meta.create() as Mutable<Meta>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.version = toSafe(r.uint64(), 'version');
          break;
        case 2:
          m.createdAtMs = toSafe(r.uint64(), 'createdAtMs');
          break;
        case 3:
          m.updatedAtMs = toSafe(r.uint64(), 'updatedAtMs');
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Meta;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Meta.read(r, r.len);
  },
};

export interface Cluster {
  readonly id: string;
  readonly meta?: Meta | undefined;
  readonly spec?: ClusterSpec | undefined;
  readonly rootCa?: RootCa | undefined;
  readonly removedNodes: readonly RemovedNode[];
  readonly certificateLifeMaxMs: number;
  readonly lock?: ClusterLock | undefined;
  readonly rebalance?: RebalanceStatus | undefined;
}
export const Cluster: MessageCodec<Cluster> = {
  typeName: 'tessera.v1.Cluster',
  fields: [
    { name: 'id', number: 1, type: 'string', shape: 'one' },
    { name: 'meta', number: 2, type: 'object', shape: 'one', message: (): MessageCodec<never> => Meta as MessageCodec<never> },
    { name: 'spec', number: 3, type: 'object', shape: 'one', message: (): MessageCodec<never> => ClusterSpec as MessageCodec<never> },
    { name: 'rootCa', number: 4, type: 'object', shape: 'one', message: (): MessageCodec<never> => RootCa as MessageCodec<never> },
    { name: 'removedNodes', number: 5, type: 'object', shape: 'list', message: (): MessageCodec<never> => RemovedNode as MessageCodec<never> },
    { name: 'certificateLifeMaxMs', number: 6, type: 'uint64', shape: 'one' },
    { name: 'lock', number: 7, type: 'object', shape: 'one', message: (): MessageCodec<never> => ClusterLock as MessageCodec<never> },
    { name: 'rebalance', number: 20, type: 'object', shape: 'one', message: (): MessageCodec<never> => RebalanceStatus as MessageCodec<never> },
  ],
  create(init) {
    return { id: '', removedNodes: [], certificateLifeMaxMs: 0, ...init };
  },
  write(m, w) {
    if (m.id !== '') w.uint32(10).string(m.id);
    if (m.meta !== undefined) Meta.write(m.meta, w.uint32(18).fork()).ldelim();
    if (m.spec !== undefined) ClusterSpec.write(m.spec, w.uint32(26).fork()).ldelim();
    if (m.rootCa !== undefined) RootCa.write(m.rootCa, w.uint32(34).fork()).ldelim();
    for (const v of m.removedNodes) RemovedNode.write(v, w.uint32(42).fork()).ldelim();
    if (m.certificateLifeMaxMs !== 0) w.uint32(48).uint64(safe(m.certificateLifeMaxMs, 'certificateLifeMaxMs'));
    if (m.lock !== undefined) ClusterLock.write(m.lock, w.uint32(58).fork()).ldelim();
    if (m.rebalance !== undefined) RebalanceStatus.write(m.rebalance, w.uint32(162).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(Cluster.write, m);
  },
  read(r, end) {
    const m = Cluster.create() as Mutable<Cluster>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.id = r.string();
          break;
        case 2:
          m.meta = Meta.read(r, r.uint32() + r.pos);
          break;
        case 3:
          m.spec = ClusterSpec.read(r, r.uint32() + r.pos);
          break;
        case 4:
          m.rootCa = RootCa.read(r, r.uint32() + r.pos);
          break;
        case 5:
          m.removedNodes.push(RemovedNode.read(r, r.uint32() + r.pos));
          break;
        case 6:
          m.certificateLifeMaxMs = toSafe(r.uint64(), 'certificateLifeMaxMs');
          break;
        case 7:
          m.lock = ClusterLock.read(r, r.uint32() + r.pos);
          break;
        case 20:
          m.rebalance = RebalanceStatus.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Cluster;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Cluster.read(r, r.len);
  },
};

export interface RebalanceStatus {
  readonly requestedAtMs: number;
  readonly finishedAtMs: number;
  readonly moved: number;
  readonly message: string;
}
export const RebalanceStatus: MessageCodec<RebalanceStatus> = {
  typeName: 'tessera.v1.RebalanceStatus',
  fields: [
    { name: 'requestedAtMs', number: 1, type: 'uint64', shape: 'one' },
    { name: 'finishedAtMs', number: 2, type: 'uint64', shape: 'one' },
    { name: 'moved', number: 3, type: 'uint32', shape: 'one' },
    { name: 'message', number: 4, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { requestedAtMs: 0, finishedAtMs: 0, moved: 0, message: '', ...init };
  },
  write(m, w) {
    if (m.requestedAtMs !== 0) w.uint32(8).uint64(safe(m.requestedAtMs, 'requestedAtMs'));
    if (m.finishedAtMs !== 0) w.uint32(16).uint64(safe(m.finishedAtMs, 'finishedAtMs'));
    if (m.moved !== 0) w.uint32(24).uint32(m.moved);
    if (m.message !== '') w.uint32(34).string(m.message);
    return w;
  },
  encode(m) {
    return encoded(RebalanceStatus.write, m);
  },
  read(r, end) {
    const m = RebalanceStatus.create() as Mutable<RebalanceStatus>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.requestedAtMs = toSafe(r.uint64(), 'requestedAtMs');
          break;
        case 2:
          m.finishedAtMs = toSafe(r.uint64(), 'finishedAtMs');
          break;
        case 3:
          m.moved = r.uint32();
          break;
        case 4:
          m.message = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RebalanceStatus;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RebalanceStatus.read(r, r.len);
  },
};

export interface ClusterLock {
  readonly unlockKey: Uint8Array;
  readonly version: number;
}
export const ClusterLock: MessageCodec<ClusterLock> = {
  typeName: 'tessera.v1.ClusterLock',
  fields: [
    { name: 'unlockKey', number: 1, type: 'bytes', shape: 'one' },
    { name: 'version', number: 2, type: 'uint64', shape: 'one' },
  ],
  create(init) {
    return { unlockKey: empty, version: 0, ...init };
  },
  write(m, w) {
    if (m.unlockKey.length > 0) w.uint32(10).bytes(m.unlockKey);
    if (m.version !== 0) w.uint32(16).uint64(safe(m.version, 'version'));
    return w;
  },
  encode(m) {
    return encoded(ClusterLock.write, m);
  },
  read(r, end) {
    const m = ClusterLock.create() as Mutable<ClusterLock>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.unlockKey = r.bytes();
          break;
        case 2:
          m.version = toSafe(r.uint64(), 'version');
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ClusterLock;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ClusterLock.read(r, r.len);
  },
};

export interface RemovedNode {
  readonly nodeId: string;
  readonly untilMs: number;
}
export const RemovedNode: MessageCodec<RemovedNode> = {
  typeName: 'tessera.v1.RemovedNode',
  fields: [
    { name: 'nodeId', number: 1, type: 'string', shape: 'one' },
    { name: 'untilMs', number: 2, type: 'uint64', shape: 'one' },
  ],
  create(init) {
    return { nodeId: '', untilMs: 0, ...init };
  },
  write(m, w) {
    if (m.nodeId !== '') w.uint32(10).string(m.nodeId);
    if (m.untilMs !== 0) w.uint32(16).uint64(safe(m.untilMs, 'untilMs'));
    return w;
  },
  encode(m) {
    return encoded(RemovedNode.write, m);
  },
  read(r, end) {
    const m = RemovedNode.create() as Mutable<RemovedNode>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.nodeId = r.string();
          break;
        case 2:
          m.untilMs = toSafe(r.uint64(), 'untilMs');
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RemovedNode;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RemovedNode.read(r, r.len);
  },
};

export interface ClusterSpec {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly heartbeatPeriodMs: number;
  readonly taskHistoryLimit: number;
  readonly certificateLifeMs: number;
  readonly snapshotInterval: number;
  readonly autolockManagers: boolean;
  readonly networks?: NetworkDefaults | undefined;
  readonly scheduling?: SchedulingSpec | undefined;
}
export const ClusterSpec: MessageCodec<ClusterSpec> = {
  typeName: 'tessera.v1.ClusterSpec',
  fields: [
    { name: 'name', number: 1, type: 'string', shape: 'one' },
    { name: 'labels', number: 2, type: 'string', shape: 'map' },
    { name: 'heartbeatPeriodMs', number: 3, type: 'uint32', shape: 'one' },
    { name: 'taskHistoryLimit', number: 4, type: 'int32', shape: 'one' },
    { name: 'certificateLifeMs', number: 5, type: 'uint64', shape: 'one' },
    { name: 'snapshotInterval', number: 6, type: 'uint32', shape: 'one' },
    { name: 'autolockManagers', number: 7, type: 'bool', shape: 'one' },
    { name: 'networks', number: 10, type: 'object', shape: 'one', message: (): MessageCodec<never> => NetworkDefaults as MessageCodec<never> },
    { name: 'scheduling', number: 20, type: 'object', shape: 'one', message: (): MessageCodec<never> => SchedulingSpec as MessageCodec<never> },
  ],
  create(init) {
    return { name: '', labels: {}, heartbeatPeriodMs: 0, taskHistoryLimit: 0, certificateLifeMs: 0, snapshotInterval: 0, autolockManagers: false, ...init };
  },
  write(m, w) {
    if (m.name !== '') w.uint32(10).string(m.name);
    for (const [k, v] of Object.entries(m.labels)) {
      const e = w.uint32(18).fork();
      e.uint32(10).string(k);
      e.uint32(18).string(v);
      e.ldelim();
    }
    if (m.heartbeatPeriodMs !== 0) w.uint32(24).uint32(m.heartbeatPeriodMs);
    if (m.taskHistoryLimit !== 0) w.uint32(32).int32(m.taskHistoryLimit);
    if (m.certificateLifeMs !== 0) w.uint32(40).uint64(safe(m.certificateLifeMs, 'certificateLifeMs'));
    if (m.snapshotInterval !== 0) w.uint32(48).uint32(m.snapshotInterval);
    if (m.autolockManagers !== false) w.uint32(56).bool(m.autolockManagers);
    if (m.networks !== undefined) NetworkDefaults.write(m.networks, w.uint32(82).fork()).ldelim();
    if (m.scheduling !== undefined) SchedulingSpec.write(m.scheduling, w.uint32(162).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(ClusterSpec.write, m);
  },
  read(r, end) {
    const m = ClusterSpec.create() as Mutable<ClusterSpec>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.name = r.string();
          break;
        case 2:
          readMapEntry(r, m.labels, '', () => r.string());
          break;
        case 3:
          m.heartbeatPeriodMs = r.uint32();
          break;
        case 4:
          m.taskHistoryLimit = r.int32();
          break;
        case 5:
          m.certificateLifeMs = toSafe(r.uint64(), 'certificateLifeMs');
          break;
        case 6:
          m.snapshotInterval = r.uint32();
          break;
        case 7:
          m.autolockManagers = r.bool();
          break;
        case 10:
          m.networks = NetworkDefaults.read(r, r.uint32() + r.pos);
          break;
        case 20:
          m.scheduling = SchedulingSpec.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ClusterSpec;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ClusterSpec.read(r, r.len);
  },
};

export interface SchedulingSpec {
  readonly strategy: SchedulingStrategy;
  readonly scoreWeights: Readonly<Record<string, number>>;
  readonly autoRebalance: boolean;
}
export const SchedulingSpec: MessageCodec<SchedulingSpec> = {
  typeName: 'tessera.v1.SchedulingSpec',
  fields: [
    { name: 'strategy', number: 1, type: 'object', shape: 'one', names: SchedulingStrategyNames },
    { name: 'scoreWeights', number: 2, type: 'uint32', shape: 'map' },
    { name: 'autoRebalance', number: 3, type: 'bool', shape: 'one' },
  ],
  create(init) {
    return { strategy: 0, scoreWeights: {}, autoRebalance: false, ...init };
  },
  write(m, w) {
    if (m.strategy !== 0) w.uint32(8).int32(m.strategy);
    for (const [k, v] of Object.entries(m.scoreWeights)) {
      const e = w.uint32(18).fork();
      e.uint32(10).string(k);
      e.uint32(16).uint32(v);
      e.ldelim();
    }
    if (m.autoRebalance !== false) w.uint32(24).bool(m.autoRebalance);
    return w;
  },
  encode(m) {
    return encoded(SchedulingSpec.write, m);
  },
  read(r, end) {
    const m = SchedulingSpec.create() as Mutable<SchedulingSpec>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.strategy = r.int32() as SchedulingStrategy;
          break;
        case 2:
          readMapEntry(r, m.scoreWeights, 0, () => r.uint32());
          break;
        case 3:
          m.autoRebalance = r.bool();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as SchedulingSpec;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return SchedulingSpec.read(r, r.len);
  },
};

export interface NetworkDefaults {
  readonly addressPools: readonly string[];
  readonly subnetLength: number;
  readonly dataPathPort: number;
  readonly addressPoolV6: string;
}
export const NetworkDefaults: MessageCodec<NetworkDefaults> = {
  typeName: 'tessera.v1.NetworkDefaults',
  fields: [
    { name: 'addressPools', number: 1, type: 'string', shape: 'list' },
    { name: 'subnetLength', number: 2, type: 'uint32', shape: 'one' },
    { name: 'dataPathPort', number: 3, type: 'uint32', shape: 'one' },
    { name: 'addressPoolV6', number: 4, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { addressPools: [], subnetLength: 0, dataPathPort: 0, addressPoolV6: '', ...init };
  },
  write(m, w) {
    for (const v of m.addressPools) w.uint32(10).string(v);
    if (m.subnetLength !== 0) w.uint32(16).uint32(m.subnetLength);
    if (m.dataPathPort !== 0) w.uint32(24).uint32(m.dataPathPort);
    if (m.addressPoolV6 !== '') w.uint32(34).string(m.addressPoolV6);
    return w;
  },
  encode(m) {
    return encoded(NetworkDefaults.write, m);
  },
  read(r, end) {
    const m = NetworkDefaults.create() as Mutable<NetworkDefaults>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.addressPools.push(r.string());
          break;
        case 2:
          m.subnetLength = r.uint32();
          break;
        case 3:
          m.dataPathPort = r.uint32();
          break;
        case 4:
          m.addressPoolV6 = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as NetworkDefaults;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return NetworkDefaults.read(r, r.len);
  },
};

export interface RootCa {
  readonly certificatePem: Uint8Array;
  readonly keyPem: Uint8Array;
  readonly digest: string;
  readonly joinTokens?: JoinTokens | undefined;
}
export const RootCa: MessageCodec<RootCa> = {
  typeName: 'tessera.v1.RootCa',
  fields: [
    { name: 'certificatePem', number: 1, type: 'bytes', shape: 'one' },
    { name: 'keyPem', number: 2, type: 'bytes', shape: 'one' },
    { name: 'digest', number: 3, type: 'string', shape: 'one' },
    { name: 'joinTokens', number: 4, type: 'object', shape: 'one', message: (): MessageCodec<never> => JoinTokens as MessageCodec<never> },
  ],
  create(init) {
    return { certificatePem: empty, keyPem: empty, digest: '', ...init };
  },
  write(m, w) {
    if (m.certificatePem.length > 0) w.uint32(10).bytes(m.certificatePem);
    if (m.keyPem.length > 0) w.uint32(18).bytes(m.keyPem);
    if (m.digest !== '') w.uint32(26).string(m.digest);
    if (m.joinTokens !== undefined) JoinTokens.write(m.joinTokens, w.uint32(34).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(RootCa.write, m);
  },
  read(r, end) {
    const m = RootCa.create() as Mutable<RootCa>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.certificatePem = r.bytes();
          break;
        case 2:
          m.keyPem = r.bytes();
          break;
        case 3:
          m.digest = r.string();
          break;
        case 4:
          m.joinTokens = JoinTokens.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RootCa;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RootCa.read(r, r.len);
  },
};

export interface JoinTokens {
  readonly worker: string;
  readonly manager: string;
}
export const JoinTokens: MessageCodec<JoinTokens> = {
  typeName: 'tessera.v1.JoinTokens',
  fields: [
    { name: 'worker', number: 1, type: 'string', shape: 'one' },
    { name: 'manager', number: 2, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { worker: '', manager: '', ...init };
  },
  write(m, w) {
    if (m.worker !== '') w.uint32(10).string(m.worker);
    if (m.manager !== '') w.uint32(18).string(m.manager);
    return w;
  },
  encode(m) {
    return encoded(JoinTokens.write, m);
  },
  read(r, end) {
    const m = JoinTokens.create() as Mutable<JoinTokens>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.worker = r.string();
          break;
        case 2:
          m.manager = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as JoinTokens;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return JoinTokens.read(r, r.len);
  },
};

export interface Node {
  readonly id: string;
  readonly meta?: Meta | undefined;
  readonly spec?: NodeSpec | undefined;
  readonly description?: NodeDescription | undefined;
  readonly status?: NodeStatus | undefined;
  readonly role: NodeRole;
  readonly managerStatus?: ManagerStatus | undefined;
  readonly demotedAtMs: number;
  readonly taintedAtMs: Readonly<Record<string, number>>;
}
export const Node: MessageCodec<Node> = {
  typeName: 'tessera.v1.Node',
  fields: [
    { name: 'id', number: 1, type: 'string', shape: 'one' },
    { name: 'meta', number: 2, type: 'object', shape: 'one', message: (): MessageCodec<never> => Meta as MessageCodec<never> },
    { name: 'spec', number: 3, type: 'object', shape: 'one', message: (): MessageCodec<never> => NodeSpec as MessageCodec<never> },
    { name: 'description', number: 4, type: 'object', shape: 'one', message: (): MessageCodec<never> => NodeDescription as MessageCodec<never> },
    { name: 'status', number: 5, type: 'object', shape: 'one', message: (): MessageCodec<never> => NodeStatus as MessageCodec<never> },
    { name: 'role', number: 6, type: 'object', shape: 'one', names: NodeRoleNames },
    { name: 'managerStatus', number: 7, type: 'object', shape: 'one', message: (): MessageCodec<never> => ManagerStatus as MessageCodec<never> },
    { name: 'demotedAtMs', number: 15, type: 'uint64', shape: 'one' },
    { name: 'taintedAtMs', number: 12, type: 'uint64', shape: 'map' },
  ],
  create(init) {
    return { id: '', role: 0, demotedAtMs: 0, taintedAtMs: {}, ...init };
  },
  write(m, w) {
    if (m.id !== '') w.uint32(10).string(m.id);
    if (m.meta !== undefined) Meta.write(m.meta, w.uint32(18).fork()).ldelim();
    if (m.spec !== undefined) NodeSpec.write(m.spec, w.uint32(26).fork()).ldelim();
    if (m.description !== undefined) NodeDescription.write(m.description, w.uint32(34).fork()).ldelim();
    if (m.status !== undefined) NodeStatus.write(m.status, w.uint32(42).fork()).ldelim();
    if (m.role !== 0) w.uint32(48).int32(m.role);
    if (m.managerStatus !== undefined) ManagerStatus.write(m.managerStatus, w.uint32(58).fork()).ldelim();
    if (m.demotedAtMs !== 0) w.uint32(120).uint64(safe(m.demotedAtMs, 'demotedAtMs'));
    for (const [k, v] of Object.entries(m.taintedAtMs)) {
      const e = w.uint32(98).fork();
      e.uint32(10).string(k);
      e.uint32(16).uint64(safe(v, 'taintedAtMs'));
      e.ldelim();
    }
    return w;
  },
  encode(m) {
    return encoded(Node.write, m);
  },
  read(r, end) {
    const m = Node.create() as Mutable<Node>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.id = r.string();
          break;
        case 2:
          m.meta = Meta.read(r, r.uint32() + r.pos);
          break;
        case 3:
          m.spec = NodeSpec.read(r, r.uint32() + r.pos);
          break;
        case 4:
          m.description = NodeDescription.read(r, r.uint32() + r.pos);
          break;
        case 5:
          m.status = NodeStatus.read(r, r.uint32() + r.pos);
          break;
        case 6:
          m.role = r.int32() as NodeRole;
          break;
        case 7:
          m.managerStatus = ManagerStatus.read(r, r.uint32() + r.pos);
          break;
        case 15:
          m.demotedAtMs = toSafe(r.uint64(), 'demotedAtMs');
          break;
        case 12:
          readMapEntry(r, m.taintedAtMs, 0, () => toSafe(r.uint64(), 'taintedAtMs'));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Node;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Node.read(r, r.len);
  },
};

export interface NodeSpec {
  readonly labels: Readonly<Record<string, string>>;
  readonly role: NodeRole;
  readonly availability: Availability;
  readonly taints: readonly Taint[];
  readonly drainIgnoresBudgets: boolean;
}
export const NodeSpec: MessageCodec<NodeSpec> = {
  typeName: 'tessera.v1.NodeSpec',
  fields: [
    { name: 'labels', number: 1, type: 'string', shape: 'map' },
    { name: 'role', number: 2, type: 'object', shape: 'one', names: NodeRoleNames },
    { name: 'availability', number: 3, type: 'object', shape: 'one', names: AvailabilityNames },
    { name: 'taints', number: 4, type: 'object', shape: 'list', message: (): MessageCodec<never> => Taint as MessageCodec<never> },
    { name: 'drainIgnoresBudgets', number: 5, type: 'bool', shape: 'one' },
  ],
  create(init) {
    return { labels: {}, role: 0, availability: 0, taints: [], drainIgnoresBudgets: false, ...init };
  },
  write(m, w) {
    for (const [k, v] of Object.entries(m.labels)) {
      const e = w.uint32(10).fork();
      e.uint32(10).string(k);
      e.uint32(18).string(v);
      e.ldelim();
    }
    if (m.role !== 0) w.uint32(16).int32(m.role);
    if (m.availability !== 0) w.uint32(24).int32(m.availability);
    for (const v of m.taints) Taint.write(v, w.uint32(34).fork()).ldelim();
    if (m.drainIgnoresBudgets !== false) w.uint32(40).bool(m.drainIgnoresBudgets);
    return w;
  },
  encode(m) {
    return encoded(NodeSpec.write, m);
  },
  read(r, end) {
    const m = NodeSpec.create() as Mutable<NodeSpec>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          readMapEntry(r, m.labels, '', () => r.string());
          break;
        case 2:
          m.role = r.int32() as NodeRole;
          break;
        case 3:
          m.availability = r.int32() as Availability;
          break;
        case 4:
          m.taints.push(Taint.read(r, r.uint32() + r.pos));
          break;
        case 5:
          m.drainIgnoresBudgets = r.bool();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as NodeSpec;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return NodeSpec.read(r, r.len);
  },
};

export interface Taint {
  readonly key: string;
  readonly value: string;
  readonly effect: TaintEffect;
}
export const Taint: MessageCodec<Taint> = {
  typeName: 'tessera.v1.Taint',
  fields: [
    { name: 'key', number: 1, type: 'string', shape: 'one' },
    { name: 'value', number: 2, type: 'string', shape: 'one' },
    { name: 'effect', number: 3, type: 'object', shape: 'one', names: TaintEffectNames },
  ],
  create(init) {
    return { key: '', value: '', effect: 0, ...init };
  },
  write(m, w) {
    if (m.key !== '') w.uint32(10).string(m.key);
    if (m.value !== '') w.uint32(18).string(m.value);
    if (m.effect !== 0) w.uint32(24).int32(m.effect);
    return w;
  },
  encode(m) {
    return encoded(Taint.write, m);
  },
  read(r, end) {
    const m = Taint.create() as Mutable<Taint>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.key = r.string();
          break;
        case 2:
          m.value = r.string();
          break;
        case 3:
          m.effect = r.int32() as TaintEffect;
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Taint;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Taint.read(r, r.len);
  },
};

export interface Platform {
  readonly os: string;
  readonly architecture: string;
}
export const Platform: MessageCodec<Platform> = {
  typeName: 'tessera.v1.Platform',
  fields: [
    { name: 'os', number: 1, type: 'string', shape: 'one' },
    { name: 'architecture', number: 2, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { os: '', architecture: '', ...init };
  },
  write(m, w) {
    if (m.os !== '') w.uint32(10).string(m.os);
    if (m.architecture !== '') w.uint32(18).string(m.architecture);
    return w;
  },
  encode(m) {
    return encoded(Platform.write, m);
  },
  read(r, end) {
    const m = Platform.create() as Mutable<Platform>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.os = r.string();
          break;
        case 2:
          m.architecture = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Platform;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Platform.read(r, r.len);
  },
};

export interface Resources {
  readonly cpuNano: number;
  readonly memoryBytes: number;
  readonly pids: number;
  readonly generic: Readonly<Record<string, number>>;
}
export const Resources: MessageCodec<Resources> = {
  typeName: 'tessera.v1.Resources',
  fields: [
    { name: 'cpuNano', number: 1, type: 'uint64', shape: 'one' },
    { name: 'memoryBytes', number: 2, type: 'uint64', shape: 'one' },
    { name: 'pids', number: 3, type: 'uint64', shape: 'one' },
    { name: 'generic', number: 4, type: 'uint64', shape: 'map' },
  ],
  create(init) {
    return { cpuNano: 0, memoryBytes: 0, pids: 0, generic: {}, ...init };
  },
  write(m, w) {
    if (m.cpuNano !== 0) w.uint32(8).uint64(safe(m.cpuNano, 'cpuNano'));
    if (m.memoryBytes !== 0) w.uint32(16).uint64(safe(m.memoryBytes, 'memoryBytes'));
    if (m.pids !== 0) w.uint32(24).uint64(safe(m.pids, 'pids'));
    for (const [k, v] of Object.entries(m.generic)) {
      const e = w.uint32(34).fork();
      e.uint32(10).string(k);
      e.uint32(16).uint64(safe(v, 'generic'));
      e.ldelim();
    }
    return w;
  },
  encode(m) {
    return encoded(Resources.write, m);
  },
  read(r, end) {
    const m = Resources.create() as Mutable<Resources>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.cpuNano = toSafe(r.uint64(), 'cpuNano');
          break;
        case 2:
          m.memoryBytes = toSafe(r.uint64(), 'memoryBytes');
          break;
        case 3:
          m.pids = toSafe(r.uint64(), 'pids');
          break;
        case 4:
          readMapEntry(r, m.generic, 0, () => toSafe(r.uint64(), 'generic'));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Resources;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Resources.read(r, r.len);
  },
};

export interface NodeDescription {
  readonly hostname: string;
  readonly platform?: Platform | undefined;
  readonly resources?: Resources | undefined;
  readonly tesseraVersion: string;
  readonly runtimeName: string;
  readonly runtimeVersion: string;
  readonly kernelVersion: string;
  readonly operatingSystem: string;
  readonly engineLabels: Readonly<Record<string, string>>;
  readonly dataPathAddress: string;
  readonly routes: readonly string[];
  readonly tunnelKeys: readonly TunnelKey[];
  readonly isIpv6Off: boolean;
  readonly volumes: readonly string[];
}
export const NodeDescription: MessageCodec<NodeDescription> = {
  typeName: 'tessera.v1.NodeDescription',
  fields: [
    { name: 'hostname', number: 1, type: 'string', shape: 'one' },
    { name: 'platform', number: 2, type: 'object', shape: 'one', message: (): MessageCodec<never> => Platform as MessageCodec<never> },
    { name: 'resources', number: 3, type: 'object', shape: 'one', message: (): MessageCodec<never> => Resources as MessageCodec<never> },
    { name: 'tesseraVersion', number: 4, type: 'string', shape: 'one' },
    { name: 'runtimeName', number: 5, type: 'string', shape: 'one' },
    { name: 'runtimeVersion', number: 6, type: 'string', shape: 'one' },
    { name: 'kernelVersion', number: 7, type: 'string', shape: 'one' },
    { name: 'operatingSystem', number: 8, type: 'string', shape: 'one' },
    { name: 'engineLabels', number: 9, type: 'string', shape: 'map' },
    { name: 'dataPathAddress', number: 10, type: 'string', shape: 'one' },
    { name: 'routes', number: 11, type: 'string', shape: 'list' },
    { name: 'tunnelKeys', number: 12, type: 'object', shape: 'list', message: (): MessageCodec<never> => TunnelKey as MessageCodec<never> },
    { name: 'isIpv6Off', number: 13, type: 'bool', shape: 'one' },
    { name: 'volumes', number: 14, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { hostname: '', tesseraVersion: '', runtimeName: '', runtimeVersion: '', kernelVersion: '', operatingSystem: '', engineLabels: {}, dataPathAddress: '', routes: [], tunnelKeys: [], isIpv6Off: false, volumes: [], ...init };
  },
  write(m, w) {
    if (m.hostname !== '') w.uint32(10).string(m.hostname);
    if (m.platform !== undefined) Platform.write(m.platform, w.uint32(18).fork()).ldelim();
    if (m.resources !== undefined) Resources.write(m.resources, w.uint32(26).fork()).ldelim();
    if (m.tesseraVersion !== '') w.uint32(34).string(m.tesseraVersion);
    if (m.runtimeName !== '') w.uint32(42).string(m.runtimeName);
    if (m.runtimeVersion !== '') w.uint32(50).string(m.runtimeVersion);
    if (m.kernelVersion !== '') w.uint32(58).string(m.kernelVersion);
    if (m.operatingSystem !== '') w.uint32(66).string(m.operatingSystem);
    for (const [k, v] of Object.entries(m.engineLabels)) {
      const e = w.uint32(74).fork();
      e.uint32(10).string(k);
      e.uint32(18).string(v);
      e.ldelim();
    }
    if (m.dataPathAddress !== '') w.uint32(82).string(m.dataPathAddress);
    for (const v of m.routes) w.uint32(90).string(v);
    for (const v of m.tunnelKeys) TunnelKey.write(v, w.uint32(98).fork()).ldelim();
    if (m.isIpv6Off !== false) w.uint32(104).bool(m.isIpv6Off);
    for (const v of m.volumes) w.uint32(114).string(v);
    return w;
  },
  encode(m) {
    return encoded(NodeDescription.write, m);
  },
  read(r, end) {
    const m = NodeDescription.create() as Mutable<NodeDescription>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.hostname = r.string();
          break;
        case 2:
          m.platform = Platform.read(r, r.uint32() + r.pos);
          break;
        case 3:
          m.resources = Resources.read(r, r.uint32() + r.pos);
          break;
        case 4:
          m.tesseraVersion = r.string();
          break;
        case 5:
          m.runtimeName = r.string();
          break;
        case 6:
          m.runtimeVersion = r.string();
          break;
        case 7:
          m.kernelVersion = r.string();
          break;
        case 8:
          m.operatingSystem = r.string();
          break;
        case 9:
          readMapEntry(r, m.engineLabels, '', () => r.string());
          break;
        case 10:
          m.dataPathAddress = r.string();
          break;
        case 11:
          m.routes.push(r.string());
          break;
        case 12:
          m.tunnelKeys.push(TunnelKey.read(r, r.uint32() + r.pos));
          break;
        case 13:
          m.isIpv6Off = r.bool();
          break;
        case 14:
          m.volumes.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as NodeDescription;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return NodeDescription.read(r, r.len);
  },
};

export interface TunnelKey {
  readonly publicKey: Uint8Array;
  readonly port: number;
}
export const TunnelKey: MessageCodec<TunnelKey> = {
  typeName: 'tessera.v1.TunnelKey',
  fields: [
    { name: 'publicKey', number: 1, type: 'bytes', shape: 'one' },
    { name: 'port', number: 2, type: 'uint32', shape: 'one' },
  ],
  create(init) {
    return { publicKey: empty, port: 0, ...init };
  },
  write(m, w) {
    if (m.publicKey.length > 0) w.uint32(10).bytes(m.publicKey);
    if (m.port !== 0) w.uint32(16).uint32(m.port);
    return w;
  },
  encode(m) {
    return encoded(TunnelKey.write, m);
  },
  read(r, end) {
    const m = TunnelKey.create() as Mutable<TunnelKey>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.publicKey = r.bytes();
          break;
        case 2:
          m.port = r.uint32();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as TunnelKey;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return TunnelKey.read(r, r.len);
  },
};

export interface NodeStatus {
  readonly state: NodeState;
  readonly message: string;
  readonly address: string;
  readonly changedAtMs: number;
}
export const NodeStatus: MessageCodec<NodeStatus> = {
  typeName: 'tessera.v1.NodeStatus',
  fields: [
    { name: 'state', number: 1, type: 'object', shape: 'one', names: NodeStateNames },
    { name: 'message', number: 2, type: 'string', shape: 'one' },
    { name: 'address', number: 3, type: 'string', shape: 'one' },
    { name: 'changedAtMs', number: 4, type: 'uint64', shape: 'one' },
  ],
  create(init) {
    return { state: 0, message: '', address: '', changedAtMs: 0, ...init };
  },
  write(m, w) {
    if (m.state !== 0) w.uint32(8).int32(m.state);
    if (m.message !== '') w.uint32(18).string(m.message);
    if (m.address !== '') w.uint32(26).string(m.address);
    if (m.changedAtMs !== 0) w.uint32(32).uint64(safe(m.changedAtMs, 'changedAtMs'));
    return w;
  },
  encode(m) {
    return encoded(NodeStatus.write, m);
  },
  read(r, end) {
    const m = NodeStatus.create() as Mutable<NodeStatus>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.state = r.int32() as NodeState;
          break;
        case 2:
          m.message = r.string();
          break;
        case 3:
          m.address = r.string();
          break;
        case 4:
          m.changedAtMs = toSafe(r.uint64(), 'changedAtMs');
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as NodeStatus;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return NodeStatus.read(r, r.len);
  },
};

export interface ManagerStatus {
  readonly raftId: number;
  readonly address: string;
  readonly isLeader: boolean;
  readonly reachability: Reachability;
}
export const ManagerStatus: MessageCodec<ManagerStatus> = {
  typeName: 'tessera.v1.ManagerStatus',
  fields: [
    { name: 'raftId', number: 1, type: 'uint64', shape: 'one' },
    { name: 'address', number: 2, type: 'string', shape: 'one' },
    { name: 'isLeader', number: 3, type: 'bool', shape: 'one' },
    { name: 'reachability', number: 4, type: 'object', shape: 'one', names: ReachabilityNames },
  ],
  create(init) {
    return { raftId: 0, address: '', isLeader: false, reachability: 0, ...init };
  },
  write(m, w) {
    if (m.raftId !== 0) w.uint32(8).uint64(safe(m.raftId, 'raftId'));
    if (m.address !== '') w.uint32(18).string(m.address);
    if (m.isLeader !== false) w.uint32(24).bool(m.isLeader);
    if (m.reachability !== 0) w.uint32(32).int32(m.reachability);
    return w;
  },
  encode(m) {
    return encoded(ManagerStatus.write, m);
  },
  read(r, end) {
    const m = ManagerStatus.create() as Mutable<ManagerStatus>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.raftId = toSafe(r.uint64(), 'raftId');
          break;
        case 2:
          m.address = r.string();
          break;
        case 3:
          m.isLeader = r.bool();
          break;
        case 4:
          m.reachability = r.int32() as Reachability;
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ManagerStatus;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ManagerStatus.read(r, r.len);
  },
};

export interface Network {
  readonly id: string;
  readonly meta?: Meta | undefined;
  readonly spec?: NetworkSpec | undefined;
  readonly allocation?: NetworkAllocation | undefined;
  readonly error: string;
  readonly isIngress: boolean;
  readonly hosts: Readonly<Record<string, HostAddresses>>;
}
export const Network: MessageCodec<Network> = {
  typeName: 'tessera.v1.Network',
  fields: [
    { name: 'id', number: 1, type: 'string', shape: 'one' },
    { name: 'meta', number: 2, type: 'object', shape: 'one', message: (): MessageCodec<never> => Meta as MessageCodec<never> },
    { name: 'spec', number: 3, type: 'object', shape: 'one', message: (): MessageCodec<never> => NetworkSpec as MessageCodec<never> },
    { name: 'allocation', number: 4, type: 'object', shape: 'one', message: (): MessageCodec<never> => NetworkAllocation as MessageCodec<never> },
    { name: 'error', number: 5, type: 'string', shape: 'one' },
    { name: 'isIngress', number: 6, type: 'bool', shape: 'one' },
    { name: 'hosts', number: 7, type: 'object', shape: 'map', message: (): MessageCodec<never> => HostAddresses as MessageCodec<never> },
  ],
  create(init) {
    return { id: '', error: '', isIngress: false, hosts: {}, ...init };
  },
  write(m, w) {
    if (m.id !== '') w.uint32(10).string(m.id);
    if (m.meta !== undefined) Meta.write(m.meta, w.uint32(18).fork()).ldelim();
    if (m.spec !== undefined) NetworkSpec.write(m.spec, w.uint32(26).fork()).ldelim();
    if (m.allocation !== undefined) NetworkAllocation.write(m.allocation, w.uint32(34).fork()).ldelim();
    if (m.error !== '') w.uint32(42).string(m.error);
    if (m.isIngress !== false) w.uint32(48).bool(m.isIngress);
    for (const [k, v] of Object.entries(m.hosts)) {
      const e = w.uint32(58).fork();
      e.uint32(10).string(k);
      HostAddresses.write(v, e.uint32(18).fork()).ldelim();
      e.ldelim();
    }
    return w;
  },
  encode(m) {
    return encoded(Network.write, m);
  },
  read(r, end) {
    const m = Network.create() as Mutable<Network>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.id = r.string();
          break;
        case 2:
          m.meta = Meta.read(r, r.uint32() + r.pos);
          break;
        case 3:
          m.spec = NetworkSpec.read(r, r.uint32() + r.pos);
          break;
        case 4:
          m.allocation = NetworkAllocation.read(r, r.uint32() + r.pos);
          break;
        case 5:
          m.error = r.string();
          break;
        case 6:
          m.isIngress = r.bool();
          break;
        case 7:
          readMapEntry(r, m.hosts, HostAddresses.create(), () => HostAddresses.read(r, r.uint32() + r.pos));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Network;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Network.read(r, r.len);
  },
};

export interface HostAddresses {
  readonly address: string;
  readonly addressV6: string;
}
export const HostAddresses: MessageCodec<HostAddresses> = {
  typeName: 'tessera.v1.HostAddresses',
  fields: [
    { name: 'address', number: 1, type: 'string', shape: 'one' },
    { name: 'addressV6', number: 2, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { address: '', addressV6: '', ...init };
  },
  write(m, w) {
    if (m.address !== '') w.uint32(10).string(m.address);
    if (m.addressV6 !== '') w.uint32(18).string(m.addressV6);
    return w;
  },
  encode(m) {
    return encoded(HostAddresses.write, m);
  },
  read(r, end) {
    const m = HostAddresses.create() as Mutable<HostAddresses>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.address = r.string();
          break;
        case 2:
          m.addressV6 = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as HostAddresses;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return HostAddresses.read(r, r.len);
  },
};

export interface NetworkSpec {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly driver: NetworkDriver;
  readonly subnets: readonly SubnetConfig[];
  readonly isIpv6: boolean;
  readonly isInternal: boolean;
  readonly isAttachable: boolean;
  readonly isEncrypted: boolean;
  readonly isIsolated: boolean;
  readonly mtu: number;
}
export const NetworkSpec: MessageCodec<NetworkSpec> = {
  typeName: 'tessera.v1.NetworkSpec',
  fields: [
    { name: 'name', number: 1, type: 'string', shape: 'one' },
    { name: 'labels', number: 2, type: 'string', shape: 'map' },
    { name: 'driver', number: 3, type: 'object', shape: 'one', names: NetworkDriverNames },
    { name: 'subnets', number: 4, type: 'object', shape: 'list', message: (): MessageCodec<never> => SubnetConfig as MessageCodec<never> },
    { name: 'isIpv6', number: 5, type: 'bool', shape: 'one' },
    { name: 'isInternal', number: 6, type: 'bool', shape: 'one' },
    { name: 'isAttachable', number: 7, type: 'bool', shape: 'one' },
    { name: 'isEncrypted', number: 8, type: 'bool', shape: 'one' },
    { name: 'isIsolated', number: 9, type: 'bool', shape: 'one' },
    { name: 'mtu', number: 10, type: 'uint32', shape: 'one' },
  ],
  create(init) {
    return { name: '', labels: {}, driver: 0, subnets: [], isIpv6: false, isInternal: false, isAttachable: false, isEncrypted: false, isIsolated: false, mtu: 0, ...init };
  },
  write(m, w) {
    if (m.name !== '') w.uint32(10).string(m.name);
    for (const [k, v] of Object.entries(m.labels)) {
      const e = w.uint32(18).fork();
      e.uint32(10).string(k);
      e.uint32(18).string(v);
      e.ldelim();
    }
    if (m.driver !== 0) w.uint32(24).int32(m.driver);
    for (const v of m.subnets) SubnetConfig.write(v, w.uint32(34).fork()).ldelim();
    if (m.isIpv6 !== false) w.uint32(40).bool(m.isIpv6);
    if (m.isInternal !== false) w.uint32(48).bool(m.isInternal);
    if (m.isAttachable !== false) w.uint32(56).bool(m.isAttachable);
    if (m.isEncrypted !== false) w.uint32(64).bool(m.isEncrypted);
    if (m.isIsolated !== false) w.uint32(72).bool(m.isIsolated);
    if (m.mtu !== 0) w.uint32(80).uint32(m.mtu);
    return w;
  },
  encode(m) {
    return encoded(NetworkSpec.write, m);
  },
  read(r, end) {
    const m = NetworkSpec.create() as Mutable<NetworkSpec>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.name = r.string();
          break;
        case 2:
          readMapEntry(r, m.labels, '', () => r.string());
          break;
        case 3:
          m.driver = r.int32() as NetworkDriver;
          break;
        case 4:
          m.subnets.push(SubnetConfig.read(r, r.uint32() + r.pos));
          break;
        case 5:
          m.isIpv6 = r.bool();
          break;
        case 6:
          m.isInternal = r.bool();
          break;
        case 7:
          m.isAttachable = r.bool();
          break;
        case 8:
          m.isEncrypted = r.bool();
          break;
        case 9:
          m.isIsolated = r.bool();
          break;
        case 10:
          m.mtu = r.uint32();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as NetworkSpec;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return NetworkSpec.read(r, r.len);
  },
};

export interface SubnetConfig {
  readonly subnet: string;
  readonly gateway: string;
  readonly ipRange: string;
}
export const SubnetConfig: MessageCodec<SubnetConfig> = {
  typeName: 'tessera.v1.SubnetConfig',
  fields: [
    { name: 'subnet', number: 1, type: 'string', shape: 'one' },
    { name: 'gateway', number: 2, type: 'string', shape: 'one' },
    { name: 'ipRange', number: 3, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { subnet: '', gateway: '', ipRange: '', ...init };
  },
  write(m, w) {
    if (m.subnet !== '') w.uint32(10).string(m.subnet);
    if (m.gateway !== '') w.uint32(18).string(m.gateway);
    if (m.ipRange !== '') w.uint32(26).string(m.ipRange);
    return w;
  },
  encode(m) {
    return encoded(SubnetConfig.write, m);
  },
  read(r, end) {
    const m = SubnetConfig.create() as Mutable<SubnetConfig>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.subnet = r.string();
          break;
        case 2:
          m.gateway = r.string();
          break;
        case 3:
          m.ipRange = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as SubnetConfig;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return SubnetConfig.read(r, r.len);
  },
};

export interface NetworkAllocation {
  readonly vni: number;
  readonly subnets: readonly SubnetConfig[];
}
export const NetworkAllocation: MessageCodec<NetworkAllocation> = {
  typeName: 'tessera.v1.NetworkAllocation',
  fields: [
    { name: 'vni', number: 1, type: 'uint32', shape: 'one' },
    { name: 'subnets', number: 2, type: 'object', shape: 'list', message: (): MessageCodec<never> => SubnetConfig as MessageCodec<never> },
  ],
  create(init) {
    return { vni: 0, subnets: [], ...init };
  },
  write(m, w) {
    if (m.vni !== 0) w.uint32(8).uint32(m.vni);
    for (const v of m.subnets) SubnetConfig.write(v, w.uint32(18).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(NetworkAllocation.write, m);
  },
  read(r, end) {
    const m = NetworkAllocation.create() as Mutable<NetworkAllocation>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.vni = r.uint32();
          break;
        case 2:
          m.subnets.push(SubnetConfig.read(r, r.uint32() + r.pos));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as NetworkAllocation;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return NetworkAllocation.read(r, r.len);
  },
};

export interface NetworkAddress {
  readonly networkId: string;
  readonly address: string;
  readonly addressV6: string;
}
export const NetworkAddress: MessageCodec<NetworkAddress> = {
  typeName: 'tessera.v1.NetworkAddress',
  fields: [
    { name: 'networkId', number: 1, type: 'string', shape: 'one' },
    { name: 'address', number: 2, type: 'string', shape: 'one' },
    { name: 'addressV6', number: 3, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { networkId: '', address: '', addressV6: '', ...init };
  },
  write(m, w) {
    if (m.networkId !== '') w.uint32(10).string(m.networkId);
    if (m.address !== '') w.uint32(18).string(m.address);
    if (m.addressV6 !== '') w.uint32(26).string(m.addressV6);
    return w;
  },
  encode(m) {
    return encoded(NetworkAddress.write, m);
  },
  read(r, end) {
    const m = NetworkAddress.create() as Mutable<NetworkAddress>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.networkId = r.string();
          break;
        case 2:
          m.address = r.string();
          break;
        case 3:
          m.addressV6 = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as NetworkAddress;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return NetworkAddress.read(r, r.len);
  },
};

export interface Service {
  readonly id: string;
  readonly meta?: Meta | undefined;
  readonly spec?: ServiceSpec | undefined;
  readonly specVersion: number;
  readonly previousSpec?: ServiceSpec | undefined;
  readonly updateStatus?: UpdateStatus | undefined;
  readonly isRemoving: boolean;
  readonly endpoint?: ServiceEndpoint | undefined;
}
export const Service: MessageCodec<Service> = {
  typeName: 'tessera.v1.Service',
  fields: [
    { name: 'id', number: 1, type: 'string', shape: 'one' },
    { name: 'meta', number: 2, type: 'object', shape: 'one', message: (): MessageCodec<never> => Meta as MessageCodec<never> },
    { name: 'spec', number: 3, type: 'object', shape: 'one', message: (): MessageCodec<never> => ServiceSpec as MessageCodec<never> },
    { name: 'specVersion', number: 4, type: 'uint64', shape: 'one' },
    { name: 'previousSpec', number: 5, type: 'object', shape: 'one', message: (): MessageCodec<never> => ServiceSpec as MessageCodec<never> },
    { name: 'updateStatus', number: 6, type: 'object', shape: 'one', message: (): MessageCodec<never> => UpdateStatus as MessageCodec<never> },
    { name: 'isRemoving', number: 7, type: 'bool', shape: 'one' },
    { name: 'endpoint', number: 8, type: 'object', shape: 'one', message: (): MessageCodec<never> => ServiceEndpoint as MessageCodec<never> },
  ],
  create(init) {
    return { id: '', specVersion: 0, isRemoving: false, ...init };
  },
  write(m, w) {
    if (m.id !== '') w.uint32(10).string(m.id);
    if (m.meta !== undefined) Meta.write(m.meta, w.uint32(18).fork()).ldelim();
    if (m.spec !== undefined) ServiceSpec.write(m.spec, w.uint32(26).fork()).ldelim();
    if (m.specVersion !== 0) w.uint32(32).uint64(safe(m.specVersion, 'specVersion'));
    if (m.previousSpec !== undefined) ServiceSpec.write(m.previousSpec, w.uint32(42).fork()).ldelim();
    if (m.updateStatus !== undefined) UpdateStatus.write(m.updateStatus, w.uint32(50).fork()).ldelim();
    if (m.isRemoving !== false) w.uint32(56).bool(m.isRemoving);
    if (m.endpoint !== undefined) ServiceEndpoint.write(m.endpoint, w.uint32(66).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(Service.write, m);
  },
  read(r, end) {
    const m = Service.create() as Mutable<Service>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.id = r.string();
          break;
        case 2:
          m.meta = Meta.read(r, r.uint32() + r.pos);
          break;
        case 3:
          m.spec = ServiceSpec.read(r, r.uint32() + r.pos);
          break;
        case 4:
          m.specVersion = toSafe(r.uint64(), 'specVersion');
          break;
        case 5:
          m.previousSpec = ServiceSpec.read(r, r.uint32() + r.pos);
          break;
        case 6:
          m.updateStatus = UpdateStatus.read(r, r.uint32() + r.pos);
          break;
        case 7:
          m.isRemoving = r.bool();
          break;
        case 8:
          m.endpoint = ServiceEndpoint.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Service;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Service.read(r, r.len);
  },
};

export interface ServiceEndpoint {
  readonly virtualAddresses: readonly NetworkAddress[];
  readonly ports: readonly PortConfig[];
  readonly error: string;
}
export const ServiceEndpoint: MessageCodec<ServiceEndpoint> = {
  typeName: 'tessera.v1.ServiceEndpoint',
  fields: [
    { name: 'virtualAddresses', number: 1, type: 'object', shape: 'list', message: (): MessageCodec<never> => NetworkAddress as MessageCodec<never> },
    { name: 'ports', number: 2, type: 'object', shape: 'list', message: (): MessageCodec<never> => PortConfig as MessageCodec<never> },
    { name: 'error', number: 3, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { virtualAddresses: [], ports: [], error: '', ...init };
  },
  write(m, w) {
    for (const v of m.virtualAddresses) NetworkAddress.write(v, w.uint32(10).fork()).ldelim();
    for (const v of m.ports) PortConfig.write(v, w.uint32(18).fork()).ldelim();
    if (m.error !== '') w.uint32(26).string(m.error);
    return w;
  },
  encode(m) {
    return encoded(ServiceEndpoint.write, m);
  },
  read(r, end) {
    const m = ServiceEndpoint.create() as Mutable<ServiceEndpoint>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.virtualAddresses.push(NetworkAddress.read(r, r.uint32() + r.pos));
          break;
        case 2:
          m.ports.push(PortConfig.read(r, r.uint32() + r.pos));
          break;
        case 3:
          m.error = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ServiceEndpoint;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ServiceEndpoint.read(r, r.len);
  },
};

export interface ServiceSpec {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly task?: TaskSpec | undefined;
  readonly update?: UpdateConfig | undefined;
  readonly endpoint?: EndpointSpec | undefined;
  readonly rollback?: UpdateConfig | undefined;
  readonly allowFrom: readonly string[];
  readonly disruption?: DisruptionConfig | undefined;
  readonly mode?:
    | { readonly kind: 'replicated'; readonly replicated: ReplicatedMode }
    | { readonly kind: 'global'; readonly global: GlobalMode }
    | undefined;
}
export const ServiceSpec: MessageCodec<ServiceSpec> = {
  typeName: 'tessera.v1.ServiceSpec',
  fields: [
    { name: 'name', number: 1, type: 'string', shape: 'one' },
    { name: 'labels', number: 2, type: 'string', shape: 'map' },
    { name: 'task', number: 3, type: 'object', shape: 'one', message: (): MessageCodec<never> => TaskSpec as MessageCodec<never> },
    { name: 'replicated', number: 4, type: 'object', shape: 'one', oneof: 'mode', message: (): MessageCodec<never> => ReplicatedMode as MessageCodec<never> },
    { name: 'global', number: 5, type: 'object', shape: 'one', oneof: 'mode', message: (): MessageCodec<never> => GlobalMode as MessageCodec<never> },
    { name: 'update', number: 6, type: 'object', shape: 'one', message: (): MessageCodec<never> => UpdateConfig as MessageCodec<never> },
    { name: 'endpoint', number: 7, type: 'object', shape: 'one', message: (): MessageCodec<never> => EndpointSpec as MessageCodec<never> },
    { name: 'rollback', number: 8, type: 'object', shape: 'one', message: (): MessageCodec<never> => UpdateConfig as MessageCodec<never> },
    { name: 'allowFrom', number: 9, type: 'string', shape: 'list' },
    { name: 'disruption', number: 10, type: 'object', shape: 'one', message: (): MessageCodec<never> => DisruptionConfig as MessageCodec<never> },
  ],
  create(init) {
    return { name: '', labels: {}, allowFrom: [], ...init };
  },
  write(m, w) {
    if (m.name !== '') w.uint32(10).string(m.name);
    for (const [k, v] of Object.entries(m.labels)) {
      const e = w.uint32(18).fork();
      e.uint32(10).string(k);
      e.uint32(18).string(v);
      e.ldelim();
    }
    if (m.task !== undefined) TaskSpec.write(m.task, w.uint32(26).fork()).ldelim();
    if (m.update !== undefined) UpdateConfig.write(m.update, w.uint32(50).fork()).ldelim();
    if (m.endpoint !== undefined) EndpointSpec.write(m.endpoint, w.uint32(58).fork()).ldelim();
    if (m.rollback !== undefined) UpdateConfig.write(m.rollback, w.uint32(66).fork()).ldelim();
    for (const v of m.allowFrom) w.uint32(74).string(v);
    if (m.disruption !== undefined) DisruptionConfig.write(m.disruption, w.uint32(82).fork()).ldelim();
    switch (m.mode?.kind) {
      case 'replicated':
        ReplicatedMode.write(m.mode.replicated, w.uint32(34).fork()).ldelim();
        break;
      case 'global':
        GlobalMode.write(m.mode.global, w.uint32(42).fork()).ldelim();
        break;
    }
    return w;
  },
  encode(m) {
    return encoded(ServiceSpec.write, m);
  },
  read(r, end) {
    const m = ServiceSpec.create() as Mutable<ServiceSpec>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.name = r.string();
          break;
        case 2:
          readMapEntry(r, m.labels, '', () => r.string());
          break;
        case 3:
          m.task = TaskSpec.read(r, r.uint32() + r.pos);
          break;
        case 4:
          m.mode = { kind: 'replicated', replicated: ReplicatedMode.read(r, r.uint32() + r.pos) };
          break;
        case 5:
          m.mode = { kind: 'global', global: GlobalMode.read(r, r.uint32() + r.pos) };
          break;
        case 6:
          m.update = UpdateConfig.read(r, r.uint32() + r.pos);
          break;
        case 7:
          m.endpoint = EndpointSpec.read(r, r.uint32() + r.pos);
          break;
        case 8:
          m.rollback = UpdateConfig.read(r, r.uint32() + r.pos);
          break;
        case 9:
          m.allowFrom.push(r.string());
          break;
        case 10:
          m.disruption = DisruptionConfig.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ServiceSpec;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ServiceSpec.read(r, r.len);
  },
};

export interface DisruptionConfig {
  readonly maxUnavailable?:
    | { readonly kind: 'count'; readonly count: number }
    | { readonly kind: 'percent'; readonly percent: number }
    | undefined;
}
export const DisruptionConfig: MessageCodec<DisruptionConfig> = {
  typeName: 'tessera.v1.DisruptionConfig',
  fields: [
    { name: 'count', number: 1, type: 'uint32', shape: 'one', oneof: 'maxUnavailable' },
    { name: 'percent', number: 2, type: 'uint32', shape: 'one', oneof: 'maxUnavailable' },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    switch (m.maxUnavailable?.kind) {
      case 'count':
        w.uint32(8).uint32(m.maxUnavailable.count);
        break;
      case 'percent':
        w.uint32(16).uint32(m.maxUnavailable.percent);
        break;
    }
    return w;
  },
  encode(m) {
    return encoded(DisruptionConfig.write, m);
  },
  read(r, end) {
    const m = DisruptionConfig.create() as Mutable<DisruptionConfig>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.maxUnavailable = { kind: 'count', count: r.uint32() };
          break;
        case 2:
          m.maxUnavailable = { kind: 'percent', percent: r.uint32() };
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as DisruptionConfig;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return DisruptionConfig.read(r, r.len);
  },
};

export interface ReplicatedMode {
  readonly replicas: number;
}
export const ReplicatedMode: MessageCodec<ReplicatedMode> = {
  typeName: 'tessera.v1.ReplicatedMode',
  fields: [
    { name: 'replicas', number: 1, type: 'uint32', shape: 'one' },
  ],
  create(init) {
    return { replicas: 0, ...init };
  },
  write(m, w) {
    if (m.replicas !== 0) w.uint32(8).uint32(m.replicas);
    return w;
  },
  encode(m) {
    return encoded(ReplicatedMode.write, m);
  },
  read(r, end) {
    const m = ReplicatedMode.create() as Mutable<ReplicatedMode>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.replicas = r.uint32();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ReplicatedMode;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ReplicatedMode.read(r, r.len);
  },
};

export interface GlobalMode {
}
export const GlobalMode: MessageCodec<GlobalMode> = {
  typeName: 'tessera.v1.GlobalMode',
  fields: [
  ],
  create(init) {
    return { ...init };
  },
  write(_m, w) {
    return w;
  },
  encode(m) {
    return encoded(GlobalMode.write, m);
  },
  read(r, end) {
    const m = GlobalMode.create() as Mutable<GlobalMode>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        default:
          r.skipType(tag & 7);
      }
    }
    return m as GlobalMode;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return GlobalMode.read(r, r.len);
  },
};

export interface UpdateConfig {
  readonly parallelism: number;
  readonly delayMs: number;
  readonly failureAction: FailureAction;
  readonly monitorMs: number;
  readonly maxFailureRatio: number;
  readonly order: UpdateOrder;
}
export const UpdateConfig: MessageCodec<UpdateConfig> = {
  typeName: 'tessera.v1.UpdateConfig',
  fields: [
    { name: 'parallelism', number: 1, type: 'uint32', shape: 'one' },
    { name: 'delayMs', number: 2, type: 'uint64', shape: 'one' },
    { name: 'failureAction', number: 3, type: 'object', shape: 'one', names: FailureActionNames },
    { name: 'monitorMs', number: 4, type: 'uint64', shape: 'one' },
    { name: 'maxFailureRatio', number: 5, type: 'double', shape: 'one' },
    { name: 'order', number: 6, type: 'object', shape: 'one', names: UpdateOrderNames },
  ],
  create(init) {
    return { parallelism: 0, delayMs: 0, failureAction: 0, monitorMs: 0, maxFailureRatio: 0, order: 0, ...init };
  },
  write(m, w) {
    if (m.parallelism !== 0) w.uint32(8).uint32(m.parallelism);
    if (m.delayMs !== 0) w.uint32(16).uint64(safe(m.delayMs, 'delayMs'));
    if (m.failureAction !== 0) w.uint32(24).int32(m.failureAction);
    if (m.monitorMs !== 0) w.uint32(32).uint64(safe(m.monitorMs, 'monitorMs'));
    if (m.maxFailureRatio !== 0) w.uint32(41).double(m.maxFailureRatio);
    if (m.order !== 0) w.uint32(48).int32(m.order);
    return w;
  },
  encode(m) {
    return encoded(UpdateConfig.write, m);
  },
  read(r, end) {
    const m = UpdateConfig.create() as Mutable<UpdateConfig>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.parallelism = r.uint32();
          break;
        case 2:
          m.delayMs = toSafe(r.uint64(), 'delayMs');
          break;
        case 3:
          m.failureAction = r.int32() as FailureAction;
          break;
        case 4:
          m.monitorMs = toSafe(r.uint64(), 'monitorMs');
          break;
        case 5:
          m.maxFailureRatio = r.double();
          break;
        case 6:
          m.order = r.int32() as UpdateOrder;
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as UpdateConfig;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return UpdateConfig.read(r, r.len);
  },
};

export interface UpdateStatus {
  readonly state: UpdateState;
  readonly startedAtMs: number;
  readonly completedAtMs: number;
  readonly message: string;
  readonly specVersion: number;
}
export const UpdateStatus: MessageCodec<UpdateStatus> = {
  typeName: 'tessera.v1.UpdateStatus',
  fields: [
    { name: 'state', number: 1, type: 'object', shape: 'one', names: UpdateStateNames },
    { name: 'startedAtMs', number: 2, type: 'uint64', shape: 'one' },
    { name: 'completedAtMs', number: 3, type: 'uint64', shape: 'one' },
    { name: 'message', number: 4, type: 'string', shape: 'one' },
    { name: 'specVersion', number: 5, type: 'uint64', shape: 'one' },
  ],
  create(init) {
    return { state: 0, startedAtMs: 0, completedAtMs: 0, message: '', specVersion: 0, ...init };
  },
  write(m, w) {
    if (m.state !== 0) w.uint32(8).int32(m.state);
    if (m.startedAtMs !== 0) w.uint32(16).uint64(safe(m.startedAtMs, 'startedAtMs'));
    if (m.completedAtMs !== 0) w.uint32(24).uint64(safe(m.completedAtMs, 'completedAtMs'));
    if (m.message !== '') w.uint32(34).string(m.message);
    if (m.specVersion !== 0) w.uint32(40).uint64(safe(m.specVersion, 'specVersion'));
    return w;
  },
  encode(m) {
    return encoded(UpdateStatus.write, m);
  },
  read(r, end) {
    const m = UpdateStatus.create() as Mutable<UpdateStatus>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.state = r.int32() as UpdateState;
          break;
        case 2:
          m.startedAtMs = toSafe(r.uint64(), 'startedAtMs');
          break;
        case 3:
          m.completedAtMs = toSafe(r.uint64(), 'completedAtMs');
          break;
        case 4:
          m.message = r.string();
          break;
        case 5:
          m.specVersion = toSafe(r.uint64(), 'specVersion');
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as UpdateStatus;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return UpdateStatus.read(r, r.len);
  },
};

export interface PortConfig {
  readonly name: string;
  readonly protocol: Protocol;
  readonly targetPort: number;
  readonly publishedPort: number;
  readonly mode: PublishMode;
  readonly hostIp: string;
}
export const PortConfig: MessageCodec<PortConfig> = {
  typeName: 'tessera.v1.PortConfig',
  fields: [
    { name: 'name', number: 1, type: 'string', shape: 'one' },
    { name: 'protocol', number: 2, type: 'object', shape: 'one', names: ProtocolNames },
    { name: 'targetPort', number: 3, type: 'uint32', shape: 'one' },
    { name: 'publishedPort', number: 4, type: 'uint32', shape: 'one' },
    { name: 'mode', number: 5, type: 'object', shape: 'one', names: PublishModeNames },
    { name: 'hostIp', number: 6, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { name: '', protocol: 0, targetPort: 0, publishedPort: 0, mode: 0, hostIp: '', ...init };
  },
  write(m, w) {
    if (m.name !== '') w.uint32(10).string(m.name);
    if (m.protocol !== 0) w.uint32(16).int32(m.protocol);
    if (m.targetPort !== 0) w.uint32(24).uint32(m.targetPort);
    if (m.publishedPort !== 0) w.uint32(32).uint32(m.publishedPort);
    if (m.mode !== 0) w.uint32(40).int32(m.mode);
    if (m.hostIp !== '') w.uint32(50).string(m.hostIp);
    return w;
  },
  encode(m) {
    return encoded(PortConfig.write, m);
  },
  read(r, end) {
    const m = PortConfig.create() as Mutable<PortConfig>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.name = r.string();
          break;
        case 2:
          m.protocol = r.int32() as Protocol;
          break;
        case 3:
          m.targetPort = r.uint32();
          break;
        case 4:
          m.publishedPort = r.uint32();
          break;
        case 5:
          m.mode = r.int32() as PublishMode;
          break;
        case 6:
          m.hostIp = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as PortConfig;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return PortConfig.read(r, r.len);
  },
};

export interface EndpointSpec {
  readonly ports: readonly PortConfig[];
  readonly mode: EndpointMode;
  readonly sessionAffinitySeconds: number;
}
export const EndpointSpec: MessageCodec<EndpointSpec> = {
  typeName: 'tessera.v1.EndpointSpec',
  fields: [
    { name: 'ports', number: 1, type: 'object', shape: 'list', message: (): MessageCodec<never> => PortConfig as MessageCodec<never> },
    { name: 'mode', number: 2, type: 'object', shape: 'one', names: EndpointModeNames },
    { name: 'sessionAffinitySeconds', number: 3, type: 'uint32', shape: 'one' },
  ],
  create(init) {
    return { ports: [], mode: 0, sessionAffinitySeconds: 0, ...init };
  },
  write(m, w) {
    for (const v of m.ports) PortConfig.write(v, w.uint32(10).fork()).ldelim();
    if (m.mode !== 0) w.uint32(16).int32(m.mode);
    if (m.sessionAffinitySeconds !== 0) w.uint32(24).uint32(m.sessionAffinitySeconds);
    return w;
  },
  encode(m) {
    return encoded(EndpointSpec.write, m);
  },
  read(r, end) {
    const m = EndpointSpec.create() as Mutable<EndpointSpec>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.ports.push(PortConfig.read(r, r.uint32() + r.pos));
          break;
        case 2:
          m.mode = r.int32() as EndpointMode;
          break;
        case 3:
          m.sessionAffinitySeconds = r.uint32();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as EndpointSpec;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return EndpointSpec.read(r, r.len);
  },
};

export interface NetworkAttachmentConfig {
  readonly network: string;
  readonly aliases: readonly string[];
  readonly addresses: readonly string[];
}
export const NetworkAttachmentConfig: MessageCodec<NetworkAttachmentConfig> = {
  typeName: 'tessera.v1.NetworkAttachmentConfig',
  fields: [
    { name: 'network', number: 1, type: 'string', shape: 'one' },
    { name: 'aliases', number: 2, type: 'string', shape: 'list' },
    { name: 'addresses', number: 3, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { network: '', aliases: [], addresses: [], ...init };
  },
  write(m, w) {
    if (m.network !== '') w.uint32(10).string(m.network);
    for (const v of m.aliases) w.uint32(18).string(v);
    for (const v of m.addresses) w.uint32(26).string(v);
    return w;
  },
  encode(m) {
    return encoded(NetworkAttachmentConfig.write, m);
  },
  read(r, end) {
    const m = NetworkAttachmentConfig.create() as Mutable<NetworkAttachmentConfig>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.network = r.string();
          break;
        case 2:
          m.aliases.push(r.string());
          break;
        case 3:
          m.addresses.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as NetworkAttachmentConfig;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return NetworkAttachmentConfig.read(r, r.len);
  },
};

export interface DnsConfig {
  readonly nameservers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
}
export const DnsConfig: MessageCodec<DnsConfig> = {
  typeName: 'tessera.v1.DnsConfig',
  fields: [
    { name: 'nameservers', number: 1, type: 'string', shape: 'list' },
    { name: 'search', number: 2, type: 'string', shape: 'list' },
    { name: 'options', number: 3, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { nameservers: [], search: [], options: [], ...init };
  },
  write(m, w) {
    for (const v of m.nameservers) w.uint32(10).string(v);
    for (const v of m.search) w.uint32(18).string(v);
    for (const v of m.options) w.uint32(26).string(v);
    return w;
  },
  encode(m) {
    return encoded(DnsConfig.write, m);
  },
  read(r, end) {
    const m = DnsConfig.create() as Mutable<DnsConfig>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.nameservers.push(r.string());
          break;
        case 2:
          m.search.push(r.string());
          break;
        case 3:
          m.options.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as DnsConfig;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return DnsConfig.read(r, r.len);
  },
};

export interface TaskSpec {
  readonly containers: readonly ContainerSpec[];
  readonly initContainers: readonly ContainerSpec[];
  readonly resources?: ResourceRequirements | undefined;
  readonly restart?: RestartPolicy | undefined;
  readonly placement?: Placement | undefined;
  readonly forceUpdate: number;
  readonly hostname: string;
  readonly networks: readonly NetworkAttachmentConfig[];
  readonly dns?: DnsConfig | undefined;
  readonly hosts: readonly string[];
}
export const TaskSpec: MessageCodec<TaskSpec> = {
  typeName: 'tessera.v1.TaskSpec',
  fields: [
    { name: 'containers', number: 1, type: 'object', shape: 'list', message: (): MessageCodec<never> => ContainerSpec as MessageCodec<never> },
    { name: 'initContainers', number: 2, type: 'object', shape: 'list', message: (): MessageCodec<never> => ContainerSpec as MessageCodec<never> },
    { name: 'resources', number: 3, type: 'object', shape: 'one', message: (): MessageCodec<never> => ResourceRequirements as MessageCodec<never> },
    { name: 'restart', number: 4, type: 'object', shape: 'one', message: (): MessageCodec<never> => RestartPolicy as MessageCodec<never> },
    { name: 'placement', number: 5, type: 'object', shape: 'one', message: (): MessageCodec<never> => Placement as MessageCodec<never> },
    { name: 'forceUpdate', number: 6, type: 'uint32', shape: 'one' },
    { name: 'hostname', number: 7, type: 'string', shape: 'one' },
    { name: 'networks', number: 8, type: 'object', shape: 'list', message: (): MessageCodec<never> => NetworkAttachmentConfig as MessageCodec<never> },
    { name: 'dns', number: 9, type: 'object', shape: 'one', message: (): MessageCodec<never> => DnsConfig as MessageCodec<never> },
    { name: 'hosts', number: 10, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { containers: [], initContainers: [], forceUpdate: 0, hostname: '', networks: [], hosts: [], ...init };
  },
  write(m, w) {
    for (const v of m.containers) ContainerSpec.write(v, w.uint32(10).fork()).ldelim();
    for (const v of m.initContainers) ContainerSpec.write(v, w.uint32(18).fork()).ldelim();
    if (m.resources !== undefined) ResourceRequirements.write(m.resources, w.uint32(26).fork()).ldelim();
    if (m.restart !== undefined) RestartPolicy.write(m.restart, w.uint32(34).fork()).ldelim();
    if (m.placement !== undefined) Placement.write(m.placement, w.uint32(42).fork()).ldelim();
    if (m.forceUpdate !== 0) w.uint32(48).uint32(m.forceUpdate);
    if (m.hostname !== '') w.uint32(58).string(m.hostname);
    for (const v of m.networks) NetworkAttachmentConfig.write(v, w.uint32(66).fork()).ldelim();
    if (m.dns !== undefined) DnsConfig.write(m.dns, w.uint32(74).fork()).ldelim();
    for (const v of m.hosts) w.uint32(82).string(v);
    return w;
  },
  encode(m) {
    return encoded(TaskSpec.write, m);
  },
  read(r, end) {
    const m = TaskSpec.create() as Mutable<TaskSpec>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.containers.push(ContainerSpec.read(r, r.uint32() + r.pos));
          break;
        case 2:
          m.initContainers.push(ContainerSpec.read(r, r.uint32() + r.pos));
          break;
        case 3:
          m.resources = ResourceRequirements.read(r, r.uint32() + r.pos);
          break;
        case 4:
          m.restart = RestartPolicy.read(r, r.uint32() + r.pos);
          break;
        case 5:
          m.placement = Placement.read(r, r.uint32() + r.pos);
          break;
        case 6:
          m.forceUpdate = r.uint32();
          break;
        case 7:
          m.hostname = r.string();
          break;
        case 8:
          m.networks.push(NetworkAttachmentConfig.read(r, r.uint32() + r.pos));
          break;
        case 9:
          m.dns = DnsConfig.read(r, r.uint32() + r.pos);
          break;
        case 10:
          m.hosts.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as TaskSpec;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return TaskSpec.read(r, r.len);
  },
};

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly user: string;
  readonly groups: readonly string[];
  readonly mounts: readonly Mount[];
  readonly isReadOnly: boolean;
  readonly capabilityAdd: readonly string[];
  readonly capabilityDrop: readonly string[];
  readonly stopSignal: string;
  readonly stopGracePeriodMs?: number | undefined;
  readonly tty: boolean;
  readonly sysctls: Readonly<Record<string, string>>;
  readonly registryAuth?: RegistryAuth | undefined;
}
export const ContainerSpec: MessageCodec<ContainerSpec> = {
  typeName: 'tessera.v1.ContainerSpec',
  fields: [
    { name: 'name', number: 1, type: 'string', shape: 'one' },
    { name: 'image', number: 2, type: 'string', shape: 'one' },
    { name: 'command', number: 3, type: 'string', shape: 'list' },
    { name: 'args', number: 4, type: 'string', shape: 'list' },
    { name: 'env', number: 5, type: 'string', shape: 'list' },
    { name: 'labels', number: 6, type: 'string', shape: 'map' },
    { name: 'workingDirectory', number: 7, type: 'string', shape: 'one' },
    { name: 'user', number: 8, type: 'string', shape: 'one' },
    { name: 'groups', number: 9, type: 'string', shape: 'list' },
    { name: 'mounts', number: 10, type: 'object', shape: 'list', message: (): MessageCodec<never> => Mount as MessageCodec<never> },
    { name: 'isReadOnly', number: 11, type: 'bool', shape: 'one' },
    { name: 'capabilityAdd', number: 12, type: 'string', shape: 'list' },
    { name: 'capabilityDrop', number: 13, type: 'string', shape: 'list' },
    { name: 'stopSignal', number: 14, type: 'string', shape: 'one' },
    { name: 'stopGracePeriodMs', number: 15, type: 'uint64', shape: 'one' },
    { name: 'tty', number: 16, type: 'bool', shape: 'one' },
    { name: 'sysctls', number: 17, type: 'string', shape: 'map' },
    { name: 'registryAuth', number: 18, type: 'object', shape: 'one', message: (): MessageCodec<never> => RegistryAuth as MessageCodec<never> },
  ],
  create(init) {
    return { name: '', image: '', command: [], args: [], env: [], labels: {}, workingDirectory: '', user: '', groups: [], mounts: [], isReadOnly: false, capabilityAdd: [], capabilityDrop: [], stopSignal: '', tty: false, sysctls: {}, ...init };
  },
  write(m, w) {
    if (m.name !== '') w.uint32(10).string(m.name);
    if (m.image !== '') w.uint32(18).string(m.image);
    for (const v of m.command) w.uint32(26).string(v);
    for (const v of m.args) w.uint32(34).string(v);
    for (const v of m.env) w.uint32(42).string(v);
    for (const [k, v] of Object.entries(m.labels)) {
      const e = w.uint32(50).fork();
      e.uint32(10).string(k);
      e.uint32(18).string(v);
      e.ldelim();
    }
    if (m.workingDirectory !== '') w.uint32(58).string(m.workingDirectory);
    if (m.user !== '') w.uint32(66).string(m.user);
    for (const v of m.groups) w.uint32(74).string(v);
    for (const v of m.mounts) Mount.write(v, w.uint32(82).fork()).ldelim();
    if (m.isReadOnly !== false) w.uint32(88).bool(m.isReadOnly);
    for (const v of m.capabilityAdd) w.uint32(98).string(v);
    for (const v of m.capabilityDrop) w.uint32(106).string(v);
    if (m.stopSignal !== '') w.uint32(114).string(m.stopSignal);
    if (m.stopGracePeriodMs !== undefined) w.uint32(120).uint64(safe(m.stopGracePeriodMs, 'stopGracePeriodMs'));
    if (m.tty !== false) w.uint32(128).bool(m.tty);
    for (const [k, v] of Object.entries(m.sysctls)) {
      const e = w.uint32(138).fork();
      e.uint32(10).string(k);
      e.uint32(18).string(v);
      e.ldelim();
    }
    if (m.registryAuth !== undefined) RegistryAuth.write(m.registryAuth, w.uint32(146).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(ContainerSpec.write, m);
  },
  read(r, end) {
    const m = ContainerSpec.create() as Mutable<ContainerSpec>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.name = r.string();
          break;
        case 2:
          m.image = r.string();
          break;
        case 3:
          m.command.push(r.string());
          break;
        case 4:
          m.args.push(r.string());
          break;
        case 5:
          m.env.push(r.string());
          break;
        case 6:
          readMapEntry(r, m.labels, '', () => r.string());
          break;
        case 7:
          m.workingDirectory = r.string();
          break;
        case 8:
          m.user = r.string();
          break;
        case 9:
          m.groups.push(r.string());
          break;
        case 10:
          m.mounts.push(Mount.read(r, r.uint32() + r.pos));
          break;
        case 11:
          m.isReadOnly = r.bool();
          break;
        case 12:
          m.capabilityAdd.push(r.string());
          break;
        case 13:
          m.capabilityDrop.push(r.string());
          break;
        case 14:
          m.stopSignal = r.string();
          break;
        case 15:
          m.stopGracePeriodMs = toSafe(r.uint64(), 'stopGracePeriodMs');
          break;
        case 16:
          m.tty = r.bool();
          break;
        case 17:
          readMapEntry(r, m.sysctls, '', () => r.string());
          break;
        case 18:
          m.registryAuth = RegistryAuth.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ContainerSpec;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ContainerSpec.read(r, r.len);
  },
};

export interface RegistryAuth {
  readonly username: string;
  readonly password: string;
}
export const RegistryAuth: MessageCodec<RegistryAuth> = {
  typeName: 'tessera.v1.RegistryAuth',
  fields: [
    { name: 'username', number: 1, type: 'string', shape: 'one' },
    { name: 'password', number: 2, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { username: '', password: '', ...init };
  },
  write(m, w) {
    if (m.username !== '') w.uint32(10).string(m.username);
    if (m.password !== '') w.uint32(18).string(m.password);
    return w;
  },
  encode(m) {
    return encoded(RegistryAuth.write, m);
  },
  read(r, end) {
    const m = RegistryAuth.create() as Mutable<RegistryAuth>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.username = r.string();
          break;
        case 2:
          m.password = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RegistryAuth;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RegistryAuth.read(r, r.len);
  },
};

export interface Mount {
  readonly kind: MountKind;
  readonly source: string;
  readonly target: string;
  readonly isReadOnly: boolean;
  readonly tmpfsSizeBytes: number;
  readonly tmpfsMode: number;
  readonly isExisting: boolean;
}
export const Mount: MessageCodec<Mount> = {
  typeName: 'tessera.v1.Mount',
  fields: [
    { name: 'kind', number: 1, type: 'object', shape: 'one', names: MountKindNames },
    { name: 'source', number: 2, type: 'string', shape: 'one' },
    { name: 'target', number: 3, type: 'string', shape: 'one' },
    { name: 'isReadOnly', number: 4, type: 'bool', shape: 'one' },
    { name: 'tmpfsSizeBytes', number: 5, type: 'uint64', shape: 'one' },
    { name: 'tmpfsMode', number: 6, type: 'uint32', shape: 'one' },
    { name: 'isExisting', number: 7, type: 'bool', shape: 'one' },
  ],
  create(init) {
    return { kind: 0, source: '', target: '', isReadOnly: false, tmpfsSizeBytes: 0, tmpfsMode: 0, isExisting: false, ...init };
  },
  write(m, w) {
    if (m.kind !== 0) w.uint32(8).int32(m.kind);
    if (m.source !== '') w.uint32(18).string(m.source);
    if (m.target !== '') w.uint32(26).string(m.target);
    if (m.isReadOnly !== false) w.uint32(32).bool(m.isReadOnly);
    if (m.tmpfsSizeBytes !== 0) w.uint32(40).uint64(safe(m.tmpfsSizeBytes, 'tmpfsSizeBytes'));
    if (m.tmpfsMode !== 0) w.uint32(48).uint32(m.tmpfsMode);
    if (m.isExisting !== false) w.uint32(56).bool(m.isExisting);
    return w;
  },
  encode(m) {
    return encoded(Mount.write, m);
  },
  read(r, end) {
    const m = Mount.create() as Mutable<Mount>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.kind = r.int32() as MountKind;
          break;
        case 2:
          m.source = r.string();
          break;
        case 3:
          m.target = r.string();
          break;
        case 4:
          m.isReadOnly = r.bool();
          break;
        case 5:
          m.tmpfsSizeBytes = toSafe(r.uint64(), 'tmpfsSizeBytes');
          break;
        case 6:
          m.tmpfsMode = r.uint32();
          break;
        case 7:
          m.isExisting = r.bool();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Mount;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Mount.read(r, r.len);
  },
};

export interface ResourceRequirements {
  readonly limits?: Resources | undefined;
  readonly reservations?: Resources | undefined;
}
export const ResourceRequirements: MessageCodec<ResourceRequirements> = {
  typeName: 'tessera.v1.ResourceRequirements',
  fields: [
    { name: 'limits', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => Resources as MessageCodec<never> },
    { name: 'reservations', number: 2, type: 'object', shape: 'one', message: (): MessageCodec<never> => Resources as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    if (m.limits !== undefined) Resources.write(m.limits, w.uint32(10).fork()).ldelim();
    if (m.reservations !== undefined) Resources.write(m.reservations, w.uint32(18).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(ResourceRequirements.write, m);
  },
  read(r, end) {
    const m = ResourceRequirements.create() as Mutable<ResourceRequirements>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.limits = Resources.read(r, r.uint32() + r.pos);
          break;
        case 2:
          m.reservations = Resources.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ResourceRequirements;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ResourceRequirements.read(r, r.len);
  },
};

export interface RestartPolicy {
  readonly condition: RestartCondition;
  readonly delayMs?: number | undefined;
  readonly delayMaxMs?: number | undefined;
  readonly attemptsMax: number;
  readonly windowMs: number;
}
export const RestartPolicy: MessageCodec<RestartPolicy> = {
  typeName: 'tessera.v1.RestartPolicy',
  fields: [
    { name: 'condition', number: 1, type: 'object', shape: 'one', names: RestartConditionNames },
    { name: 'delayMs', number: 2, type: 'uint64', shape: 'one' },
    { name: 'delayMaxMs', number: 3, type: 'uint64', shape: 'one' },
    { name: 'attemptsMax', number: 4, type: 'uint32', shape: 'one' },
    { name: 'windowMs', number: 5, type: 'uint64', shape: 'one' },
  ],
  create(init) {
    return { condition: 0, attemptsMax: 0, windowMs: 0, ...init };
  },
  write(m, w) {
    if (m.condition !== 0) w.uint32(8).int32(m.condition);
    if (m.delayMs !== undefined) w.uint32(16).uint64(safe(m.delayMs, 'delayMs'));
    if (m.delayMaxMs !== undefined) w.uint32(24).uint64(safe(m.delayMaxMs, 'delayMaxMs'));
    if (m.attemptsMax !== 0) w.uint32(32).uint32(m.attemptsMax);
    if (m.windowMs !== 0) w.uint32(40).uint64(safe(m.windowMs, 'windowMs'));
    return w;
  },
  encode(m) {
    return encoded(RestartPolicy.write, m);
  },
  read(r, end) {
    const m = RestartPolicy.create() as Mutable<RestartPolicy>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.condition = r.int32() as RestartCondition;
          break;
        case 2:
          m.delayMs = toSafe(r.uint64(), 'delayMs');
          break;
        case 3:
          m.delayMaxMs = toSafe(r.uint64(), 'delayMaxMs');
          break;
        case 4:
          m.attemptsMax = r.uint32();
          break;
        case 5:
          m.windowMs = toSafe(r.uint64(), 'windowMs');
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RestartPolicy;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RestartPolicy.read(r, r.len);
  },
};

export interface Toleration {
  readonly key: string;
  readonly operator: TolerationOperator;
  readonly value: string;
  readonly effect?: TaintEffect | undefined;
  readonly seconds?: number | undefined;
}
export const Toleration: MessageCodec<Toleration> = {
  typeName: 'tessera.v1.Toleration',
  fields: [
    { name: 'key', number: 1, type: 'string', shape: 'one' },
    { name: 'operator', number: 2, type: 'object', shape: 'one', names: TolerationOperatorNames },
    { name: 'value', number: 3, type: 'string', shape: 'one' },
    { name: 'effect', number: 4, type: 'object', shape: 'one', names: TaintEffectNames },
    { name: 'seconds', number: 5, type: 'int32', shape: 'one' },
  ],
  create(init) {
    return { key: '', operator: 0, value: '', ...init };
  },
  write(m, w) {
    if (m.key !== '') w.uint32(10).string(m.key);
    if (m.operator !== 0) w.uint32(16).int32(m.operator);
    if (m.value !== '') w.uint32(26).string(m.value);
    if (m.effect !== undefined) w.uint32(32).int32(m.effect);
    if (m.seconds !== undefined) w.uint32(40).int32(m.seconds);
    return w;
  },
  encode(m) {
    return encoded(Toleration.write, m);
  },
  read(r, end) {
    const m = Toleration.create() as Mutable<Toleration>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.key = r.string();
          break;
        case 2:
          m.operator = r.int32() as TolerationOperator;
          break;
        case 3:
          m.value = r.string();
          break;
        case 4:
          m.effect = r.int32() as TaintEffect;
          break;
        case 5:
          m.seconds = r.int32();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Toleration;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Toleration.read(r, r.len);
  },
};

export interface Expression {
  readonly key: string;
  readonly operator: SelectorOperator;
  readonly values: readonly string[];
}
export const Expression: MessageCodec<Expression> = {
  typeName: 'tessera.v1.Expression',
  fields: [
    { name: 'key', number: 1, type: 'string', shape: 'one' },
    { name: 'operator', number: 2, type: 'object', shape: 'one', names: SelectorOperatorNames },
    { name: 'values', number: 3, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { key: '', operator: 0, values: [], ...init };
  },
  write(m, w) {
    if (m.key !== '') w.uint32(10).string(m.key);
    if (m.operator !== 0) w.uint32(16).int32(m.operator);
    for (const v of m.values) w.uint32(26).string(v);
    return w;
  },
  encode(m) {
    return encoded(Expression.write, m);
  },
  read(r, end) {
    const m = Expression.create() as Mutable<Expression>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.key = r.string();
          break;
        case 2:
          m.operator = r.int32() as SelectorOperator;
          break;
        case 3:
          m.values.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Expression;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Expression.read(r, r.len);
  },
};

export interface NodeTerm {
  readonly expressions: readonly Expression[];
  readonly fields: readonly Expression[];
}
export const NodeTerm: MessageCodec<NodeTerm> = {
  typeName: 'tessera.v1.NodeTerm',
  fields: [
    { name: 'expressions', number: 1, type: 'object', shape: 'list', message: (): MessageCodec<never> => Expression as MessageCodec<never> },
    { name: 'fields', number: 2, type: 'object', shape: 'list', message: (): MessageCodec<never> => Expression as MessageCodec<never> },
  ],
  create(init) {
    return { expressions: [], fields: [], ...init };
  },
  write(m, w) {
    for (const v of m.expressions) Expression.write(v, w.uint32(10).fork()).ldelim();
    for (const v of m.fields) Expression.write(v, w.uint32(18).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(NodeTerm.write, m);
  },
  read(r, end) {
    const m = NodeTerm.create() as Mutable<NodeTerm>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.expressions.push(Expression.read(r, r.uint32() + r.pos));
          break;
        case 2:
          m.fields.push(Expression.read(r, r.uint32() + r.pos));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as NodeTerm;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return NodeTerm.read(r, r.len);
  },
};

export interface NodeTerms {
  readonly terms: readonly NodeTerm[];
}
export const NodeTerms: MessageCodec<NodeTerms> = {
  typeName: 'tessera.v1.NodeTerms',
  fields: [
    { name: 'terms', number: 1, type: 'object', shape: 'list', message: (): MessageCodec<never> => NodeTerm as MessageCodec<never> },
  ],
  create(init) {
    return { terms: [], ...init };
  },
  write(m, w) {
    for (const v of m.terms) NodeTerm.write(v, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(NodeTerms.write, m);
  },
  read(r, end) {
    const m = NodeTerms.create() as Mutable<NodeTerms>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.terms.push(NodeTerm.read(r, r.uint32() + r.pos));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as NodeTerms;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return NodeTerms.read(r, r.len);
  },
};

export interface PreferredNodeTerm {
  readonly weight: number;
  readonly term?: NodeTerm | undefined;
}
export const PreferredNodeTerm: MessageCodec<PreferredNodeTerm> = {
  typeName: 'tessera.v1.PreferredNodeTerm',
  fields: [
    { name: 'weight', number: 1, type: 'uint32', shape: 'one' },
    { name: 'term', number: 2, type: 'object', shape: 'one', message: (): MessageCodec<never> => NodeTerm as MessageCodec<never> },
  ],
  create(init) {
    return { weight: 0, ...init };
  },
  write(m, w) {
    if (m.weight !== 0) w.uint32(8).uint32(m.weight);
    if (m.term !== undefined) NodeTerm.write(m.term, w.uint32(18).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(PreferredNodeTerm.write, m);
  },
  read(r, end) {
    const m = PreferredNodeTerm.create() as Mutable<PreferredNodeTerm>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.weight = r.uint32();
          break;
        case 2:
          m.term = NodeTerm.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as PreferredNodeTerm;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return PreferredNodeTerm.read(r, r.len);
  },
};

export interface NodeAffinity {
  readonly required?: NodeTerms | undefined;
  readonly preferred: readonly PreferredNodeTerm[];
}
export const NodeAffinity: MessageCodec<NodeAffinity> = {
  typeName: 'tessera.v1.NodeAffinity',
  fields: [
    { name: 'required', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => NodeTerms as MessageCodec<never> },
    { name: 'preferred', number: 2, type: 'object', shape: 'list', message: (): MessageCodec<never> => PreferredNodeTerm as MessageCodec<never> },
  ],
  create(init) {
    return { preferred: [], ...init };
  },
  write(m, w) {
    if (m.required !== undefined) NodeTerms.write(m.required, w.uint32(10).fork()).ldelim();
    for (const v of m.preferred) PreferredNodeTerm.write(v, w.uint32(18).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(NodeAffinity.write, m);
  },
  read(r, end) {
    const m = NodeAffinity.create() as Mutable<NodeAffinity>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.required = NodeTerms.read(r, r.uint32() + r.pos);
          break;
        case 2:
          m.preferred.push(PreferredNodeTerm.read(r, r.uint32() + r.pos));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as NodeAffinity;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return NodeAffinity.read(r, r.len);
  },
};

export interface TaskSelector {
  readonly labels: Readonly<Record<string, string>>;
  readonly expressions: readonly Expression[];
}
export const TaskSelector: MessageCodec<TaskSelector> = {
  typeName: 'tessera.v1.TaskSelector',
  fields: [
    { name: 'labels', number: 1, type: 'string', shape: 'map' },
    { name: 'expressions', number: 2, type: 'object', shape: 'list', message: (): MessageCodec<never> => Expression as MessageCodec<never> },
  ],
  create(init) {
    return { labels: {}, expressions: [], ...init };
  },
  write(m, w) {
    for (const [k, v] of Object.entries(m.labels)) {
      const e = w.uint32(10).fork();
      e.uint32(10).string(k);
      e.uint32(18).string(v);
      e.ldelim();
    }
    for (const v of m.expressions) Expression.write(v, w.uint32(18).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(TaskSelector.write, m);
  },
  read(r, end) {
    const m = TaskSelector.create() as Mutable<TaskSelector>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          readMapEntry(r, m.labels, '', () => r.string());
          break;
        case 2:
          m.expressions.push(Expression.read(r, r.uint32() + r.pos));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as TaskSelector;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return TaskSelector.read(r, r.len);
  },
};

export interface AffinityTerm {
  readonly selector?: TaskSelector | undefined;
  readonly topologyKey: string;
  readonly stacks: readonly string[];
  readonly isAnyStack: boolean;
  readonly matchLabelKeys: readonly string[];
  readonly mismatchLabelKeys: readonly string[];
}
export const AffinityTerm: MessageCodec<AffinityTerm> = {
  typeName: 'tessera.v1.AffinityTerm',
  fields: [
    { name: 'selector', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => TaskSelector as MessageCodec<never> },
    { name: 'topologyKey', number: 2, type: 'string', shape: 'one' },
    { name: 'stacks', number: 3, type: 'string', shape: 'list' },
    { name: 'isAnyStack', number: 4, type: 'bool', shape: 'one' },
    { name: 'matchLabelKeys', number: 5, type: 'string', shape: 'list' },
    { name: 'mismatchLabelKeys', number: 6, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { topologyKey: '', stacks: [], isAnyStack: false, matchLabelKeys: [], mismatchLabelKeys: [], ...init };
  },
  write(m, w) {
    if (m.selector !== undefined) TaskSelector.write(m.selector, w.uint32(10).fork()).ldelim();
    if (m.topologyKey !== '') w.uint32(18).string(m.topologyKey);
    for (const v of m.stacks) w.uint32(26).string(v);
    if (m.isAnyStack !== false) w.uint32(32).bool(m.isAnyStack);
    for (const v of m.matchLabelKeys) w.uint32(42).string(v);
    for (const v of m.mismatchLabelKeys) w.uint32(50).string(v);
    return w;
  },
  encode(m) {
    return encoded(AffinityTerm.write, m);
  },
  read(r, end) {
    const m = AffinityTerm.create() as Mutable<AffinityTerm>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.selector = TaskSelector.read(r, r.uint32() + r.pos);
          break;
        case 2:
          m.topologyKey = r.string();
          break;
        case 3:
          m.stacks.push(r.string());
          break;
        case 4:
          m.isAnyStack = r.bool();
          break;
        case 5:
          m.matchLabelKeys.push(r.string());
          break;
        case 6:
          m.mismatchLabelKeys.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as AffinityTerm;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return AffinityTerm.read(r, r.len);
  },
};

export interface PreferredAffinityTerm {
  readonly weight: number;
  readonly term?: AffinityTerm | undefined;
}
export const PreferredAffinityTerm: MessageCodec<PreferredAffinityTerm> = {
  typeName: 'tessera.v1.PreferredAffinityTerm',
  fields: [
    { name: 'weight', number: 1, type: 'uint32', shape: 'one' },
    { name: 'term', number: 2, type: 'object', shape: 'one', message: (): MessageCodec<never> => AffinityTerm as MessageCodec<never> },
  ],
  create(init) {
    return { weight: 0, ...init };
  },
  write(m, w) {
    if (m.weight !== 0) w.uint32(8).uint32(m.weight);
    if (m.term !== undefined) AffinityTerm.write(m.term, w.uint32(18).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(PreferredAffinityTerm.write, m);
  },
  read(r, end) {
    const m = PreferredAffinityTerm.create() as Mutable<PreferredAffinityTerm>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.weight = r.uint32();
          break;
        case 2:
          m.term = AffinityTerm.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as PreferredAffinityTerm;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return PreferredAffinityTerm.read(r, r.len);
  },
};

export interface ServiceAffinity {
  readonly required: readonly AffinityTerm[];
  readonly preferred: readonly PreferredAffinityTerm[];
}
export const ServiceAffinity: MessageCodec<ServiceAffinity> = {
  typeName: 'tessera.v1.ServiceAffinity',
  fields: [
    { name: 'required', number: 1, type: 'object', shape: 'list', message: (): MessageCodec<never> => AffinityTerm as MessageCodec<never> },
    { name: 'preferred', number: 2, type: 'object', shape: 'list', message: (): MessageCodec<never> => PreferredAffinityTerm as MessageCodec<never> },
  ],
  create(init) {
    return { required: [], preferred: [], ...init };
  },
  write(m, w) {
    for (const v of m.required) AffinityTerm.write(v, w.uint32(10).fork()).ldelim();
    for (const v of m.preferred) PreferredAffinityTerm.write(v, w.uint32(18).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(ServiceAffinity.write, m);
  },
  read(r, end) {
    const m = ServiceAffinity.create() as Mutable<ServiceAffinity>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.required.push(AffinityTerm.read(r, r.uint32() + r.pos));
          break;
        case 2:
          m.preferred.push(PreferredAffinityTerm.read(r, r.uint32() + r.pos));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ServiceAffinity;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ServiceAffinity.read(r, r.len);
  },
};

export interface TopologySpread {
  readonly maxSkew: number;
  readonly topologyKey: string;
  readonly action: SpreadAction;
  readonly selector?: TaskSelector | undefined;
  readonly minDomains: number;
  readonly isNodeAffinityIgnored: boolean;
  readonly areTaintsHonoured: boolean;
  readonly matchLabelKeys: readonly string[];
}
export const TopologySpread: MessageCodec<TopologySpread> = {
  typeName: 'tessera.v1.TopologySpread',
  fields: [
    { name: 'maxSkew', number: 1, type: 'uint32', shape: 'one' },
    { name: 'topologyKey', number: 2, type: 'string', shape: 'one' },
    { name: 'action', number: 3, type: 'object', shape: 'one', names: SpreadActionNames },
    { name: 'selector', number: 4, type: 'object', shape: 'one', message: (): MessageCodec<never> => TaskSelector as MessageCodec<never> },
    { name: 'minDomains', number: 5, type: 'uint32', shape: 'one' },
    { name: 'isNodeAffinityIgnored', number: 6, type: 'bool', shape: 'one' },
    { name: 'areTaintsHonoured', number: 7, type: 'bool', shape: 'one' },
    { name: 'matchLabelKeys', number: 8, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { maxSkew: 0, topologyKey: '', action: 0, minDomains: 0, isNodeAffinityIgnored: false, areTaintsHonoured: false, matchLabelKeys: [], ...init };
  },
  write(m, w) {
    if (m.maxSkew !== 0) w.uint32(8).uint32(m.maxSkew);
    if (m.topologyKey !== '') w.uint32(18).string(m.topologyKey);
    if (m.action !== 0) w.uint32(24).int32(m.action);
    if (m.selector !== undefined) TaskSelector.write(m.selector, w.uint32(34).fork()).ldelim();
    if (m.minDomains !== 0) w.uint32(40).uint32(m.minDomains);
    if (m.isNodeAffinityIgnored !== false) w.uint32(48).bool(m.isNodeAffinityIgnored);
    if (m.areTaintsHonoured !== false) w.uint32(56).bool(m.areTaintsHonoured);
    for (const v of m.matchLabelKeys) w.uint32(66).string(v);
    return w;
  },
  encode(m) {
    return encoded(TopologySpread.write, m);
  },
  read(r, end) {
    const m = TopologySpread.create() as Mutable<TopologySpread>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.maxSkew = r.uint32();
          break;
        case 2:
          m.topologyKey = r.string();
          break;
        case 3:
          m.action = r.int32() as SpreadAction;
          break;
        case 4:
          m.selector = TaskSelector.read(r, r.uint32() + r.pos);
          break;
        case 5:
          m.minDomains = r.uint32();
          break;
        case 6:
          m.isNodeAffinityIgnored = r.bool();
          break;
        case 7:
          m.areTaintsHonoured = r.bool();
          break;
        case 8:
          m.matchLabelKeys.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as TopologySpread;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return TopologySpread.read(r, r.len);
  },
};

export interface Placement {
  readonly constraints: readonly string[];
  readonly preferences: readonly string[];
  readonly replicasMaxPerNode: number;
  readonly platforms: readonly Platform[];
  readonly tolerations: readonly Toleration[];
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly nodeAffinity?: NodeAffinity | undefined;
  readonly affinity?: ServiceAffinity | undefined;
  readonly antiAffinity?: ServiceAffinity | undefined;
  readonly topologySpread: readonly TopologySpread[];
  readonly priority: number;
  readonly preemptionPolicy: PreemptionPolicy;
}
export const Placement: MessageCodec<Placement> = {
  typeName: 'tessera.v1.Placement',
  fields: [
    { name: 'constraints', number: 1, type: 'string', shape: 'list' },
    { name: 'preferences', number: 2, type: 'string', shape: 'list' },
    { name: 'replicasMaxPerNode', number: 3, type: 'uint32', shape: 'one' },
    { name: 'platforms', number: 4, type: 'object', shape: 'list', message: (): MessageCodec<never> => Platform as MessageCodec<never> },
    { name: 'tolerations', number: 5, type: 'object', shape: 'list', message: (): MessageCodec<never> => Toleration as MessageCodec<never> },
    { name: 'nodeSelector', number: 6, type: 'string', shape: 'map' },
    { name: 'nodeAffinity', number: 7, type: 'object', shape: 'one', message: (): MessageCodec<never> => NodeAffinity as MessageCodec<never> },
    { name: 'affinity', number: 8, type: 'object', shape: 'one', message: (): MessageCodec<never> => ServiceAffinity as MessageCodec<never> },
    { name: 'antiAffinity', number: 9, type: 'object', shape: 'one', message: (): MessageCodec<never> => ServiceAffinity as MessageCodec<never> },
    { name: 'topologySpread', number: 10, type: 'object', shape: 'list', message: (): MessageCodec<never> => TopologySpread as MessageCodec<never> },
    { name: 'priority', number: 11, type: 'int32', shape: 'one' },
    { name: 'preemptionPolicy', number: 12, type: 'object', shape: 'one', names: PreemptionPolicyNames },
  ],
  create(init) {
    return { constraints: [], preferences: [], replicasMaxPerNode: 0, platforms: [], tolerations: [], nodeSelector: {}, topologySpread: [], priority: 0, preemptionPolicy: 0, ...init };
  },
  write(m, w) {
    for (const v of m.constraints) w.uint32(10).string(v);
    for (const v of m.preferences) w.uint32(18).string(v);
    if (m.replicasMaxPerNode !== 0) w.uint32(24).uint32(m.replicasMaxPerNode);
    for (const v of m.platforms) Platform.write(v, w.uint32(34).fork()).ldelim();
    for (const v of m.tolerations) Toleration.write(v, w.uint32(42).fork()).ldelim();
    for (const [k, v] of Object.entries(m.nodeSelector)) {
      const e = w.uint32(50).fork();
      e.uint32(10).string(k);
      e.uint32(18).string(v);
      e.ldelim();
    }
    if (m.nodeAffinity !== undefined) NodeAffinity.write(m.nodeAffinity, w.uint32(58).fork()).ldelim();
    if (m.affinity !== undefined) ServiceAffinity.write(m.affinity, w.uint32(66).fork()).ldelim();
    if (m.antiAffinity !== undefined) ServiceAffinity.write(m.antiAffinity, w.uint32(74).fork()).ldelim();
    for (const v of m.topologySpread) TopologySpread.write(v, w.uint32(82).fork()).ldelim();
    if (m.priority !== 0) w.uint32(88).int32(m.priority);
    if (m.preemptionPolicy !== 0) w.uint32(96).int32(m.preemptionPolicy);
    return w;
  },
  encode(m) {
    return encoded(Placement.write, m);
  },
  read(r, end) {
    const m = Placement.create() as Mutable<Placement>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.constraints.push(r.string());
          break;
        case 2:
          m.preferences.push(r.string());
          break;
        case 3:
          m.replicasMaxPerNode = r.uint32();
          break;
        case 4:
          m.platforms.push(Platform.read(r, r.uint32() + r.pos));
          break;
        case 5:
          m.tolerations.push(Toleration.read(r, r.uint32() + r.pos));
          break;
        case 6:
          readMapEntry(r, m.nodeSelector, '', () => r.string());
          break;
        case 7:
          m.nodeAffinity = NodeAffinity.read(r, r.uint32() + r.pos);
          break;
        case 8:
          m.affinity = ServiceAffinity.read(r, r.uint32() + r.pos);
          break;
        case 9:
          m.antiAffinity = ServiceAffinity.read(r, r.uint32() + r.pos);
          break;
        case 10:
          m.topologySpread.push(TopologySpread.read(r, r.uint32() + r.pos));
          break;
        case 11:
          m.priority = r.int32();
          break;
        case 12:
          m.preemptionPolicy = r.int32() as PreemptionPolicy;
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Placement;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Placement.read(r, r.len);
  },
};

export interface Task {
  readonly id: string;
  readonly meta?: Meta | undefined;
  readonly serviceId: string;
  readonly serviceName: string;
  readonly slot: number;
  readonly nodeId: string;
  readonly spec?: TaskSpec | undefined;
  readonly specVersion: number;
  readonly desiredState: TaskState;
  readonly status?: TaskStatus | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly PortConfig[];
  readonly runNotBeforeMs: number;
  readonly restartCount: number;
  readonly assignedAtMs: number;
  readonly networks: readonly NetworkAddress[];
  readonly preemptedBy?: PreemptedBy | undefined;
  readonly nominatedNodeId: string;
  readonly movedFromNodeId: string;
}
const sharedTaskSpec = new SharedValues<TaskSpec>();
export const Task: MessageCodec<Task> = {
  typeName: 'tessera.v1.Task',
  fields: [
    { name: 'id', number: 1, type: 'string', shape: 'one' },
    { name: 'meta', number: 2, type: 'object', shape: 'one', message: (): MessageCodec<never> => Meta as MessageCodec<never> },
    { name: 'serviceId', number: 3, type: 'string', shape: 'one' },
    { name: 'serviceName', number: 4, type: 'string', shape: 'one' },
    { name: 'slot', number: 5, type: 'uint32', shape: 'one' },
    { name: 'nodeId', number: 6, type: 'string', shape: 'one' },
    { name: 'spec', number: 7, type: 'object', shape: 'one', message: (): MessageCodec<never> => TaskSpec as MessageCodec<never> },
    { name: 'specVersion', number: 8, type: 'uint64', shape: 'one' },
    { name: 'desiredState', number: 9, type: 'object', shape: 'one', names: TaskStateNames },
    { name: 'status', number: 10, type: 'object', shape: 'one', message: (): MessageCodec<never> => TaskStatus as MessageCodec<never> },
    { name: 'labels', number: 11, type: 'string', shape: 'map' },
    { name: 'ports', number: 12, type: 'object', shape: 'list', message: (): MessageCodec<never> => PortConfig as MessageCodec<never> },
    { name: 'runNotBeforeMs', number: 13, type: 'uint64', shape: 'one' },
    { name: 'restartCount', number: 14, type: 'uint32', shape: 'one' },
    { name: 'assignedAtMs', number: 20, type: 'uint64', shape: 'one' },
    { name: 'networks', number: 21, type: 'object', shape: 'list', message: (): MessageCodec<never> => NetworkAddress as MessageCodec<never> },
    { name: 'preemptedBy', number: 22, type: 'object', shape: 'one', message: (): MessageCodec<never> => PreemptedBy as MessageCodec<never> },
    { name: 'nominatedNodeId', number: 23, type: 'string', shape: 'one' },
    { name: 'movedFromNodeId', number: 24, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { id: '', serviceId: '', serviceName: '', slot: 0, nodeId: '', specVersion: 0, desiredState: 0, labels: {}, ports: [], runNotBeforeMs: 0, restartCount: 0, assignedAtMs: 0, networks: [], nominatedNodeId: '', movedFromNodeId: '', ...init };
  },
  write(m, w) {
    if (m.id !== '') w.uint32(10).string(m.id);
    if (m.meta !== undefined) Meta.write(m.meta, w.uint32(18).fork()).ldelim();
    if (m.serviceId !== '') w.uint32(26).string(m.serviceId);
    if (m.serviceName !== '') w.uint32(34).string(m.serviceName);
    if (m.slot !== 0) w.uint32(40).uint32(m.slot);
    if (m.nodeId !== '') w.uint32(50).string(m.nodeId);
    if (m.spec !== undefined) TaskSpec.write(m.spec, w.uint32(58).fork()).ldelim();
    if (m.specVersion !== 0) w.uint32(64).uint64(safe(m.specVersion, 'specVersion'));
    if (m.desiredState !== 0) w.uint32(72).int32(m.desiredState);
    if (m.status !== undefined) TaskStatus.write(m.status, w.uint32(82).fork()).ldelim();
    for (const [k, v] of Object.entries(m.labels)) {
      const e = w.uint32(90).fork();
      e.uint32(10).string(k);
      e.uint32(18).string(v);
      e.ldelim();
    }
    for (const v of m.ports) PortConfig.write(v, w.uint32(98).fork()).ldelim();
    if (m.runNotBeforeMs !== 0) w.uint32(104).uint64(safe(m.runNotBeforeMs, 'runNotBeforeMs'));
    if (m.restartCount !== 0) w.uint32(112).uint32(m.restartCount);
    if (m.assignedAtMs !== 0) w.uint32(160).uint64(safe(m.assignedAtMs, 'assignedAtMs'));
    for (const v of m.networks) NetworkAddress.write(v, w.uint32(170).fork()).ldelim();
    if (m.preemptedBy !== undefined) PreemptedBy.write(m.preemptedBy, w.uint32(178).fork()).ldelim();
    if (m.nominatedNodeId !== '') w.uint32(186).string(m.nominatedNodeId);
    if (m.movedFromNodeId !== '') w.uint32(194).string(m.movedFromNodeId);
    return w;
  },
  encode(m) {
    return encoded(Task.write, m);
  },
  read(r, end) {
    const m = Task.create() as Mutable<Task>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.id = r.string();
          break;
        case 2:
          m.meta = Meta.read(r, r.uint32() + r.pos);
          break;
        case 3:
          m.serviceId = r.string();
          break;
        case 4:
          m.serviceName = r.string();
          break;
        case 5:
          m.slot = r.uint32();
          break;
        case 6:
          m.nodeId = r.string();
          break;
        case 7:
          m.spec = sharedTaskSpec.read(r, TaskSpec.read);
          break;
        case 8:
          m.specVersion = toSafe(r.uint64(), 'specVersion');
          break;
        case 9:
          m.desiredState = r.int32() as TaskState;
          break;
        case 10:
          m.status = TaskStatus.read(r, r.uint32() + r.pos);
          break;
        case 11:
          readMapEntry(r, m.labels, '', () => r.string());
          break;
        case 12:
          m.ports.push(PortConfig.read(r, r.uint32() + r.pos));
          break;
        case 13:
          m.runNotBeforeMs = toSafe(r.uint64(), 'runNotBeforeMs');
          break;
        case 14:
          m.restartCount = r.uint32();
          break;
        case 20:
          m.assignedAtMs = toSafe(r.uint64(), 'assignedAtMs');
          break;
        case 21:
          m.networks.push(NetworkAddress.read(r, r.uint32() + r.pos));
          break;
        case 22:
          m.preemptedBy = PreemptedBy.read(r, r.uint32() + r.pos);
          break;
        case 23:
          m.nominatedNodeId = r.string();
          break;
        case 24:
          m.movedFromNodeId = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Task;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Task.read(r, r.len);
  },
};

export interface PreemptedBy {
  readonly taskId: string;
  readonly taskName: string;
  readonly priority: number;
}
export const PreemptedBy: MessageCodec<PreemptedBy> = {
  typeName: 'tessera.v1.PreemptedBy',
  fields: [
    { name: 'taskId', number: 1, type: 'string', shape: 'one' },
    { name: 'taskName', number: 2, type: 'string', shape: 'one' },
    { name: 'priority', number: 3, type: 'int32', shape: 'one' },
  ],
  create(init) {
    return { taskId: '', taskName: '', priority: 0, ...init };
  },
  write(m, w) {
    if (m.taskId !== '') w.uint32(10).string(m.taskId);
    if (m.taskName !== '') w.uint32(18).string(m.taskName);
    if (m.priority !== 0) w.uint32(24).int32(m.priority);
    return w;
  },
  encode(m) {
    return encoded(PreemptedBy.write, m);
  },
  read(r, end) {
    const m = PreemptedBy.create() as Mutable<PreemptedBy>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.taskId = r.string();
          break;
        case 2:
          m.taskName = r.string();
          break;
        case 3:
          m.priority = r.int32();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as PreemptedBy;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return PreemptedBy.read(r, r.len);
  },
};

export interface TaskStatus {
  readonly state: TaskState;
  readonly changedAtMs: number;
  readonly message: string;
  readonly error: string;
  readonly containers: readonly ContainerStatus[];
  readonly address: string;
  readonly ports: readonly PortConfig[];
  readonly runningAtMs: number;
}
export const TaskStatus: MessageCodec<TaskStatus> = {
  typeName: 'tessera.v1.TaskStatus',
  fields: [
    { name: 'state', number: 1, type: 'object', shape: 'one', names: TaskStateNames },
    { name: 'changedAtMs', number: 2, type: 'uint64', shape: 'one' },
    { name: 'message', number: 3, type: 'string', shape: 'one' },
    { name: 'error', number: 4, type: 'string', shape: 'one' },
    { name: 'containers', number: 5, type: 'object', shape: 'list', message: (): MessageCodec<never> => ContainerStatus as MessageCodec<never> },
    { name: 'address', number: 6, type: 'string', shape: 'one' },
    { name: 'ports', number: 7, type: 'object', shape: 'list', message: (): MessageCodec<never> => PortConfig as MessageCodec<never> },
    { name: 'runningAtMs', number: 8, type: 'uint64', shape: 'one' },
  ],
  create(init) {
    return { state: 0, changedAtMs: 0, message: '', error: '', containers: [], address: '', ports: [], runningAtMs: 0, ...init };
  },
  write(m, w) {
    if (m.state !== 0) w.uint32(8).int32(m.state);
    if (m.changedAtMs !== 0) w.uint32(16).uint64(safe(m.changedAtMs, 'changedAtMs'));
    if (m.message !== '') w.uint32(26).string(m.message);
    if (m.error !== '') w.uint32(34).string(m.error);
    for (const v of m.containers) ContainerStatus.write(v, w.uint32(42).fork()).ldelim();
    if (m.address !== '') w.uint32(50).string(m.address);
    for (const v of m.ports) PortConfig.write(v, w.uint32(58).fork()).ldelim();
    if (m.runningAtMs !== 0) w.uint32(64).uint64(safe(m.runningAtMs, 'runningAtMs'));
    return w;
  },
  encode(m) {
    return encoded(TaskStatus.write, m);
  },
  read(r, end) {
    const m = TaskStatus.create() as Mutable<TaskStatus>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.state = r.int32() as TaskState;
          break;
        case 2:
          m.changedAtMs = toSafe(r.uint64(), 'changedAtMs');
          break;
        case 3:
          m.message = r.string();
          break;
        case 4:
          m.error = r.string();
          break;
        case 5:
          m.containers.push(ContainerStatus.read(r, r.uint32() + r.pos));
          break;
        case 6:
          m.address = r.string();
          break;
        case 7:
          m.ports.push(PortConfig.read(r, r.uint32() + r.pos));
          break;
        case 8:
          m.runningAtMs = toSafe(r.uint64(), 'runningAtMs');
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as TaskStatus;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return TaskStatus.read(r, r.len);
  },
};

export interface ContainerStatus {
  readonly name: string;
  readonly containerId: string;
  readonly pid: number;
  readonly exitCode?: number | undefined;
}
export const ContainerStatus: MessageCodec<ContainerStatus> = {
  typeName: 'tessera.v1.ContainerStatus',
  fields: [
    { name: 'name', number: 1, type: 'string', shape: 'one' },
    { name: 'containerId', number: 2, type: 'string', shape: 'one' },
    { name: 'pid', number: 3, type: 'uint32', shape: 'one' },
    { name: 'exitCode', number: 4, type: 'int32', shape: 'one' },
  ],
  create(init) {
    return { name: '', containerId: '', pid: 0, ...init };
  },
  write(m, w) {
    if (m.name !== '') w.uint32(10).string(m.name);
    if (m.containerId !== '') w.uint32(18).string(m.containerId);
    if (m.pid !== 0) w.uint32(24).uint32(m.pid);
    if (m.exitCode !== undefined) w.uint32(32).int32(m.exitCode);
    return w;
  },
  encode(m) {
    return encoded(ContainerStatus.write, m);
  },
  read(r, end) {
    const m = ContainerStatus.create() as Mutable<ContainerStatus>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.name = r.string();
          break;
        case 2:
          m.containerId = r.string();
          break;
        case 3:
          m.pid = r.uint32();
          break;
        case 4:
          m.exitCode = r.int32();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ContainerStatus;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ContainerStatus.read(r, r.len);
  },
};

export interface GetManagerReportRequest {
}
export const GetManagerReportRequest: MessageCodec<GetManagerReportRequest> = {
  typeName: 'tessera.v1.GetManagerReportRequest',
  fields: [
  ],
  create(init) {
    return { ...init };
  },
  write(_m, w) {
    return w;
  },
  encode(m) {
    return encoded(GetManagerReportRequest.write, m);
  },
  read(r, end) {
    const m = GetManagerReportRequest.create() as Mutable<GetManagerReportRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        default:
          r.skipType(tag & 7);
      }
    }
    return m as GetManagerReportRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return GetManagerReportRequest.read(r, r.len);
  },
};

export interface ManagerReport {
  readonly nodeId: string;
  readonly hostname: string;
  readonly address: string;
  readonly raftId: number;
  readonly isVoter: boolean;
  readonly state: ManagerState;
  readonly term: number;
  readonly leaderNodeId: string;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly lastIndex: number;
  readonly logBytes: number;
  readonly snapshotBytes: number;
  readonly diskFreeBytes: number;
  readonly diskTotalBytes: number;
  readonly fsyncMedianMs: number;
  readonly fsyncLastMs: number;
  readonly version: string;
  readonly members: readonly ManagerMember[];
  readonly lagEntries: number;
  readonly problems: readonly string[];
}
export const ManagerReport: MessageCodec<ManagerReport> = {
  typeName: 'tessera.v1.ManagerReport',
  fields: [
    { name: 'nodeId', number: 1, type: 'string', shape: 'one' },
    { name: 'hostname', number: 2, type: 'string', shape: 'one' },
    { name: 'address', number: 3, type: 'string', shape: 'one' },
    { name: 'raftId', number: 4, type: 'uint64', shape: 'one' },
    { name: 'isVoter', number: 5, type: 'bool', shape: 'one' },
    { name: 'state', number: 6, type: 'object', shape: 'one', names: ManagerStateNames },
    { name: 'term', number: 7, type: 'uint64', shape: 'one' },
    { name: 'leaderNodeId', number: 8, type: 'string', shape: 'one' },
    { name: 'commitIndex', number: 9, type: 'uint64', shape: 'one' },
    { name: 'appliedIndex', number: 10, type: 'uint64', shape: 'one' },
    { name: 'lastIndex', number: 11, type: 'uint64', shape: 'one' },
    { name: 'logBytes', number: 12, type: 'uint64', shape: 'one' },
    { name: 'snapshotBytes', number: 13, type: 'uint64', shape: 'one' },
    { name: 'diskFreeBytes', number: 14, type: 'uint64', shape: 'one' },
    { name: 'diskTotalBytes', number: 15, type: 'uint64', shape: 'one' },
    { name: 'fsyncMedianMs', number: 16, type: 'double', shape: 'one' },
    { name: 'fsyncLastMs', number: 17, type: 'double', shape: 'one' },
    { name: 'version', number: 18, type: 'string', shape: 'one' },
    { name: 'members', number: 19, type: 'object', shape: 'list', message: (): MessageCodec<never> => ManagerMember as MessageCodec<never> },
    { name: 'lagEntries', number: 20, type: 'uint64', shape: 'one' },
    { name: 'problems', number: 21, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { nodeId: '', hostname: '', address: '', raftId: 0, isVoter: false, state: 0, term: 0, leaderNodeId: '', commitIndex: 0, appliedIndex: 0, lastIndex: 0, logBytes: 0, snapshotBytes: 0, diskFreeBytes: 0, diskTotalBytes: 0, fsyncMedianMs: 0, fsyncLastMs: 0, version: '', members: [], lagEntries: 0, problems: [], ...init };
  },
  write(m, w) {
    if (m.nodeId !== '') w.uint32(10).string(m.nodeId);
    if (m.hostname !== '') w.uint32(18).string(m.hostname);
    if (m.address !== '') w.uint32(26).string(m.address);
    if (m.raftId !== 0) w.uint32(32).uint64(safe(m.raftId, 'raftId'));
    if (m.isVoter !== false) w.uint32(40).bool(m.isVoter);
    if (m.state !== 0) w.uint32(48).int32(m.state);
    if (m.term !== 0) w.uint32(56).uint64(safe(m.term, 'term'));
    if (m.leaderNodeId !== '') w.uint32(66).string(m.leaderNodeId);
    if (m.commitIndex !== 0) w.uint32(72).uint64(safe(m.commitIndex, 'commitIndex'));
    if (m.appliedIndex !== 0) w.uint32(80).uint64(safe(m.appliedIndex, 'appliedIndex'));
    if (m.lastIndex !== 0) w.uint32(88).uint64(safe(m.lastIndex, 'lastIndex'));
    if (m.logBytes !== 0) w.uint32(96).uint64(safe(m.logBytes, 'logBytes'));
    if (m.snapshotBytes !== 0) w.uint32(104).uint64(safe(m.snapshotBytes, 'snapshotBytes'));
    if (m.diskFreeBytes !== 0) w.uint32(112).uint64(safe(m.diskFreeBytes, 'diskFreeBytes'));
    if (m.diskTotalBytes !== 0) w.uint32(120).uint64(safe(m.diskTotalBytes, 'diskTotalBytes'));
    if (m.fsyncMedianMs !== 0) w.uint32(129).double(m.fsyncMedianMs);
    if (m.fsyncLastMs !== 0) w.uint32(137).double(m.fsyncLastMs);
    if (m.version !== '') w.uint32(146).string(m.version);
    for (const v of m.members) ManagerMember.write(v, w.uint32(154).fork()).ldelim();
    if (m.lagEntries !== 0) w.uint32(160).uint64(safe(m.lagEntries, 'lagEntries'));
    for (const v of m.problems) w.uint32(170).string(v);
    return w;
  },
  encode(m) {
    return encoded(ManagerReport.write, m);
  },
  read(r, end) {
    const m = ManagerReport.create() as Mutable<ManagerReport>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.nodeId = r.string();
          break;
        case 2:
          m.hostname = r.string();
          break;
        case 3:
          m.address = r.string();
          break;
        case 4:
          m.raftId = toSafe(r.uint64(), 'raftId');
          break;
        case 5:
          m.isVoter = r.bool();
          break;
        case 6:
          m.state = r.int32() as ManagerState;
          break;
        case 7:
          m.term = toSafe(r.uint64(), 'term');
          break;
        case 8:
          m.leaderNodeId = r.string();
          break;
        case 9:
          m.commitIndex = toSafe(r.uint64(), 'commitIndex');
          break;
        case 10:
          m.appliedIndex = toSafe(r.uint64(), 'appliedIndex');
          break;
        case 11:
          m.lastIndex = toSafe(r.uint64(), 'lastIndex');
          break;
        case 12:
          m.logBytes = toSafe(r.uint64(), 'logBytes');
          break;
        case 13:
          m.snapshotBytes = toSafe(r.uint64(), 'snapshotBytes');
          break;
        case 14:
          m.diskFreeBytes = toSafe(r.uint64(), 'diskFreeBytes');
          break;
        case 15:
          m.diskTotalBytes = toSafe(r.uint64(), 'diskTotalBytes');
          break;
        case 16:
          m.fsyncMedianMs = r.double();
          break;
        case 17:
          m.fsyncLastMs = r.double();
          break;
        case 18:
          m.version = r.string();
          break;
        case 19:
          m.members.push(ManagerMember.read(r, r.uint32() + r.pos));
          break;
        case 20:
          m.lagEntries = toSafe(r.uint64(), 'lagEntries');
          break;
        case 21:
          m.problems.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ManagerReport;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ManagerReport.read(r, r.len);
  },
};

export interface ManagerMember {
  readonly raftId: number;
  readonly nodeId: string;
  readonly address: string;
  readonly isVoter: boolean;
}
export const ManagerMember: MessageCodec<ManagerMember> = {
  typeName: 'tessera.v1.ManagerMember',
  fields: [
    { name: 'raftId', number: 1, type: 'uint64', shape: 'one' },
    { name: 'nodeId', number: 2, type: 'string', shape: 'one' },
    { name: 'address', number: 3, type: 'string', shape: 'one' },
    { name: 'isVoter', number: 4, type: 'bool', shape: 'one' },
  ],
  create(init) {
    return { raftId: 0, nodeId: '', address: '', isVoter: false, ...init };
  },
  write(m, w) {
    if (m.raftId !== 0) w.uint32(8).uint64(safe(m.raftId, 'raftId'));
    if (m.nodeId !== '') w.uint32(18).string(m.nodeId);
    if (m.address !== '') w.uint32(26).string(m.address);
    if (m.isVoter !== false) w.uint32(32).bool(m.isVoter);
    return w;
  },
  encode(m) {
    return encoded(ManagerMember.write, m);
  },
  read(r, end) {
    const m = ManagerMember.create() as Mutable<ManagerMember>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.raftId = toSafe(r.uint64(), 'raftId');
          break;
        case 2:
          m.nodeId = r.string();
          break;
        case 3:
          m.address = r.string();
          break;
        case 4:
          m.isVoter = r.bool();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ManagerMember;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ManagerMember.read(r, r.len);
  },
};

export interface GetClusterStatusRequest {
}
export const GetClusterStatusRequest: MessageCodec<GetClusterStatusRequest> = {
  typeName: 'tessera.v1.GetClusterStatusRequest',
  fields: [
  ],
  create(init) {
    return { ...init };
  },
  write(_m, w) {
    return w;
  },
  encode(m) {
    return encoded(GetClusterStatusRequest.write, m);
  },
  read(r, end) {
    const m = GetClusterStatusRequest.create() as Mutable<GetClusterStatusRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        default:
          r.skipType(tag & 7);
      }
    }
    return m as GetClusterStatusRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return GetClusterStatusRequest.read(r, r.len);
  },
};

export interface GetClusterStatusResponse {
  readonly clusterId: string;
  readonly answeredBy: string;
  readonly managers: readonly ManagerReport[];
  readonly voters: number;
  readonly votersReached: number;
  readonly quorum: number;
  readonly leaderNodeId: string;
}
export const GetClusterStatusResponse: MessageCodec<GetClusterStatusResponse> = {
  typeName: 'tessera.v1.GetClusterStatusResponse',
  fields: [
    { name: 'clusterId', number: 1, type: 'string', shape: 'one' },
    { name: 'answeredBy', number: 2, type: 'string', shape: 'one' },
    { name: 'managers', number: 3, type: 'object', shape: 'list', message: (): MessageCodec<never> => ManagerReport as MessageCodec<never> },
    { name: 'voters', number: 4, type: 'uint32', shape: 'one' },
    { name: 'votersReached', number: 5, type: 'uint32', shape: 'one' },
    { name: 'quorum', number: 6, type: 'uint32', shape: 'one' },
    { name: 'leaderNodeId', number: 7, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { clusterId: '', answeredBy: '', managers: [], voters: 0, votersReached: 0, quorum: 0, leaderNodeId: '', ...init };
  },
  write(m, w) {
    if (m.clusterId !== '') w.uint32(10).string(m.clusterId);
    if (m.answeredBy !== '') w.uint32(18).string(m.answeredBy);
    for (const v of m.managers) ManagerReport.write(v, w.uint32(26).fork()).ldelim();
    if (m.voters !== 0) w.uint32(32).uint32(m.voters);
    if (m.votersReached !== 0) w.uint32(40).uint32(m.votersReached);
    if (m.quorum !== 0) w.uint32(48).uint32(m.quorum);
    if (m.leaderNodeId !== '') w.uint32(58).string(m.leaderNodeId);
    return w;
  },
  encode(m) {
    return encoded(GetClusterStatusResponse.write, m);
  },
  read(r, end) {
    const m = GetClusterStatusResponse.create() as Mutable<GetClusterStatusResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.clusterId = r.string();
          break;
        case 2:
          m.answeredBy = r.string();
          break;
        case 3:
          m.managers.push(ManagerReport.read(r, r.uint32() + r.pos));
          break;
        case 4:
          m.voters = r.uint32();
          break;
        case 5:
          m.votersReached = r.uint32();
          break;
        case 6:
          m.quorum = r.uint32();
          break;
        case 7:
          m.leaderNodeId = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as GetClusterStatusResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return GetClusterStatusResponse.read(r, r.len);
  },
};

export interface BackupClusterRequest {
}
export const BackupClusterRequest: MessageCodec<BackupClusterRequest> = {
  typeName: 'tessera.v1.BackupClusterRequest',
  fields: [
  ],
  create(init) {
    return { ...init };
  },
  write(_m, w) {
    return w;
  },
  encode(m) {
    return encoded(BackupClusterRequest.write, m);
  },
  read(r, end) {
    const m = BackupClusterRequest.create() as Mutable<BackupClusterRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        default:
          r.skipType(tag & 7);
      }
    }
    return m as BackupClusterRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return BackupClusterRequest.read(r, r.len);
  },
};

export interface BackupChunk {
  readonly chunk: Uint8Array;
}
export const BackupChunk: MessageCodec<BackupChunk> = {
  typeName: 'tessera.v1.BackupChunk',
  fields: [
    { name: 'chunk', number: 1, type: 'bytes', shape: 'one' },
  ],
  create(init) {
    return { chunk: empty, ...init };
  },
  write(m, w) {
    if (m.chunk.length > 0) w.uint32(10).bytes(m.chunk);
    return w;
  },
  encode(m) {
    return encoded(BackupChunk.write, m);
  },
  read(r, end) {
    const m = BackupChunk.create() as Mutable<BackupChunk>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.chunk = r.bytes();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as BackupChunk;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return BackupChunk.read(r, r.len);
  },
};

export interface BackupHeader {
  readonly format: number;
  readonly clusterId: string;
  readonly clusterName: string;
  readonly version: number;
  readonly createdAtMs: number;
  readonly tesseraVersion: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly encryptionSalt: Uint8Array;
}
export const BackupHeader: MessageCodec<BackupHeader> = {
  typeName: 'tessera.v1.BackupHeader',
  fields: [
    { name: 'format', number: 1, type: 'uint32', shape: 'one' },
    { name: 'clusterId', number: 2, type: 'string', shape: 'one' },
    { name: 'clusterName', number: 3, type: 'string', shape: 'one' },
    { name: 'version', number: 4, type: 'uint64', shape: 'one' },
    { name: 'createdAtMs', number: 5, type: 'uint64', shape: 'one' },
    { name: 'tesseraVersion', number: 6, type: 'string', shape: 'one' },
    { name: 'counts', number: 7, type: 'uint64', shape: 'map' },
    { name: 'encryptionSalt', number: 8, type: 'bytes', shape: 'one' },
  ],
  create(init) {
    return { format: 0, clusterId: '', clusterName: '', version: 0, createdAtMs: 0, tesseraVersion: '', counts: {}, encryptionSalt: empty, ...init };
  },
  write(m, w) {
    if (m.format !== 0) w.uint32(8).uint32(m.format);
    if (m.clusterId !== '') w.uint32(18).string(m.clusterId);
    if (m.clusterName !== '') w.uint32(26).string(m.clusterName);
    if (m.version !== 0) w.uint32(32).uint64(safe(m.version, 'version'));
    if (m.createdAtMs !== 0) w.uint32(40).uint64(safe(m.createdAtMs, 'createdAtMs'));
    if (m.tesseraVersion !== '') w.uint32(50).string(m.tesseraVersion);
    for (const [k, v] of Object.entries(m.counts)) {
      const e = w.uint32(58).fork();
      e.uint32(10).string(k);
      e.uint32(16).uint64(safe(v, 'counts'));
      e.ldelim();
    }
    if (m.encryptionSalt.length > 0) w.uint32(66).bytes(m.encryptionSalt);
    return w;
  },
  encode(m) {
    return encoded(BackupHeader.write, m);
  },
  read(r, end) {
    const m = BackupHeader.create() as Mutable<BackupHeader>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.format = r.uint32();
          break;
        case 2:
          m.clusterId = r.string();
          break;
        case 3:
          m.clusterName = r.string();
          break;
        case 4:
          m.version = toSafe(r.uint64(), 'version');
          break;
        case 5:
          m.createdAtMs = toSafe(r.uint64(), 'createdAtMs');
          break;
        case 6:
          m.tesseraVersion = r.string();
          break;
        case 7:
          readMapEntry(r, m.counts, 0, () => toSafe(r.uint64(), 'counts'));
          break;
        case 8:
          m.encryptionSalt = r.bytes();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as BackupHeader;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return BackupHeader.read(r, r.len);
  },
};

export interface ExplainPlacementRequest {
  readonly ref: string;
}
export const ExplainPlacementRequest: MessageCodec<ExplainPlacementRequest> = {
  typeName: 'tessera.v1.ExplainPlacementRequest',
  fields: [
    { name: 'ref', number: 1, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { ref: '', ...init };
  },
  write(m, w) {
    if (m.ref !== '') w.uint32(10).string(m.ref);
    return w;
  },
  encode(m) {
    return encoded(ExplainPlacementRequest.write, m);
  },
  read(r, end) {
    const m = ExplainPlacementRequest.create() as Mutable<ExplainPlacementRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.ref = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ExplainPlacementRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ExplainPlacementRequest.read(r, r.len);
  },
};

export interface ExplainPlacementResponse {
  readonly serviceId: string;
  readonly serviceName: string;
  readonly explanations: readonly PlacementExplanation[];
  readonly isService: boolean;
  readonly desired: number;
  readonly running: number;
  readonly notes: readonly string[];
}
export const ExplainPlacementResponse: MessageCodec<ExplainPlacementResponse> = {
  typeName: 'tessera.v1.ExplainPlacementResponse',
  fields: [
    { name: 'serviceId', number: 1, type: 'string', shape: 'one' },
    { name: 'serviceName', number: 2, type: 'string', shape: 'one' },
    { name: 'explanations', number: 3, type: 'object', shape: 'list', message: (): MessageCodec<never> => PlacementExplanation as MessageCodec<never> },
    { name: 'isService', number: 4, type: 'bool', shape: 'one' },
    { name: 'desired', number: 5, type: 'uint32', shape: 'one' },
    { name: 'running', number: 6, type: 'uint32', shape: 'one' },
    { name: 'notes', number: 7, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { serviceId: '', serviceName: '', explanations: [], isService: false, desired: 0, running: 0, notes: [], ...init };
  },
  write(m, w) {
    if (m.serviceId !== '') w.uint32(10).string(m.serviceId);
    if (m.serviceName !== '') w.uint32(18).string(m.serviceName);
    for (const v of m.explanations) PlacementExplanation.write(v, w.uint32(26).fork()).ldelim();
    if (m.isService !== false) w.uint32(32).bool(m.isService);
    if (m.desired !== 0) w.uint32(40).uint32(m.desired);
    if (m.running !== 0) w.uint32(48).uint32(m.running);
    for (const v of m.notes) w.uint32(58).string(v);
    return w;
  },
  encode(m) {
    return encoded(ExplainPlacementResponse.write, m);
  },
  read(r, end) {
    const m = ExplainPlacementResponse.create() as Mutable<ExplainPlacementResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.serviceId = r.string();
          break;
        case 2:
          m.serviceName = r.string();
          break;
        case 3:
          m.explanations.push(PlacementExplanation.read(r, r.uint32() + r.pos));
          break;
        case 4:
          m.isService = r.bool();
          break;
        case 5:
          m.desired = r.uint32();
          break;
        case 6:
          m.running = r.uint32();
          break;
        case 7:
          m.notes.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ExplainPlacementResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ExplainPlacementResponse.read(r, r.len);
  },
};

export interface PlacementExplanation {
  readonly taskId: string;
  readonly taskName: string;
  readonly taskCount: number;
  readonly state: TaskState;
  readonly sinceMs: number;
  readonly nodeId: string;
  readonly nodeHostname: string;
  readonly reason: string;
  readonly details: readonly string[];
  readonly untilMs: number;
  readonly nodes: readonly NodeVerdict[];
  readonly nodeCount: number;
  readonly hints: readonly PlacementHint[];
  readonly isScored: boolean;
}
export const PlacementExplanation: MessageCodec<PlacementExplanation> = {
  typeName: 'tessera.v1.PlacementExplanation',
  fields: [
    { name: 'taskId', number: 1, type: 'string', shape: 'one' },
    { name: 'taskName', number: 2, type: 'string', shape: 'one' },
    { name: 'taskCount', number: 3, type: 'uint32', shape: 'one' },
    { name: 'state', number: 4, type: 'object', shape: 'one', names: TaskStateNames },
    { name: 'sinceMs', number: 5, type: 'uint64', shape: 'one' },
    { name: 'nodeId', number: 6, type: 'string', shape: 'one' },
    { name: 'nodeHostname', number: 7, type: 'string', shape: 'one' },
    { name: 'reason', number: 8, type: 'string', shape: 'one' },
    { name: 'details', number: 9, type: 'string', shape: 'list' },
    { name: 'untilMs', number: 10, type: 'uint64', shape: 'one' },
    { name: 'nodes', number: 11, type: 'object', shape: 'list', message: (): MessageCodec<never> => NodeVerdict as MessageCodec<never> },
    { name: 'nodeCount', number: 12, type: 'uint32', shape: 'one' },
    { name: 'hints', number: 13, type: 'object', shape: 'list', message: (): MessageCodec<never> => PlacementHint as MessageCodec<never> },
    { name: 'isScored', number: 14, type: 'bool', shape: 'one' },
  ],
  create(init) {
    return { taskId: '', taskName: '', taskCount: 0, state: 0, sinceMs: 0, nodeId: '', nodeHostname: '', reason: '', details: [], untilMs: 0, nodes: [], nodeCount: 0, hints: [], isScored: false, ...init };
  },
  write(m, w) {
    if (m.taskId !== '') w.uint32(10).string(m.taskId);
    if (m.taskName !== '') w.uint32(18).string(m.taskName);
    if (m.taskCount !== 0) w.uint32(24).uint32(m.taskCount);
    if (m.state !== 0) w.uint32(32).int32(m.state);
    if (m.sinceMs !== 0) w.uint32(40).uint64(safe(m.sinceMs, 'sinceMs'));
    if (m.nodeId !== '') w.uint32(50).string(m.nodeId);
    if (m.nodeHostname !== '') w.uint32(58).string(m.nodeHostname);
    if (m.reason !== '') w.uint32(66).string(m.reason);
    for (const v of m.details) w.uint32(74).string(v);
    if (m.untilMs !== 0) w.uint32(80).uint64(safe(m.untilMs, 'untilMs'));
    for (const v of m.nodes) NodeVerdict.write(v, w.uint32(90).fork()).ldelim();
    if (m.nodeCount !== 0) w.uint32(96).uint32(m.nodeCount);
    for (const v of m.hints) PlacementHint.write(v, w.uint32(106).fork()).ldelim();
    if (m.isScored !== false) w.uint32(112).bool(m.isScored);
    return w;
  },
  encode(m) {
    return encoded(PlacementExplanation.write, m);
  },
  read(r, end) {
    const m = PlacementExplanation.create() as Mutable<PlacementExplanation>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.taskId = r.string();
          break;
        case 2:
          m.taskName = r.string();
          break;
        case 3:
          m.taskCount = r.uint32();
          break;
        case 4:
          m.state = r.int32() as TaskState;
          break;
        case 5:
          m.sinceMs = toSafe(r.uint64(), 'sinceMs');
          break;
        case 6:
          m.nodeId = r.string();
          break;
        case 7:
          m.nodeHostname = r.string();
          break;
        case 8:
          m.reason = r.string();
          break;
        case 9:
          m.details.push(r.string());
          break;
        case 10:
          m.untilMs = toSafe(r.uint64(), 'untilMs');
          break;
        case 11:
          m.nodes.push(NodeVerdict.read(r, r.uint32() + r.pos));
          break;
        case 12:
          m.nodeCount = r.uint32();
          break;
        case 13:
          m.hints.push(PlacementHint.read(r, r.uint32() + r.pos));
          break;
        case 14:
          m.isScored = r.bool();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as PlacementExplanation;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return PlacementExplanation.read(r, r.len);
  },
};

export interface NodeVerdict {
  readonly nodeId: string;
  readonly hostname: string;
  readonly filter: string;
  readonly reasons: readonly string[];
  readonly shortages: readonly PlacementShortage[];
  readonly isResolvable: boolean;
  readonly scores: readonly PlacementScore[];
  readonly score: number;
  readonly serviceTaskCount: number;
  readonly taskCount: number;
  readonly isFaulty: boolean;
}
export const NodeVerdict: MessageCodec<NodeVerdict> = {
  typeName: 'tessera.v1.NodeVerdict',
  fields: [
    { name: 'nodeId', number: 1, type: 'string', shape: 'one' },
    { name: 'hostname', number: 2, type: 'string', shape: 'one' },
    { name: 'filter', number: 3, type: 'string', shape: 'one' },
    { name: 'reasons', number: 4, type: 'string', shape: 'list' },
    { name: 'shortages', number: 5, type: 'object', shape: 'list', message: (): MessageCodec<never> => PlacementShortage as MessageCodec<never> },
    { name: 'isResolvable', number: 6, type: 'bool', shape: 'one' },
    { name: 'scores', number: 7, type: 'object', shape: 'list', message: (): MessageCodec<never> => PlacementScore as MessageCodec<never> },
    { name: 'score', number: 8, type: 'uint32', shape: 'one' },
    { name: 'serviceTaskCount', number: 9, type: 'uint32', shape: 'one' },
    { name: 'taskCount', number: 10, type: 'uint32', shape: 'one' },
    { name: 'isFaulty', number: 11, type: 'bool', shape: 'one' },
  ],
  create(init) {
    return { nodeId: '', hostname: '', filter: '', reasons: [], shortages: [], isResolvable: false, scores: [], score: 0, serviceTaskCount: 0, taskCount: 0, isFaulty: false, ...init };
  },
  write(m, w) {
    if (m.nodeId !== '') w.uint32(10).string(m.nodeId);
    if (m.hostname !== '') w.uint32(18).string(m.hostname);
    if (m.filter !== '') w.uint32(26).string(m.filter);
    for (const v of m.reasons) w.uint32(34).string(v);
    for (const v of m.shortages) PlacementShortage.write(v, w.uint32(42).fork()).ldelim();
    if (m.isResolvable !== false) w.uint32(48).bool(m.isResolvable);
    for (const v of m.scores) PlacementScore.write(v, w.uint32(58).fork()).ldelim();
    if (m.score !== 0) w.uint32(64).uint32(m.score);
    if (m.serviceTaskCount !== 0) w.uint32(72).uint32(m.serviceTaskCount);
    if (m.taskCount !== 0) w.uint32(80).uint32(m.taskCount);
    if (m.isFaulty !== false) w.uint32(88).bool(m.isFaulty);
    return w;
  },
  encode(m) {
    return encoded(NodeVerdict.write, m);
  },
  read(r, end) {
    const m = NodeVerdict.create() as Mutable<NodeVerdict>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.nodeId = r.string();
          break;
        case 2:
          m.hostname = r.string();
          break;
        case 3:
          m.filter = r.string();
          break;
        case 4:
          m.reasons.push(r.string());
          break;
        case 5:
          m.shortages.push(PlacementShortage.read(r, r.uint32() + r.pos));
          break;
        case 6:
          m.isResolvable = r.bool();
          break;
        case 7:
          m.scores.push(PlacementScore.read(r, r.uint32() + r.pos));
          break;
        case 8:
          m.score = r.uint32();
          break;
        case 9:
          m.serviceTaskCount = r.uint32();
          break;
        case 10:
          m.taskCount = r.uint32();
          break;
        case 11:
          m.isFaulty = r.bool();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as NodeVerdict;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return NodeVerdict.read(r, r.len);
  },
};

export interface PlacementShortage {
  readonly name: string;
  readonly need: number;
  readonly have: number;
  readonly capacity: number;
}
export const PlacementShortage: MessageCodec<PlacementShortage> = {
  typeName: 'tessera.v1.PlacementShortage',
  fields: [
    { name: 'name', number: 1, type: 'string', shape: 'one' },
    { name: 'need', number: 2, type: 'uint64', shape: 'one' },
    { name: 'have', number: 3, type: 'uint64', shape: 'one' },
    { name: 'capacity', number: 4, type: 'uint64', shape: 'one' },
  ],
  create(init) {
    return { name: '', need: 0, have: 0, capacity: 0, ...init };
  },
  write(m, w) {
    if (m.name !== '') w.uint32(10).string(m.name);
    if (m.need !== 0) w.uint32(16).uint64(safe(m.need, 'need'));
    if (m.have !== 0) w.uint32(24).uint64(safe(m.have, 'have'));
    if (m.capacity !== 0) w.uint32(32).uint64(safe(m.capacity, 'capacity'));
    return w;
  },
  encode(m) {
    return encoded(PlacementShortage.write, m);
  },
  read(r, end) {
    const m = PlacementShortage.create() as Mutable<PlacementShortage>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.name = r.string();
          break;
        case 2:
          m.need = toSafe(r.uint64(), 'need');
          break;
        case 3:
          m.have = toSafe(r.uint64(), 'have');
          break;
        case 4:
          m.capacity = toSafe(r.uint64(), 'capacity');
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as PlacementShortage;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return PlacementShortage.read(r, r.len);
  },
};

export interface PlacementScore {
  readonly name: string;
  readonly score: number;
  readonly weight: number;
}
export const PlacementScore: MessageCodec<PlacementScore> = {
  typeName: 'tessera.v1.PlacementScore',
  fields: [
    { name: 'name', number: 1, type: 'string', shape: 'one' },
    { name: 'score', number: 2, type: 'uint32', shape: 'one' },
    { name: 'weight', number: 3, type: 'uint32', shape: 'one' },
  ],
  create(init) {
    return { name: '', score: 0, weight: 0, ...init };
  },
  write(m, w) {
    if (m.name !== '') w.uint32(10).string(m.name);
    if (m.score !== 0) w.uint32(16).uint32(m.score);
    if (m.weight !== 0) w.uint32(24).uint32(m.weight);
    return w;
  },
  encode(m) {
    return encoded(PlacementScore.write, m);
  },
  read(r, end) {
    const m = PlacementScore.create() as Mutable<PlacementScore>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.name = r.string();
          break;
        case 2:
          m.score = r.uint32();
          break;
        case 3:
          m.weight = r.uint32();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as PlacementScore;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return PlacementScore.read(r, r.len);
  },
};

export interface PlacementHint {
  readonly changes: readonly PlacementChange[];
  readonly placed: number;
}
export const PlacementHint: MessageCodec<PlacementHint> = {
  typeName: 'tessera.v1.PlacementHint',
  fields: [
    { name: 'changes', number: 1, type: 'object', shape: 'list', message: (): MessageCodec<never> => PlacementChange as MessageCodec<never> },
    { name: 'placed', number: 2, type: 'uint32', shape: 'one' },
  ],
  create(init) {
    return { changes: [], placed: 0, ...init };
  },
  write(m, w) {
    for (const v of m.changes) PlacementChange.write(v, w.uint32(10).fork()).ldelim();
    if (m.placed !== 0) w.uint32(16).uint32(m.placed);
    return w;
  },
  encode(m) {
    return encoded(PlacementHint.write, m);
  },
  read(r, end) {
    const m = PlacementHint.create() as Mutable<PlacementHint>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.changes.push(PlacementChange.read(r, r.uint32() + r.pos));
          break;
        case 2:
          m.placed = r.uint32();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as PlacementHint;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return PlacementHint.read(r, r.len);
  },
};

export interface PlacementChange {
  readonly text: string;
  readonly command: string;
}
export const PlacementChange: MessageCodec<PlacementChange> = {
  typeName: 'tessera.v1.PlacementChange',
  fields: [
    { name: 'text', number: 1, type: 'string', shape: 'one' },
    { name: 'command', number: 2, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { text: '', command: '', ...init };
  },
  write(m, w) {
    if (m.text !== '') w.uint32(10).string(m.text);
    if (m.command !== '') w.uint32(18).string(m.command);
    return w;
  },
  encode(m) {
    return encoded(PlacementChange.write, m);
  },
  read(r, end) {
    const m = PlacementChange.create() as Mutable<PlacementChange>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.text = r.string();
          break;
        case 2:
          m.command = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as PlacementChange;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return PlacementChange.read(r, r.len);
  },
};

export interface RebalanceRequest {
  readonly isPlanOnly: boolean;
}
export const RebalanceRequest: MessageCodec<RebalanceRequest> = {
  typeName: 'tessera.v1.RebalanceRequest',
  fields: [
    { name: 'isPlanOnly', number: 1, type: 'bool', shape: 'one' },
  ],
  create(init) {
    return { isPlanOnly: false, ...init };
  },
  write(m, w) {
    if (m.isPlanOnly !== false) w.uint32(8).bool(m.isPlanOnly);
    return w;
  },
  encode(m) {
    return encoded(RebalanceRequest.write, m);
  },
  read(r, end) {
    const m = RebalanceRequest.create() as Mutable<RebalanceRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.isPlanOnly = r.bool();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RebalanceRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RebalanceRequest.read(r, r.len);
  },
};

export interface RebalanceResponse {
  readonly moves: readonly PlannedMove[];
  readonly isWhole: boolean;
  readonly status?: RebalanceStatus | undefined;
}
export const RebalanceResponse: MessageCodec<RebalanceResponse> = {
  typeName: 'tessera.v1.RebalanceResponse',
  fields: [
    { name: 'moves', number: 1, type: 'object', shape: 'list', message: (): MessageCodec<never> => PlannedMove as MessageCodec<never> },
    { name: 'isWhole', number: 2, type: 'bool', shape: 'one' },
    { name: 'status', number: 3, type: 'object', shape: 'one', message: (): MessageCodec<never> => RebalanceStatus as MessageCodec<never> },
  ],
  create(init) {
    return { moves: [], isWhole: false, ...init };
  },
  write(m, w) {
    for (const v of m.moves) PlannedMove.write(v, w.uint32(10).fork()).ldelim();
    if (m.isWhole !== false) w.uint32(16).bool(m.isWhole);
    if (m.status !== undefined) RebalanceStatus.write(m.status, w.uint32(26).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(RebalanceResponse.write, m);
  },
  read(r, end) {
    const m = RebalanceResponse.create() as Mutable<RebalanceResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.moves.push(PlannedMove.read(r, r.uint32() + r.pos));
          break;
        case 2:
          m.isWhole = r.bool();
          break;
        case 3:
          m.status = RebalanceStatus.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RebalanceResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RebalanceResponse.read(r, r.len);
  },
};

export interface PlannedMove {
  readonly taskId: string;
  readonly taskName: string;
  readonly fromNodeId: string;
  readonly fromHostname: string;
  readonly toNodeId: string;
  readonly toHostname: string;
  readonly gain: string;
  readonly reason: string;
}
export const PlannedMove: MessageCodec<PlannedMove> = {
  typeName: 'tessera.v1.PlannedMove',
  fields: [
    { name: 'taskId', number: 1, type: 'string', shape: 'one' },
    { name: 'taskName', number: 2, type: 'string', shape: 'one' },
    { name: 'fromNodeId', number: 3, type: 'string', shape: 'one' },
    { name: 'fromHostname', number: 4, type: 'string', shape: 'one' },
    { name: 'toNodeId', number: 5, type: 'string', shape: 'one' },
    { name: 'toHostname', number: 6, type: 'string', shape: 'one' },
    { name: 'gain', number: 7, type: 'string', shape: 'one' },
    { name: 'reason', number: 8, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { taskId: '', taskName: '', fromNodeId: '', fromHostname: '', toNodeId: '', toHostname: '', gain: '', reason: '', ...init };
  },
  write(m, w) {
    if (m.taskId !== '') w.uint32(10).string(m.taskId);
    if (m.taskName !== '') w.uint32(18).string(m.taskName);
    if (m.fromNodeId !== '') w.uint32(26).string(m.fromNodeId);
    if (m.fromHostname !== '') w.uint32(34).string(m.fromHostname);
    if (m.toNodeId !== '') w.uint32(42).string(m.toNodeId);
    if (m.toHostname !== '') w.uint32(50).string(m.toHostname);
    if (m.gain !== '') w.uint32(58).string(m.gain);
    if (m.reason !== '') w.uint32(66).string(m.reason);
    return w;
  },
  encode(m) {
    return encoded(PlannedMove.write, m);
  },
  read(r, end) {
    const m = PlannedMove.create() as Mutable<PlannedMove>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.taskId = r.string();
          break;
        case 2:
          m.taskName = r.string();
          break;
        case 3:
          m.fromNodeId = r.string();
          break;
        case 4:
          m.fromHostname = r.string();
          break;
        case 5:
          m.toNodeId = r.string();
          break;
        case 6:
          m.toHostname = r.string();
          break;
        case 7:
          m.gain = r.string();
          break;
        case 8:
          m.reason = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as PlannedMove;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return PlannedMove.read(r, r.len);
  },
};

export interface SimulateRequest {
  readonly steps: readonly SimulationStep[];
  readonly cluster?: DescribedCluster | undefined;
}
export const SimulateRequest: MessageCodec<SimulateRequest> = {
  typeName: 'tessera.v1.SimulateRequest',
  fields: [
    { name: 'steps', number: 1, type: 'object', shape: 'list', message: (): MessageCodec<never> => SimulationStep as MessageCodec<never> },
    { name: 'cluster', number: 2, type: 'object', shape: 'one', message: (): MessageCodec<never> => DescribedCluster as MessageCodec<never> },
  ],
  create(init) {
    return { steps: [], ...init };
  },
  write(m, w) {
    for (const v of m.steps) SimulationStep.write(v, w.uint32(10).fork()).ldelim();
    if (m.cluster !== undefined) DescribedCluster.write(m.cluster, w.uint32(18).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(SimulateRequest.write, m);
  },
  read(r, end) {
    const m = SimulateRequest.create() as Mutable<SimulateRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.steps.push(SimulationStep.read(r, r.uint32() + r.pos));
          break;
        case 2:
          m.cluster = DescribedCluster.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as SimulateRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return SimulateRequest.read(r, r.len);
  },
};

export interface SimulationStep {
  readonly step?:
    | { readonly kind: 'drain'; readonly drain: string }
    | { readonly kind: 'remove'; readonly remove: string }
    | { readonly kind: 'lose'; readonly lose: string }
    | { readonly kind: 'addNodes'; readonly addNodes: AddedNodes }
    | { readonly kind: 'scale'; readonly scale: ScaledService }
    | undefined;
}
export const SimulationStep: MessageCodec<SimulationStep> = {
  typeName: 'tessera.v1.SimulationStep',
  fields: [
    { name: 'drain', number: 1, type: 'string', shape: 'one', oneof: 'step' },
    { name: 'remove', number: 2, type: 'string', shape: 'one', oneof: 'step' },
    { name: 'lose', number: 3, type: 'string', shape: 'one', oneof: 'step' },
    { name: 'addNodes', number: 4, type: 'object', shape: 'one', oneof: 'step', message: (): MessageCodec<never> => AddedNodes as MessageCodec<never> },
    { name: 'scale', number: 5, type: 'object', shape: 'one', oneof: 'step', message: (): MessageCodec<never> => ScaledService as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    switch (m.step?.kind) {
      case 'drain':
        w.uint32(10).string(m.step.drain);
        break;
      case 'remove':
        w.uint32(18).string(m.step.remove);
        break;
      case 'lose':
        w.uint32(26).string(m.step.lose);
        break;
      case 'addNodes':
        AddedNodes.write(m.step.addNodes, w.uint32(34).fork()).ldelim();
        break;
      case 'scale':
        ScaledService.write(m.step.scale, w.uint32(42).fork()).ldelim();
        break;
    }
    return w;
  },
  encode(m) {
    return encoded(SimulationStep.write, m);
  },
  read(r, end) {
    const m = SimulationStep.create() as Mutable<SimulationStep>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.step = { kind: 'drain', drain: r.string() };
          break;
        case 2:
          m.step = { kind: 'remove', remove: r.string() };
          break;
        case 3:
          m.step = { kind: 'lose', lose: r.string() };
          break;
        case 4:
          m.step = { kind: 'addNodes', addNodes: AddedNodes.read(r, r.uint32() + r.pos) };
          break;
        case 5:
          m.step = { kind: 'scale', scale: ScaledService.read(r, r.uint32() + r.pos) };
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as SimulationStep;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return SimulationStep.read(r, r.len);
  },
};

export interface AddedNodes {
  readonly count: number;
  readonly resources?: Resources | undefined;
  readonly labels: Readonly<Record<string, string>>;
}
export const AddedNodes: MessageCodec<AddedNodes> = {
  typeName: 'tessera.v1.AddedNodes',
  fields: [
    { name: 'count', number: 1, type: 'uint32', shape: 'one' },
    { name: 'resources', number: 2, type: 'object', shape: 'one', message: (): MessageCodec<never> => Resources as MessageCodec<never> },
    { name: 'labels', number: 3, type: 'string', shape: 'map' },
  ],
  create(init) {
    return { count: 0, labels: {}, ...init };
  },
  write(m, w) {
    if (m.count !== 0) w.uint32(8).uint32(m.count);
    if (m.resources !== undefined) Resources.write(m.resources, w.uint32(18).fork()).ldelim();
    for (const [k, v] of Object.entries(m.labels)) {
      const e = w.uint32(26).fork();
      e.uint32(10).string(k);
      e.uint32(18).string(v);
      e.ldelim();
    }
    return w;
  },
  encode(m) {
    return encoded(AddedNodes.write, m);
  },
  read(r, end) {
    const m = AddedNodes.create() as Mutable<AddedNodes>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.count = r.uint32();
          break;
        case 2:
          m.resources = Resources.read(r, r.uint32() + r.pos);
          break;
        case 3:
          readMapEntry(r, m.labels, '', () => r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as AddedNodes;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return AddedNodes.read(r, r.len);
  },
};

export interface ScaledService {
  readonly service: string;
  readonly replicas: number;
}
export const ScaledService: MessageCodec<ScaledService> = {
  typeName: 'tessera.v1.ScaledService',
  fields: [
    { name: 'service', number: 1, type: 'string', shape: 'one' },
    { name: 'replicas', number: 2, type: 'uint32', shape: 'one' },
  ],
  create(init) {
    return { service: '', replicas: 0, ...init };
  },
  write(m, w) {
    if (m.service !== '') w.uint32(10).string(m.service);
    if (m.replicas !== 0) w.uint32(16).uint32(m.replicas);
    return w;
  },
  encode(m) {
    return encoded(ScaledService.write, m);
  },
  read(r, end) {
    const m = ScaledService.create() as Mutable<ScaledService>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.service = r.string();
          break;
        case 2:
          m.replicas = r.uint32();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ScaledService;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ScaledService.read(r, r.len);
  },
};

export interface DescribedCluster {
  readonly nodes: readonly DescribedNodes[];
  readonly services: readonly ServiceSpec[];
  readonly scheduling?: SchedulingSpec | undefined;
}
export const DescribedCluster: MessageCodec<DescribedCluster> = {
  typeName: 'tessera.v1.DescribedCluster',
  fields: [
    { name: 'nodes', number: 1, type: 'object', shape: 'list', message: (): MessageCodec<never> => DescribedNodes as MessageCodec<never> },
    { name: 'services', number: 2, type: 'object', shape: 'list', message: (): MessageCodec<never> => ServiceSpec as MessageCodec<never> },
    { name: 'scheduling', number: 3, type: 'object', shape: 'one', message: (): MessageCodec<never> => SchedulingSpec as MessageCodec<never> },
  ],
  create(init) {
    return { nodes: [], services: [], ...init };
  },
  write(m, w) {
    for (const v of m.nodes) DescribedNodes.write(v, w.uint32(10).fork()).ldelim();
    for (const v of m.services) ServiceSpec.write(v, w.uint32(18).fork()).ldelim();
    if (m.scheduling !== undefined) SchedulingSpec.write(m.scheduling, w.uint32(26).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(DescribedCluster.write, m);
  },
  read(r, end) {
    const m = DescribedCluster.create() as Mutable<DescribedCluster>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.nodes.push(DescribedNodes.read(r, r.uint32() + r.pos));
          break;
        case 2:
          m.services.push(ServiceSpec.read(r, r.uint32() + r.pos));
          break;
        case 3:
          m.scheduling = SchedulingSpec.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as DescribedCluster;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return DescribedCluster.read(r, r.len);
  },
};

export interface DescribedNodes {
  readonly name: string;
  readonly count: number;
  readonly spec?: NodeSpec | undefined;
  readonly resources?: Resources | undefined;
}
export const DescribedNodes: MessageCodec<DescribedNodes> = {
  typeName: 'tessera.v1.DescribedNodes',
  fields: [
    { name: 'name', number: 1, type: 'string', shape: 'one' },
    { name: 'count', number: 2, type: 'uint32', shape: 'one' },
    { name: 'spec', number: 3, type: 'object', shape: 'one', message: (): MessageCodec<never> => NodeSpec as MessageCodec<never> },
    { name: 'resources', number: 4, type: 'object', shape: 'one', message: (): MessageCodec<never> => Resources as MessageCodec<never> },
  ],
  create(init) {
    return { name: '', count: 0, ...init };
  },
  write(m, w) {
    if (m.name !== '') w.uint32(10).string(m.name);
    if (m.count !== 0) w.uint32(16).uint32(m.count);
    if (m.spec !== undefined) NodeSpec.write(m.spec, w.uint32(26).fork()).ldelim();
    if (m.resources !== undefined) Resources.write(m.resources, w.uint32(34).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(DescribedNodes.write, m);
  },
  read(r, end) {
    const m = DescribedNodes.create() as Mutable<DescribedNodes>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.name = r.string();
          break;
        case 2:
          m.count = r.uint32();
          break;
        case 3:
          m.spec = NodeSpec.read(r, r.uint32() + r.pos);
          break;
        case 4:
          m.resources = Resources.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as DescribedNodes;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return DescribedNodes.read(r, r.len);
  },
};

export interface SimulateResponse {
  readonly steps: readonly string[];
  readonly moves: readonly SimulatedMove[];
  readonly moveCount: number;
  readonly started: number;
  readonly ended: number;
  readonly waits: readonly SimulatedWait[];
  readonly nodes: readonly NodeUse[];
  readonly notes: readonly string[];
}
export const SimulateResponse: MessageCodec<SimulateResponse> = {
  typeName: 'tessera.v1.SimulateResponse',
  fields: [
    { name: 'steps', number: 1, type: 'string', shape: 'list' },
    { name: 'moves', number: 2, type: 'object', shape: 'list', message: (): MessageCodec<never> => SimulatedMove as MessageCodec<never> },
    { name: 'moveCount', number: 3, type: 'uint32', shape: 'one' },
    { name: 'started', number: 4, type: 'uint32', shape: 'one' },
    { name: 'ended', number: 5, type: 'uint32', shape: 'one' },
    { name: 'waits', number: 6, type: 'object', shape: 'list', message: (): MessageCodec<never> => SimulatedWait as MessageCodec<never> },
    { name: 'nodes', number: 7, type: 'object', shape: 'list', message: (): MessageCodec<never> => NodeUse as MessageCodec<never> },
    { name: 'notes', number: 8, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { steps: [], moves: [], moveCount: 0, started: 0, ended: 0, waits: [], nodes: [], notes: [], ...init };
  },
  write(m, w) {
    for (const v of m.steps) w.uint32(10).string(v);
    for (const v of m.moves) SimulatedMove.write(v, w.uint32(18).fork()).ldelim();
    if (m.moveCount !== 0) w.uint32(24).uint32(m.moveCount);
    if (m.started !== 0) w.uint32(32).uint32(m.started);
    if (m.ended !== 0) w.uint32(40).uint32(m.ended);
    for (const v of m.waits) SimulatedWait.write(v, w.uint32(50).fork()).ldelim();
    for (const v of m.nodes) NodeUse.write(v, w.uint32(58).fork()).ldelim();
    for (const v of m.notes) w.uint32(66).string(v);
    return w;
  },
  encode(m) {
    return encoded(SimulateResponse.write, m);
  },
  read(r, end) {
    const m = SimulateResponse.create() as Mutable<SimulateResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.steps.push(r.string());
          break;
        case 2:
          m.moves.push(SimulatedMove.read(r, r.uint32() + r.pos));
          break;
        case 3:
          m.moveCount = r.uint32();
          break;
        case 4:
          m.started = r.uint32();
          break;
        case 5:
          m.ended = r.uint32();
          break;
        case 6:
          m.waits.push(SimulatedWait.read(r, r.uint32() + r.pos));
          break;
        case 7:
          m.nodes.push(NodeUse.read(r, r.uint32() + r.pos));
          break;
        case 8:
          m.notes.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as SimulateResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return SimulateResponse.read(r, r.len);
  },
};

export interface SimulatedMove {
  readonly taskName: string;
  readonly fromHostname: string;
  readonly toHostname: string;
}
export const SimulatedMove: MessageCodec<SimulatedMove> = {
  typeName: 'tessera.v1.SimulatedMove',
  fields: [
    { name: 'taskName', number: 1, type: 'string', shape: 'one' },
    { name: 'fromHostname', number: 2, type: 'string', shape: 'one' },
    { name: 'toHostname', number: 3, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { taskName: '', fromHostname: '', toHostname: '', ...init };
  },
  write(m, w) {
    if (m.taskName !== '') w.uint32(10).string(m.taskName);
    if (m.fromHostname !== '') w.uint32(18).string(m.fromHostname);
    if (m.toHostname !== '') w.uint32(26).string(m.toHostname);
    return w;
  },
  encode(m) {
    return encoded(SimulatedMove.write, m);
  },
  read(r, end) {
    const m = SimulatedMove.create() as Mutable<SimulatedMove>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.taskName = r.string();
          break;
        case 2:
          m.fromHostname = r.string();
          break;
        case 3:
          m.toHostname = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as SimulatedMove;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return SimulatedMove.read(r, r.len);
  },
};

export interface SimulatedWait {
  readonly serviceName: string;
  readonly count: number;
  readonly summary: string;
}
export const SimulatedWait: MessageCodec<SimulatedWait> = {
  typeName: 'tessera.v1.SimulatedWait',
  fields: [
    { name: 'serviceName', number: 1, type: 'string', shape: 'one' },
    { name: 'count', number: 2, type: 'uint32', shape: 'one' },
    { name: 'summary', number: 3, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { serviceName: '', count: 0, summary: '', ...init };
  },
  write(m, w) {
    if (m.serviceName !== '') w.uint32(10).string(m.serviceName);
    if (m.count !== 0) w.uint32(16).uint32(m.count);
    if (m.summary !== '') w.uint32(26).string(m.summary);
    return w;
  },
  encode(m) {
    return encoded(SimulatedWait.write, m);
  },
  read(r, end) {
    const m = SimulatedWait.create() as Mutable<SimulatedWait>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.serviceName = r.string();
          break;
        case 2:
          m.count = r.uint32();
          break;
        case 3:
          m.summary = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as SimulatedWait;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return SimulatedWait.read(r, r.len);
  },
};

export interface NodeUse {
  readonly hostname: string;
  readonly what: string;
  readonly capacity?: Resources | undefined;
  readonly tasksBefore: number;
  readonly tasksAfter: number;
  readonly cpuNanoBefore: number;
  readonly cpuNanoAfter: number;
  readonly memoryBytesBefore: number;
  readonly memoryBytesAfter: number;
}
export const NodeUse: MessageCodec<NodeUse> = {
  typeName: 'tessera.v1.NodeUse',
  fields: [
    { name: 'hostname', number: 1, type: 'string', shape: 'one' },
    { name: 'what', number: 2, type: 'string', shape: 'one' },
    { name: 'capacity', number: 3, type: 'object', shape: 'one', message: (): MessageCodec<never> => Resources as MessageCodec<never> },
    { name: 'tasksBefore', number: 4, type: 'uint32', shape: 'one' },
    { name: 'tasksAfter', number: 5, type: 'uint32', shape: 'one' },
    { name: 'cpuNanoBefore', number: 6, type: 'uint64', shape: 'one' },
    { name: 'cpuNanoAfter', number: 7, type: 'uint64', shape: 'one' },
    { name: 'memoryBytesBefore', number: 8, type: 'uint64', shape: 'one' },
    { name: 'memoryBytesAfter', number: 9, type: 'uint64', shape: 'one' },
  ],
  create(init) {
    return { hostname: '', what: '', tasksBefore: 0, tasksAfter: 0, cpuNanoBefore: 0, cpuNanoAfter: 0, memoryBytesBefore: 0, memoryBytesAfter: 0, ...init };
  },
  write(m, w) {
    if (m.hostname !== '') w.uint32(10).string(m.hostname);
    if (m.what !== '') w.uint32(18).string(m.what);
    if (m.capacity !== undefined) Resources.write(m.capacity, w.uint32(26).fork()).ldelim();
    if (m.tasksBefore !== 0) w.uint32(32).uint32(m.tasksBefore);
    if (m.tasksAfter !== 0) w.uint32(40).uint32(m.tasksAfter);
    if (m.cpuNanoBefore !== 0) w.uint32(48).uint64(safe(m.cpuNanoBefore, 'cpuNanoBefore'));
    if (m.cpuNanoAfter !== 0) w.uint32(56).uint64(safe(m.cpuNanoAfter, 'cpuNanoAfter'));
    if (m.memoryBytesBefore !== 0) w.uint32(64).uint64(safe(m.memoryBytesBefore, 'memoryBytesBefore'));
    if (m.memoryBytesAfter !== 0) w.uint32(72).uint64(safe(m.memoryBytesAfter, 'memoryBytesAfter'));
    return w;
  },
  encode(m) {
    return encoded(NodeUse.write, m);
  },
  read(r, end) {
    const m = NodeUse.create() as Mutable<NodeUse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.hostname = r.string();
          break;
        case 2:
          m.what = r.string();
          break;
        case 3:
          m.capacity = Resources.read(r, r.uint32() + r.pos);
          break;
        case 4:
          m.tasksBefore = r.uint32();
          break;
        case 5:
          m.tasksAfter = r.uint32();
          break;
        case 6:
          m.cpuNanoBefore = toSafe(r.uint64(), 'cpuNanoBefore');
          break;
        case 7:
          m.cpuNanoAfter = toSafe(r.uint64(), 'cpuNanoAfter');
          break;
        case 8:
          m.memoryBytesBefore = toSafe(r.uint64(), 'memoryBytesBefore');
          break;
        case 9:
          m.memoryBytesAfter = toSafe(r.uint64(), 'memoryBytesAfter');
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as NodeUse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return NodeUse.read(r, r.len);
  },
};

export interface RaftBatch {
  readonly messages: readonly RaftWireMessage[];
}
export const RaftBatch: MessageCodec<RaftBatch> = {
  typeName: 'tessera.v1.RaftBatch',
  fields: [
    { name: 'messages', number: 1, type: 'object', shape: 'list', message: (): MessageCodec<never> => RaftWireMessage as MessageCodec<never> },
  ],
  create(init) {
    return { messages: [], ...init };
  },
  write(m, w) {
    for (const v of m.messages) RaftWireMessage.write(v, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(RaftBatch.write, m);
  },
  read(r, end) {
    const m = RaftBatch.create() as Mutable<RaftBatch>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.messages.push(RaftWireMessage.read(r, r.uint32() + r.pos));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RaftBatch;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RaftBatch.read(r, r.len);
  },
};

export interface RaftEntry {
  readonly index: number;
  readonly term: number;
  readonly kind: RaftEntryKind;
  readonly data: Uint8Array;
}
export const RaftEntry: MessageCodec<RaftEntry> = {
  typeName: 'tessera.v1.RaftEntry',
  fields: [
    { name: 'index', number: 1, type: 'uint64', shape: 'one' },
    { name: 'term', number: 2, type: 'uint64', shape: 'one' },
    { name: 'kind', number: 3, type: 'object', shape: 'one', names: RaftEntryKindNames },
    { name: 'data', number: 4, type: 'bytes', shape: 'one' },
  ],
  create(init) {
    return { index: 0, term: 0, kind: 0, data: empty, ...init };
  },
  write(m, w) {
    if (m.index !== 0) w.uint32(8).uint64(safe(m.index, 'index'));
    if (m.term !== 0) w.uint32(16).uint64(safe(m.term, 'term'));
    if (m.kind !== 0) w.uint32(24).int32(m.kind);
    if (m.data.length > 0) w.uint32(34).bytes(m.data);
    return w;
  },
  encode(m) {
    return encoded(RaftEntry.write, m);
  },
  read(r, end) {
    const m = RaftEntry.create() as Mutable<RaftEntry>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.index = toSafe(r.uint64(), 'index');
          break;
        case 2:
          m.term = toSafe(r.uint64(), 'term');
          break;
        case 3:
          m.kind = r.int32() as RaftEntryKind;
          break;
        case 4:
          m.data = r.bytes();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RaftEntry;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RaftEntry.read(r, r.len);
  },
};

export interface RaftWireMessage {
  readonly kind: RaftMessageKind;
  readonly from: number;
  readonly to: number;
  readonly term: number;
  readonly index: number;
  readonly logTerm: number;
  readonly commit: number;
  readonly entries: readonly RaftEntry[];
  readonly isRejected: boolean;
  readonly hintIndex: number;
  readonly hintTerm: number;
  readonly readContext: number;
  readonly isTransfer: boolean;
}
export const RaftWireMessage: MessageCodec<RaftWireMessage> = {
  typeName: 'tessera.v1.RaftWireMessage',
  fields: [
    { name: 'kind', number: 1, type: 'object', shape: 'one', names: RaftMessageKindNames },
    { name: 'from', number: 2, type: 'uint64', shape: 'one' },
    { name: 'to', number: 3, type: 'uint64', shape: 'one' },
    { name: 'term', number: 4, type: 'uint64', shape: 'one' },
    { name: 'index', number: 5, type: 'uint64', shape: 'one' },
    { name: 'logTerm', number: 6, type: 'uint64', shape: 'one' },
    { name: 'commit', number: 7, type: 'uint64', shape: 'one' },
    { name: 'entries', number: 8, type: 'object', shape: 'list', message: (): MessageCodec<never> => RaftEntry as MessageCodec<never> },
    { name: 'isRejected', number: 9, type: 'bool', shape: 'one' },
    { name: 'hintIndex', number: 10, type: 'uint64', shape: 'one' },
    { name: 'hintTerm', number: 11, type: 'uint64', shape: 'one' },
    { name: 'readContext', number: 12, type: 'uint64', shape: 'one' },
    { name: 'isTransfer', number: 13, type: 'bool', shape: 'one' },
  ],
  create(init) {
    return { kind: 0, from: 0, to: 0, term: 0, index: 0, logTerm: 0, commit: 0, entries: [], isRejected: false, hintIndex: 0, hintTerm: 0, readContext: 0, isTransfer: false, ...init };
  },
  write(m, w) {
    if (m.kind !== 0) w.uint32(8).int32(m.kind);
    if (m.from !== 0) w.uint32(16).uint64(safe(m.from, 'from'));
    if (m.to !== 0) w.uint32(24).uint64(safe(m.to, 'to'));
    if (m.term !== 0) w.uint32(32).uint64(safe(m.term, 'term'));
    if (m.index !== 0) w.uint32(40).uint64(safe(m.index, 'index'));
    if (m.logTerm !== 0) w.uint32(48).uint64(safe(m.logTerm, 'logTerm'));
    if (m.commit !== 0) w.uint32(56).uint64(safe(m.commit, 'commit'));
    for (const v of m.entries) RaftEntry.write(v, w.uint32(66).fork()).ldelim();
    if (m.isRejected !== false) w.uint32(72).bool(m.isRejected);
    if (m.hintIndex !== 0) w.uint32(80).uint64(safe(m.hintIndex, 'hintIndex'));
    if (m.hintTerm !== 0) w.uint32(88).uint64(safe(m.hintTerm, 'hintTerm'));
    if (m.readContext !== 0) w.uint32(96).uint64(safe(m.readContext, 'readContext'));
    if (m.isTransfer !== false) w.uint32(104).bool(m.isTransfer);
    return w;
  },
  encode(m) {
    return encoded(RaftWireMessage.write, m);
  },
  read(r, end) {
    const m = RaftWireMessage.create() as Mutable<RaftWireMessage>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.kind = r.int32() as RaftMessageKind;
          break;
        case 2:
          m.from = toSafe(r.uint64(), 'from');
          break;
        case 3:
          m.to = toSafe(r.uint64(), 'to');
          break;
        case 4:
          m.term = toSafe(r.uint64(), 'term');
          break;
        case 5:
          m.index = toSafe(r.uint64(), 'index');
          break;
        case 6:
          m.logTerm = toSafe(r.uint64(), 'logTerm');
          break;
        case 7:
          m.commit = toSafe(r.uint64(), 'commit');
          break;
        case 8:
          m.entries.push(RaftEntry.read(r, r.uint32() + r.pos));
          break;
        case 9:
          m.isRejected = r.bool();
          break;
        case 10:
          m.hintIndex = toSafe(r.uint64(), 'hintIndex');
          break;
        case 11:
          m.hintTerm = toSafe(r.uint64(), 'hintTerm');
          break;
        case 12:
          m.readContext = toSafe(r.uint64(), 'readContext');
          break;
        case 13:
          m.isTransfer = r.bool();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RaftWireMessage;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RaftWireMessage.read(r, r.len);
  },
};

export interface RaftWireMember {
  readonly id: number;
  readonly isLearner: boolean;
  readonly context: string;
}
export const RaftWireMember: MessageCodec<RaftWireMember> = {
  typeName: 'tessera.v1.RaftWireMember',
  fields: [
    { name: 'id', number: 1, type: 'uint64', shape: 'one' },
    { name: 'isLearner', number: 2, type: 'bool', shape: 'one' },
    { name: 'context', number: 3, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { id: 0, isLearner: false, context: '', ...init };
  },
  write(m, w) {
    if (m.id !== 0) w.uint32(8).uint64(safe(m.id, 'id'));
    if (m.isLearner !== false) w.uint32(16).bool(m.isLearner);
    if (m.context !== '') w.uint32(26).string(m.context);
    return w;
  },
  encode(m) {
    return encoded(RaftWireMember.write, m);
  },
  read(r, end) {
    const m = RaftWireMember.create() as Mutable<RaftWireMember>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.id = toSafe(r.uint64(), 'id');
          break;
        case 2:
          m.isLearner = r.bool();
          break;
        case 3:
          m.context = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RaftWireMember;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RaftWireMember.read(r, r.len);
  },
};

export interface SnapshotHeader {
  readonly message?: RaftWireMessage | undefined;
  readonly index: number;
  readonly term: number;
  readonly members: readonly RaftWireMember[];
  readonly outgoing: readonly RaftWireMember[];
}
export const SnapshotHeader: MessageCodec<SnapshotHeader> = {
  typeName: 'tessera.v1.SnapshotHeader',
  fields: [
    { name: 'message', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => RaftWireMessage as MessageCodec<never> },
    { name: 'index', number: 2, type: 'uint64', shape: 'one' },
    { name: 'term', number: 3, type: 'uint64', shape: 'one' },
    { name: 'members', number: 4, type: 'object', shape: 'list', message: (): MessageCodec<never> => RaftWireMember as MessageCodec<never> },
    { name: 'outgoing', number: 5, type: 'object', shape: 'list', message: (): MessageCodec<never> => RaftWireMember as MessageCodec<never> },
  ],
  create(init) {
    return { index: 0, term: 0, members: [], outgoing: [], ...init };
  },
  write(m, w) {
    if (m.message !== undefined) RaftWireMessage.write(m.message, w.uint32(10).fork()).ldelim();
    if (m.index !== 0) w.uint32(16).uint64(safe(m.index, 'index'));
    if (m.term !== 0) w.uint32(24).uint64(safe(m.term, 'term'));
    for (const v of m.members) RaftWireMember.write(v, w.uint32(34).fork()).ldelim();
    for (const v of m.outgoing) RaftWireMember.write(v, w.uint32(42).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(SnapshotHeader.write, m);
  },
  read(r, end) {
    const m = SnapshotHeader.create() as Mutable<SnapshotHeader>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.message = RaftWireMessage.read(r, r.uint32() + r.pos);
          break;
        case 2:
          m.index = toSafe(r.uint64(), 'index');
          break;
        case 3:
          m.term = toSafe(r.uint64(), 'term');
          break;
        case 4:
          m.members.push(RaftWireMember.read(r, r.uint32() + r.pos));
          break;
        case 5:
          m.outgoing.push(RaftWireMember.read(r, r.uint32() + r.pos));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as SnapshotHeader;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return SnapshotHeader.read(r, r.len);
  },
};

export interface SnapshotChunk {
  readonly part?:
    | { readonly kind: 'header'; readonly header: SnapshotHeader }
    | { readonly kind: 'chunk'; readonly chunk: Uint8Array }
    | undefined;
}
export const SnapshotChunk: MessageCodec<SnapshotChunk> = {
  typeName: 'tessera.v1.SnapshotChunk',
  fields: [
    { name: 'header', number: 1, type: 'object', shape: 'one', oneof: 'part', message: (): MessageCodec<never> => SnapshotHeader as MessageCodec<never> },
    { name: 'chunk', number: 2, type: 'bytes', shape: 'one', oneof: 'part' },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    switch (m.part?.kind) {
      case 'header':
        SnapshotHeader.write(m.part.header, w.uint32(10).fork()).ldelim();
        break;
      case 'chunk':
        w.uint32(18).bytes(m.part.chunk);
        break;
    }
    return w;
  },
  encode(m) {
    return encoded(SnapshotChunk.write, m);
  },
  read(r, end) {
    const m = SnapshotChunk.create() as Mutable<SnapshotChunk>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.part = { kind: 'header', header: SnapshotHeader.read(r, r.uint32() + r.pos) };
          break;
        case 2:
          m.part = { kind: 'chunk', chunk: r.bytes() };
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as SnapshotChunk;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return SnapshotChunk.read(r, r.len);
  },
};

export interface InstallSnapshotResponse {
}
export const InstallSnapshotResponse: MessageCodec<InstallSnapshotResponse> = {
  typeName: 'tessera.v1.InstallSnapshotResponse',
  fields: [
  ],
  create(init) {
    return { ...init };
  },
  write(_m, w) {
    return w;
  },
  encode(m) {
    return encoded(InstallSnapshotResponse.write, m);
  },
  read(r, end) {
    const m = InstallSnapshotResponse.create() as Mutable<InstallSnapshotResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        default:
          r.skipType(tag & 7);
      }
    }
    return m as InstallSnapshotResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return InstallSnapshotResponse.read(r, r.len);
  },
};

export interface RaftJoinRequest {
  readonly address: string;
  readonly raftId: number;
}
export const RaftJoinRequest: MessageCodec<RaftJoinRequest> = {
  typeName: 'tessera.v1.RaftJoinRequest',
  fields: [
    { name: 'address', number: 1, type: 'string', shape: 'one' },
    { name: 'raftId', number: 2, type: 'uint64', shape: 'one' },
  ],
  create(init) {
    return { address: '', raftId: 0, ...init };
  },
  write(m, w) {
    if (m.address !== '') w.uint32(10).string(m.address);
    if (m.raftId !== 0) w.uint32(16).uint64(safe(m.raftId, 'raftId'));
    return w;
  },
  encode(m) {
    return encoded(RaftJoinRequest.write, m);
  },
  read(r, end) {
    const m = RaftJoinRequest.create() as Mutable<RaftJoinRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.address = r.string();
          break;
        case 2:
          m.raftId = toSafe(r.uint64(), 'raftId');
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RaftJoinRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RaftJoinRequest.read(r, r.len);
  },
};

export interface RaftJoinResponse {
  readonly raftId: number;
  readonly members: readonly RaftWireMember[];
}
export const RaftJoinResponse: MessageCodec<RaftJoinResponse> = {
  typeName: 'tessera.v1.RaftJoinResponse',
  fields: [
    { name: 'raftId', number: 1, type: 'uint64', shape: 'one' },
    { name: 'members', number: 2, type: 'object', shape: 'list', message: (): MessageCodec<never> => RaftWireMember as MessageCodec<never> },
  ],
  create(init) {
    return { raftId: 0, members: [], ...init };
  },
  write(m, w) {
    if (m.raftId !== 0) w.uint32(8).uint64(safe(m.raftId, 'raftId'));
    for (const v of m.members) RaftWireMember.write(v, w.uint32(18).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(RaftJoinResponse.write, m);
  },
  read(r, end) {
    const m = RaftJoinResponse.create() as Mutable<RaftJoinResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.raftId = toSafe(r.uint64(), 'raftId');
          break;
        case 2:
          m.members.push(RaftWireMember.read(r, r.uint32() + r.pos));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RaftJoinResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RaftJoinResponse.read(r, r.len);
  },
};

export interface RaftLeaveRequest {
  readonly force: boolean;
}
export const RaftLeaveRequest: MessageCodec<RaftLeaveRequest> = {
  typeName: 'tessera.v1.RaftLeaveRequest',
  fields: [
    { name: 'force', number: 1, type: 'bool', shape: 'one' },
  ],
  create(init) {
    return { force: false, ...init };
  },
  write(m, w) {
    if (m.force !== false) w.uint32(8).bool(m.force);
    return w;
  },
  encode(m) {
    return encoded(RaftLeaveRequest.write, m);
  },
  read(r, end) {
    const m = RaftLeaveRequest.create() as Mutable<RaftLeaveRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.force = r.bool();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RaftLeaveRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RaftLeaveRequest.read(r, r.len);
  },
};

export interface RaftLeaveResponse {
}
export const RaftLeaveResponse: MessageCodec<RaftLeaveResponse> = {
  typeName: 'tessera.v1.RaftLeaveResponse',
  fields: [
  ],
  create(init) {
    return { ...init };
  },
  write(_m, w) {
    return w;
  },
  encode(m) {
    return encoded(RaftLeaveResponse.write, m);
  },
  read(r, end) {
    const m = RaftLeaveResponse.create() as Mutable<RaftLeaveResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RaftLeaveResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RaftLeaveResponse.read(r, r.len);
  },
};

export interface StoreEntry {
  readonly actions: readonly StoreAction[];
  readonly proposedAtMs: number;
  readonly baseVersion: number;
}
export const StoreEntry: MessageCodec<StoreEntry> = {
  typeName: 'tessera.v1.StoreEntry',
  fields: [
    { name: 'actions', number: 1, type: 'object', shape: 'list', message: (): MessageCodec<never> => StoreAction as MessageCodec<never> },
    { name: 'proposedAtMs', number: 2, type: 'uint64', shape: 'one' },
    { name: 'baseVersion', number: 3, type: 'uint64', shape: 'one' },
  ],
  create(init) {
    return { actions: [], proposedAtMs: 0, baseVersion: 0, ...init };
  },
  write(m, w) {
    for (const v of m.actions) StoreAction.write(v, w.uint32(10).fork()).ldelim();
    if (m.proposedAtMs !== 0) w.uint32(16).uint64(safe(m.proposedAtMs, 'proposedAtMs'));
    if (m.baseVersion !== 0) w.uint32(24).uint64(safe(m.baseVersion, 'baseVersion'));
    return w;
  },
  encode(m) {
    return encoded(StoreEntry.write, m);
  },
  read(r, end) {
    const m = StoreEntry.create() as Mutable<StoreEntry>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.actions.push(StoreAction.read(r, r.uint32() + r.pos));
          break;
        case 2:
          m.proposedAtMs = toSafe(r.uint64(), 'proposedAtMs');
          break;
        case 3:
          m.baseVersion = toSafe(r.uint64(), 'baseVersion');
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as StoreEntry;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return StoreEntry.read(r, r.len);
  },
};

export interface StoreAction {
  readonly kind: StoreActionKind;
  readonly changed: readonly number[];
  readonly target?:
    | { readonly kind: 'cluster'; readonly cluster: Cluster }
    | { readonly kind: 'node'; readonly node: Node }
    | { readonly kind: 'service'; readonly service: Service }
    | { readonly kind: 'task'; readonly task: Task }
    | { readonly kind: 'network'; readonly network: Network }
    | undefined;
}
export const StoreAction: MessageCodec<StoreAction> = {
  typeName: 'tessera.v1.StoreAction',
  fields: [
    { name: 'kind', number: 1, type: 'object', shape: 'one', names: StoreActionKindNames },
    { name: 'cluster', number: 2, type: 'object', shape: 'one', oneof: 'target', message: (): MessageCodec<never> => Cluster as MessageCodec<never> },
    { name: 'node', number: 3, type: 'object', shape: 'one', oneof: 'target', message: (): MessageCodec<never> => Node as MessageCodec<never> },
    { name: 'service', number: 4, type: 'object', shape: 'one', oneof: 'target', message: (): MessageCodec<never> => Service as MessageCodec<never> },
    { name: 'task', number: 5, type: 'object', shape: 'one', oneof: 'target', message: (): MessageCodec<never> => Task as MessageCodec<never> },
    { name: 'network', number: 6, type: 'object', shape: 'one', oneof: 'target', message: (): MessageCodec<never> => Network as MessageCodec<never> },
    { name: 'changed', number: 7, type: 'uint32', shape: 'list' },
  ],
  create(init) {
    return { kind: 0, changed: [], ...init };
  },
  write(m, w) {
    if (m.kind !== 0) w.uint32(8).int32(m.kind);
    if (m.changed.length > 0) {
      w.uint32(58).fork();
      for (const v of m.changed) w.uint32(v);
      w.ldelim();
    }
    switch (m.target?.kind) {
      case 'cluster':
        Cluster.write(m.target.cluster, w.uint32(18).fork()).ldelim();
        break;
      case 'node':
        Node.write(m.target.node, w.uint32(26).fork()).ldelim();
        break;
      case 'service':
        Service.write(m.target.service, w.uint32(34).fork()).ldelim();
        break;
      case 'task':
        Task.write(m.target.task, w.uint32(42).fork()).ldelim();
        break;
      case 'network':
        Network.write(m.target.network, w.uint32(50).fork()).ldelim();
        break;
    }
    return w;
  },
  encode(m) {
    return encoded(StoreAction.write, m);
  },
  read(r, end) {
    const m = StoreAction.create() as Mutable<StoreAction>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.kind = r.int32() as StoreActionKind;
          break;
        case 2:
          m.target = { kind: 'cluster', cluster: Cluster.read(r, r.uint32() + r.pos) };
          break;
        case 3:
          m.target = { kind: 'node', node: Node.read(r, r.uint32() + r.pos) };
          break;
        case 4:
          m.target = { kind: 'service', service: Service.read(r, r.uint32() + r.pos) };
          break;
        case 5:
          m.target = { kind: 'task', task: Task.read(r, r.uint32() + r.pos) };
          break;
        case 6:
          m.target = { kind: 'network', network: Network.read(r, r.uint32() + r.pos) };
          break;
        case 7:
          if ((tag & 7) === 2) {
            const stop = r.uint32() + r.pos;
            while (r.pos < stop) m.changed.push(r.uint32());
          } else m.changed.push(r.uint32());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as StoreAction;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return StoreAction.read(r, r.len);
  },
};

export interface SnapshotHeaderRecord {
  readonly version: number;
}
export const SnapshotHeaderRecord: MessageCodec<SnapshotHeaderRecord> = {
  typeName: 'tessera.v1.SnapshotHeaderRecord',
  fields: [
    { name: 'version', number: 1, type: 'uint64', shape: 'one' },
  ],
  create(init) {
    return { version: 0, ...init };
  },
  write(m, w) {
    if (m.version !== 0) w.uint32(8).uint64(safe(m.version, 'version'));
    return w;
  },
  encode(m) {
    return encoded(SnapshotHeaderRecord.write, m);
  },
  read(r, end) {
    const m = SnapshotHeaderRecord.create() as Mutable<SnapshotHeaderRecord>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.version = toSafe(r.uint64(), 'version');
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as SnapshotHeaderRecord;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return SnapshotHeaderRecord.read(r, r.len);
  },
};

export interface SnapshotRecord {
  readonly target?:
    | { readonly kind: 'header'; readonly header: SnapshotHeaderRecord }
    | { readonly kind: 'cluster'; readonly cluster: Cluster }
    | { readonly kind: 'node'; readonly node: Node }
    | { readonly kind: 'service'; readonly service: Service }
    | { readonly kind: 'task'; readonly task: Task }
    | { readonly kind: 'network'; readonly network: Network }
    | undefined;
}
export const SnapshotRecord: MessageCodec<SnapshotRecord> = {
  typeName: 'tessera.v1.SnapshotRecord',
  fields: [
    { name: 'header', number: 1, type: 'object', shape: 'one', oneof: 'target', message: (): MessageCodec<never> => SnapshotHeaderRecord as MessageCodec<never> },
    { name: 'cluster', number: 2, type: 'object', shape: 'one', oneof: 'target', message: (): MessageCodec<never> => Cluster as MessageCodec<never> },
    { name: 'node', number: 3, type: 'object', shape: 'one', oneof: 'target', message: (): MessageCodec<never> => Node as MessageCodec<never> },
    { name: 'service', number: 4, type: 'object', shape: 'one', oneof: 'target', message: (): MessageCodec<never> => Service as MessageCodec<never> },
    { name: 'task', number: 5, type: 'object', shape: 'one', oneof: 'target', message: (): MessageCodec<never> => Task as MessageCodec<never> },
    { name: 'network', number: 6, type: 'object', shape: 'one', oneof: 'target', message: (): MessageCodec<never> => Network as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    switch (m.target?.kind) {
      case 'header':
        SnapshotHeaderRecord.write(m.target.header, w.uint32(10).fork()).ldelim();
        break;
      case 'cluster':
        Cluster.write(m.target.cluster, w.uint32(18).fork()).ldelim();
        break;
      case 'node':
        Node.write(m.target.node, w.uint32(26).fork()).ldelim();
        break;
      case 'service':
        Service.write(m.target.service, w.uint32(34).fork()).ldelim();
        break;
      case 'task':
        Task.write(m.target.task, w.uint32(42).fork()).ldelim();
        break;
      case 'network':
        Network.write(m.target.network, w.uint32(50).fork()).ldelim();
        break;
    }
    return w;
  },
  encode(m) {
    return encoded(SnapshotRecord.write, m);
  },
  read(r, end) {
    const m = SnapshotRecord.create() as Mutable<SnapshotRecord>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.target = { kind: 'header', header: SnapshotHeaderRecord.read(r, r.uint32() + r.pos) };
          break;
        case 2:
          m.target = { kind: 'cluster', cluster: Cluster.read(r, r.uint32() + r.pos) };
          break;
        case 3:
          m.target = { kind: 'node', node: Node.read(r, r.uint32() + r.pos) };
          break;
        case 4:
          m.target = { kind: 'service', service: Service.read(r, r.uint32() + r.pos) };
          break;
        case 5:
          m.target = { kind: 'task', task: Task.read(r, r.uint32() + r.pos) };
          break;
        case 6:
          m.target = { kind: 'network', network: Network.read(r, r.uint32() + r.pos) };
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as SnapshotRecord;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return SnapshotRecord.read(r, r.len);
  },
};

export const CertificateAuthorityService = {
  getRootCertificate: method('/tessera.v1.CertificateAuthority/GetRootCertificate', false, false, GetRootCertificateRequest, GetRootCertificateResponse),
  issueCertificate: method('/tessera.v1.CertificateAuthority/IssueCertificate', false, false, IssueCertificateRequest, CertificateResponse),
  renewCertificate: method('/tessera.v1.CertificateAuthority/RenewCertificate', false, false, RenewCertificateRequest, CertificateResponse),
} as const;

export const ControlService = {
  getCluster: method('/tessera.v1.Control/GetCluster', false, false, GetClusterRequest, GetClusterResponse),
  updateCluster: method('/tessera.v1.Control/UpdateCluster', false, false, UpdateClusterRequest, UpdateClusterResponse),
  getJoinTokens: method('/tessera.v1.Control/GetJoinTokens', false, false, GetJoinTokensRequest, GetJoinTokensResponse),
  rotateJoinToken: method('/tessera.v1.Control/RotateJoinToken', false, false, RotateJoinTokenRequest, GetJoinTokensResponse),
  getUnlockKey: method('/tessera.v1.Control/GetUnlockKey', false, false, GetUnlockKeyRequest, UnlockKeyResponse),
  rotateUnlockKey: method('/tessera.v1.Control/RotateUnlockKey', false, false, RotateUnlockKeyRequest, UnlockKeyResponse),
  getClusterStatus: method('/tessera.v1.Control/GetClusterStatus', false, false, GetClusterStatusRequest, GetClusterStatusResponse),
  backupCluster: method('/tessera.v1.Control/BackupCluster', false, true, BackupClusterRequest, BackupChunk),
  listNodes: method('/tessera.v1.Control/ListNodes', false, false, ListNodesRequest, ListNodesResponse),
  getNode: method('/tessera.v1.Control/GetNode', false, false, GetNodeRequest, GetNodeResponse),
  updateNode: method('/tessera.v1.Control/UpdateNode', false, false, UpdateNodeRequest, UpdateNodeResponse),
  removeNode: method('/tessera.v1.Control/RemoveNode', false, false, RemoveNodeRequest, RemoveNodeResponse),
  createService: method('/tessera.v1.Control/CreateService', false, false, CreateServiceRequest, CreateServiceResponse),
  listServices: method('/tessera.v1.Control/ListServices', false, false, ListServicesRequest, ListServicesResponse),
  getService: method('/tessera.v1.Control/GetService', false, false, GetServiceRequest, GetServiceResponse),
  updateService: method('/tessera.v1.Control/UpdateService', false, false, UpdateServiceRequest, UpdateServiceResponse),
  removeService: method('/tessera.v1.Control/RemoveService', false, false, RemoveServiceRequest, RemoveServiceResponse),
  createNetwork: method('/tessera.v1.Control/CreateNetwork', false, false, CreateNetworkRequest, CreateNetworkResponse),
  listNetworks: method('/tessera.v1.Control/ListNetworks', false, false, ListNetworksRequest, ListNetworksResponse),
  getNetwork: method('/tessera.v1.Control/GetNetwork', false, false, GetNetworkRequest, GetNetworkResponse),
  removeNetwork: method('/tessera.v1.Control/RemoveNetwork', false, false, RemoveNetworkRequest, RemoveNetworkResponse),
  listTasks: method('/tessera.v1.Control/ListTasks', false, false, ListTasksRequest, ListTasksResponse),
  getTask: method('/tessera.v1.Control/GetTask', false, false, GetTaskRequest, GetTaskResponse),
  simulate: method('/tessera.v1.Control/Simulate', false, false, SimulateRequest, SimulateResponse),
  rebalance: method('/tessera.v1.Control/Rebalance', false, false, RebalanceRequest, RebalanceResponse),
  explainPlacement: method('/tessera.v1.Control/ExplainPlacement', false, false, ExplainPlacementRequest, ExplainPlacementResponse),
  watch: method('/tessera.v1.Control/Watch', false, true, WatchRequest, WatchResponse),
  serviceLogs: method('/tessera.v1.Control/ServiceLogs', false, true, ServiceLogsRequest, LogChunk),
  loadImage: method('/tessera.v1.Control/LoadImage', true, true, LoadImageRequest, ImageProgress),
  pullImage: method('/tessera.v1.Control/PullImage', false, true, PullImageRequest, ImageProgress),
  listImages: method('/tessera.v1.Control/ListImages', false, false, ListImagesRequest, ListImagesResponse),
  removeImage: method('/tessera.v1.Control/RemoveImage', false, false, RemoveImageRequest, RemoveImageResponse),
  diagnoseNetworks: method('/tessera.v1.Control/DiagnoseNetworks', false, false, DiagnoseNetworksRequest, DiagnoseNetworksResponse),
} as const;

export const DispatcherService = {
  session: method('/tessera.v1.Dispatcher/Session', true, true, AgentMessage, ManagerMessage),
  work: method('/tessera.v1.Dispatcher/Work', true, true, WorkUp, WorkDown),
} as const;

export const LocalService = {
  info: method('/tessera.v1.Local/Info', false, false, InfoRequest, InfoResponse),
  init: method('/tessera.v1.Local/Init', false, false, InitRequest, InitResponse),
  join: method('/tessera.v1.Local/Join', false, false, JoinRequest, JoinResponse),
  leave: method('/tessera.v1.Local/Leave', false, false, LeaveRequest, LeaveResponse),
  rejoin: method('/tessera.v1.Local/Rejoin', false, false, RejoinRequest, RejoinResponse),
  updateAddress: method('/tessera.v1.Local/UpdateAddress', false, false, UpdateAddressRequest, UpdateAddressResponse),
  unlock: method('/tessera.v1.Local/Unlock', false, false, UnlockRequest, UnlockResponse),
} as const;

export const RaftTransportService = {
  installSnapshot: method('/tessera.v1.RaftTransport/InstallSnapshot', true, false, SnapshotChunk, InstallSnapshotResponse),
} as const;

export const RaftMembershipService = {
  join: method('/tessera.v1.RaftMembership/Join', false, false, RaftJoinRequest, RaftJoinResponse),
  leave: method('/tessera.v1.RaftMembership/Leave', false, false, RaftLeaveRequest, RaftLeaveResponse),
  getManagerReport: method('/tessera.v1.RaftMembership/GetManagerReport', false, false, GetManagerReportRequest, ManagerReport),
} as const;

