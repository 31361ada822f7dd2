// Made by scripts/generate-proto.ts; do not edit.
/* eslint-disable */
import { Reader, empty, encoded, method, readMapEntry, safe, toSafe } from '../codec.ts';
import type { MessageCodec, Mutable } from '../codec.ts';


export const WriteAction = {
  STAT: 0,
  WRITE: 1,
  COMMIT: 2,
} as const;
export type WriteAction = (typeof WriteAction)[keyof typeof WriteAction];
export const WriteActionNames: Readonly<Record<number, string>> = {
  0: 'STAT',
  1: 'WRITE',
  2: 'COMMIT',
};


export const ProcessStatus = {
  UNKNOWN: 0,
  CREATED: 1,
  RUNNING: 2,
  STOPPED: 3,
  PAUSED: 4,
  PAUSING: 5,
} as const;
export type ProcessStatus = (typeof ProcessStatus)[keyof typeof ProcessStatus];
export const ProcessStatusNames: Readonly<Record<number, string>> = {
  0: 'UNKNOWN',
  1: 'CREATED',
  2: 'RUNNING',
  3: 'STOPPED',
  4: 'PAUSED',
  5: 'PAUSING',
};

export interface ContainerRuntime {
  readonly name: string;
  readonly options?: Any | undefined;
}
export const ContainerRuntime: MessageCodec<ContainerRuntime> = {
  typeName: 'containerd.services.containers.v1.ContainerRuntime',
  fields: [
    { name: 'name', number: 1, type: 'string', shape: 'one' },
    { name: 'options', number: 2, type: 'object', shape: 'one', message: (): MessageCodec<never> => Any as MessageCodec<never> },
  ],
  create(init) {
    return { name: '', ...init };
  },
  write(m, w) {
    if (m.name !== '') w.uint32(10).string(m.name);
    if (m.options !== undefined) Any.write(m.options, w.uint32(18).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(ContainerRuntime.write, m);
  },
  read(r, end) {
    const m = ContainerRuntime.create() as Mutable<ContainerRuntime>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.name = r.string();
          break;
        case 2:
          m.options = Any.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ContainerRuntime;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ContainerRuntime.read(r, r.len);
  },
};

export interface Container {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly image: string;
  readonly runtime?: ContainerRuntime | undefined;
  readonly spec?: Any | undefined;
  readonly snapshotter: string;
  readonly snapshotKey: string;
  readonly createdAt?: Timestamp | undefined;
}
export const Container: MessageCodec<Container> = {
  typeName: 'containerd.services.containers.v1.Container',
  fields: [
    { name: 'id', number: 1, type: 'string', shape: 'one' },
    { name: 'labels', number: 2, type: 'string', shape: 'map' },
    { name: 'image', number: 3, type: 'string', shape: 'one' },
    { name: 'runtime', number: 4, type: 'object', shape: 'one', message: (): MessageCodec<never> => ContainerRuntime as MessageCodec<never> },
    { name: 'spec', number: 5, type: 'object', shape: 'one', message: (): MessageCodec<never> => Any as MessageCodec<never> },
    { name: 'snapshotter', number: 6, type: 'string', shape: 'one' },
    { name: 'snapshotKey', number: 7, type: 'string', shape: 'one' },
    { name: 'createdAt', number: 8, type: 'object', shape: 'one', message: (): MessageCodec<never> => Timestamp as MessageCodec<never> },
  ],
  create(init) {
    return { id: '', labels: {}, image: '', snapshotter: '', snapshotKey: '', ...init };
  },
  write(m, w) {
    if (m.id !== '') w.uint32(10).string(m.id);
    for (const [k, v] of Object.entries(m.labels)) {
      const e = w.uint32(18).fork();
      e.uint32(10).string(k);
      e.uint32(18).string(v);
      e.ldelim();
    }
    if (m.image !== '') w.uint32(26).string(m.image);
    if (m.runtime !== undefined) ContainerRuntime.write(m.runtime, w.uint32(34).fork()).ldelim();
    if (m.spec !== undefined) Any.write(m.spec, w.uint32(42).fork()).ldelim();
    if (m.snapshotter !== '') w.uint32(50).string(m.snapshotter);
    if (m.snapshotKey !== '') w.uint32(58).string(m.snapshotKey);
    if (m.createdAt !== undefined) Timestamp.write(m.createdAt, w.uint32(66).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(Container.write, m);
  },
  read(r, end) {
    const m = Container.create() as Mutable<Container>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.id = r.string();
          break;
        case 2:
          readMapEntry(r, m.labels, '', () => r.string());
          break;
        case 3:
          m.image = r.string();
          break;
        case 4:
          m.runtime = ContainerRuntime.read(r, r.uint32() + r.pos);
          break;
        case 5:
          m.spec = Any.read(r, r.uint32() + r.pos);
          break;
        case 6:
          m.snapshotter = r.string();
          break;
        case 7:
          m.snapshotKey = r.string();
          break;
        case 8:
          m.createdAt = Timestamp.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Container;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Container.read(r, r.len);
  },
};

export interface GetContainerRequest {
  readonly id: string;
}
export const GetContainerRequest: MessageCodec<GetContainerRequest> = {
  typeName: 'containerd.services.containers.v1.GetContainerRequest',
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
    return encoded(GetContainerRequest.write, m);
  },
  read(r, end) {
    const m = GetContainerRequest.create() as Mutable<GetContainerRequest>;
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
    return m as GetContainerRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return GetContainerRequest.read(r, r.len);
  },
};

export interface GetContainerResponse {
  readonly container?: Container | undefined;
}
export const GetContainerResponse: MessageCodec<GetContainerResponse> = {
  typeName: 'containerd.services.containers.v1.GetContainerResponse',
  fields: [
    { name: 'container', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => Container as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    if (m.container !== undefined) Container.write(m.container, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(GetContainerResponse.write, m);
  },
  read(r, end) {
    const m = GetContainerResponse.create() as Mutable<GetContainerResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.container = Container.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as GetContainerResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return GetContainerResponse.read(r, r.len);
  },
};

export interface ListContainersRequest {
  readonly filters: readonly string[];
}
export const ListContainersRequest: MessageCodec<ListContainersRequest> = {
  typeName: 'containerd.services.containers.v1.ListContainersRequest',
  fields: [
    { name: 'filters', number: 1, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { filters: [], ...init };
  },
  write(m, w) {
    for (const v of m.filters) w.uint32(10).string(v);
    return w;
  },
  encode(m) {
    return encoded(ListContainersRequest.write, m);
  },
  read(r, end) {
    const m = ListContainersRequest.create() as Mutable<ListContainersRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.filters.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ListContainersRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ListContainersRequest.read(r, r.len);
  },
};

export interface ListContainersResponse {
  readonly containers: readonly Container[];
}
export const ListContainersResponse: MessageCodec<ListContainersResponse> = {
  typeName: 'containerd.services.containers.v1.ListContainersResponse',
  fields: [
    { name: 'containers', number: 1, type: 'object', shape: 'list', message: (): MessageCodec<never> => Container as MessageCodec<never> },
  ],
  create(init) {
    return { containers: [], ...init };
  },
  write(m, w) {
    for (const v of m.containers) Container.write(v, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(ListContainersResponse.write, m);
  },
  read(r, end) {
    const m = ListContainersResponse.create() as Mutable<ListContainersResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.containers.push(Container.read(r, r.uint32() + r.pos));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ListContainersResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ListContainersResponse.read(r, r.len);
  },
};

export interface CreateContainerRequest {
  readonly container?: Container | undefined;
}
export const CreateContainerRequest: MessageCodec<CreateContainerRequest> = {
  typeName: 'containerd.services.containers.v1.CreateContainerRequest',
  fields: [
    { name: 'container', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => Container as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    if (m.container !== undefined) Container.write(m.container, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(CreateContainerRequest.write, m);
  },
  read(r, end) {
    const m = CreateContainerRequest.create() as Mutable<CreateContainerRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.container = Container.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as CreateContainerRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return CreateContainerRequest.read(r, r.len);
  },
};

export interface CreateContainerResponse {
  readonly container?: Container | undefined;
}
export const CreateContainerResponse: MessageCodec<CreateContainerResponse> = {
  typeName: 'containerd.services.containers.v1.CreateContainerResponse',
  fields: [
    { name: 'container', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => Container as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    if (m.container !== undefined) Container.write(m.container, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(CreateContainerResponse.write, m);
  },
  read(r, end) {
    const m = CreateContainerResponse.create() as Mutable<CreateContainerResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.container = Container.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as CreateContainerResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return CreateContainerResponse.read(r, r.len);
  },
};

export interface DeleteContainerRequest {
  readonly id: string;
}
export const DeleteContainerRequest: MessageCodec<DeleteContainerRequest> = {
  typeName: 'containerd.services.containers.v1.DeleteContainerRequest',
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
    return encoded(DeleteContainerRequest.write, m);
  },
  read(r, end) {
    const m = DeleteContainerRequest.create() as Mutable<DeleteContainerRequest>;
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
    return m as DeleteContainerRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return DeleteContainerRequest.read(r, r.len);
  },
};

export interface ContentInfo {
  readonly digest: string;
  readonly size: number;
  readonly labels: Readonly<Record<string, string>>;
}
export const ContentInfo: MessageCodec<ContentInfo> = {
  typeName: 'containerd.services.content.v1.ContentInfo',
  fields: [
    { name: 'digest', number: 1, type: 'string', shape: 'one' },
    { name: 'size', number: 2, type: 'int64', shape: 'one' },
    { name: 'labels', number: 5, type: 'string', shape: 'map' },
  ],
  create(init) {
    return { digest: '', size: 0, labels: {}, ...init };
  },
  write(m, w) {
    if (m.digest !== '') w.uint32(10).string(m.digest);
    if (m.size !== 0) w.uint32(16).int64(safe(m.size, 'size'));
    for (const [k, v] of Object.entries(m.labels)) {
      const e = w.uint32(42).fork();
      e.uint32(10).string(k);
      e.uint32(18).string(v);
      e.ldelim();
    }
    return w;
  },
  encode(m) {
    return encoded(ContentInfo.write, m);
  },
  read(r, end) {
    const m = ContentInfo.create() as Mutable<ContentInfo>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.digest = r.string();
          break;
        case 2:
          m.size = toSafe(r.int64(), 'size');
          break;
        case 5:
          readMapEntry(r, m.labels, '', () => r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ContentInfo;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ContentInfo.read(r, r.len);
  },
};

export interface InfoRequest {
  readonly digest: string;
}
export const InfoRequest: MessageCodec<InfoRequest> = {
  typeName: 'containerd.services.content.v1.InfoRequest',
  fields: [
    { name: 'digest', number: 1, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { digest: '', ...init };
  },
  write(m, w) {
    if (m.digest !== '') w.uint32(10).string(m.digest);
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
        case 1:
          m.digest = r.string();
          break;
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
  readonly info?: ContentInfo | undefined;
}
export const InfoResponse: MessageCodec<InfoResponse> = {
  typeName: 'containerd.services.content.v1.InfoResponse',
  fields: [
    { name: 'info', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => ContentInfo as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    if (m.info !== undefined) ContentInfo.write(m.info, w.uint32(10).fork()).ldelim();
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
          m.info = ContentInfo.read(r, r.uint32() + r.pos);
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

export interface UpdateContentRequest {
  readonly info?: ContentInfo | undefined;
  readonly updateMask?: FieldMask | undefined;
}
export const UpdateContentRequest: MessageCodec<UpdateContentRequest> = {
  typeName: 'containerd.services.content.v1.UpdateContentRequest',
  fields: [
    { name: 'info', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => ContentInfo as MessageCodec<never> },
    { name: 'updateMask', number: 2, type: 'object', shape: 'one', message: (): MessageCodec<never> => FieldMask as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    if (m.info !== undefined) ContentInfo.write(m.info, w.uint32(10).fork()).ldelim();
    if (m.updateMask !== undefined) FieldMask.write(m.updateMask, w.uint32(18).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(UpdateContentRequest.write, m);
  },
  read(r, end) {
    const m = UpdateContentRequest.create() as Mutable<UpdateContentRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.info = ContentInfo.read(r, r.uint32() + r.pos);
          break;
        case 2:
          m.updateMask = FieldMask.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as UpdateContentRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return UpdateContentRequest.read(r, r.len);
  },
};

export interface UpdateContentResponse {
  readonly info?: ContentInfo | undefined;
}
export const UpdateContentResponse: MessageCodec<UpdateContentResponse> = {
  typeName: 'containerd.services.content.v1.UpdateContentResponse',
  fields: [
    { name: 'info', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => ContentInfo as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    if (m.info !== undefined) ContentInfo.write(m.info, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(UpdateContentResponse.write, m);
  },
  read(r, end) {
    const m = UpdateContentResponse.create() as Mutable<UpdateContentResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.info = ContentInfo.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as UpdateContentResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return UpdateContentResponse.read(r, r.len);
  },
};

export interface ReadContentRequest {
  readonly digest: string;
  readonly offset: number;
  readonly size: number;
}
export const ReadContentRequest: MessageCodec<ReadContentRequest> = {
  typeName: 'containerd.services.content.v1.ReadContentRequest',
  fields: [
    { name: 'digest', number: 1, type: 'string', shape: 'one' },
    { name: 'offset', number: 2, type: 'int64', shape: 'one' },
    { name: 'size', number: 3, type: 'int64', shape: 'one' },
  ],
  create(init) {
    return { digest: '', offset: 0, size: 0, ...init };
  },
  write(m, w) {
    if (m.digest !== '') w.uint32(10).string(m.digest);
    if (m.offset !== 0) w.uint32(16).int64(safe(m.offset, 'offset'));
    if (m.size !== 0) w.uint32(24).int64(safe(m.size, 'size'));
    return w;
  },
  encode(m) {
    return encoded(ReadContentRequest.write, m);
  },
  read(r, end) {
    const m = ReadContentRequest.create() as Mutable<ReadContentRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.digest = r.string();
          break;
        case 2:
          m.offset = toSafe(r.int64(), 'offset');
          break;
        case 3:
          m.size = toSafe(r.int64(), 'size');
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ReadContentRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ReadContentRequest.read(r, r.len);
  },
};

export interface ReadContentResponse {
  readonly offset: number;
  readonly data: Uint8Array;
}
export const ReadContentResponse: MessageCodec<ReadContentResponse> = {
  typeName: 'containerd.services.content.v1.ReadContentResponse',
  fields: [
    { name: 'offset', number: 1, type: 'int64', shape: 'one' },
    { name: 'data', number: 2, type: 'bytes', shape: 'one' },
  ],
  create(init) {
    return { offset: 0, data: empty, ...init };
  },
  write(m, w) {
    if (m.offset !== 0) w.uint32(8).int64(safe(m.offset, 'offset'));
    if (m.data.length > 0) w.uint32(18).bytes(m.data);
    return w;
  },
  encode(m) {
    return encoded(ReadContentResponse.write, m);
  },
  read(r, end) {
    const m = ReadContentResponse.create() as Mutable<ReadContentResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.offset = toSafe(r.int64(), 'offset');
          break;
        case 2:
          m.data = r.bytes();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ReadContentResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ReadContentResponse.read(r, r.len);
  },
};

export interface IngestStatus {
  readonly ref: string;
  readonly offset: number;
  readonly total: number;
  readonly expected: string;
}
export const IngestStatus: MessageCodec<IngestStatus> = {
  typeName: 'containerd.services.content.v1.IngestStatus',
  fields: [
    { name: 'ref', number: 3, type: 'string', shape: 'one' },
    { name: 'offset', number: 4, type: 'int64', shape: 'one' },
    { name: 'total', number: 5, type: 'int64', shape: 'one' },
    { name: 'expected', number: 6, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { ref: '', offset: 0, total: 0, expected: '', ...init };
  },
  write(m, w) {
    if (m.ref !== '') w.uint32(26).string(m.ref);
    if (m.offset !== 0) w.uint32(32).int64(safe(m.offset, 'offset'));
    if (m.total !== 0) w.uint32(40).int64(safe(m.total, 'total'));
    if (m.expected !== '') w.uint32(50).string(m.expected);
    return w;
  },
  encode(m) {
    return encoded(IngestStatus.write, m);
  },
  read(r, end) {
    const m = IngestStatus.create() as Mutable<IngestStatus>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 3:
          m.ref = r.string();
          break;
        case 4:
          m.offset = toSafe(r.int64(), 'offset');
          break;
        case 5:
          m.total = toSafe(r.int64(), 'total');
          break;
        case 6:
          m.expected = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as IngestStatus;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return IngestStatus.read(r, r.len);
  },
};

export interface StatusRequest {
  readonly ref: string;
}
export const StatusRequest: MessageCodec<StatusRequest> = {
  typeName: 'containerd.services.content.v1.StatusRequest',
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
    return encoded(StatusRequest.write, m);
  },
  read(r, end) {
    const m = StatusRequest.create() as Mutable<StatusRequest>;
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
    return m as StatusRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return StatusRequest.read(r, r.len);
  },
};

export interface StatusResponse {
  readonly status?: IngestStatus | undefined;
}
export const StatusResponse: MessageCodec<StatusResponse> = {
  typeName: 'containerd.services.content.v1.StatusResponse',
  fields: [
    { name: 'status', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => IngestStatus as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    if (m.status !== undefined) IngestStatus.write(m.status, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(StatusResponse.write, m);
  },
  read(r, end) {
    const m = StatusResponse.create() as Mutable<StatusResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.status = IngestStatus.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as StatusResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return StatusResponse.read(r, r.len);
  },
};

export interface WriteContentRequest {
  readonly action: WriteAction;
  readonly ref: string;
  readonly total: number;
  readonly expected: string;
  readonly offset: number;
  readonly data: Uint8Array;
  readonly labels: Readonly<Record<string, string>>;
}
export const WriteContentRequest: MessageCodec<WriteContentRequest> = {
  typeName: 'containerd.services.content.v1.WriteContentRequest',
  fields: [
    { name: 'action', number: 1, type: 'object', shape: 'one', names: WriteActionNames },
    { name: 'ref', number: 2, type: 'string', shape: 'one' },
    { name: 'total', number: 3, type: 'int64', shape: 'one' },
    { name: 'expected', number: 4, type: 'string', shape: 'one' },
    { name: 'offset', number: 5, type: 'int64', shape: 'one' },
    { name: 'data', number: 6, type: 'bytes', shape: 'one' },
    { name: 'labels', number: 7, type: 'string', shape: 'map' },
  ],
  create(init) {
    return { action: 0, ref: '', total: 0, expected: '', offset: 0, data: empty, labels: {}, ...init };
  },
  write(m, w) {
    if (m.action !== 0) w.uint32(8).int32(m.action);
    if (m.ref !== '') w.uint32(18).string(m.ref);
    if (m.total !== 0) w.uint32(24).int64(safe(m.total, 'total'));
    if (m.expected !== '') w.uint32(34).string(m.expected);
    if (m.offset !== 0) w.uint32(40).int64(safe(m.offset, 'offset'));
    if (m.data.length > 0) w.uint32(50).bytes(m.data);
    for (const [k, v] of Object.entries(m.labels)) {
      const e = w.uint32(58).fork();
      e.uint32(10).string(k);
      e.uint32(18).string(v);
      e.ldelim();
    }
    return w;
  },
  encode(m) {
    return encoded(WriteContentRequest.write, m);
  },
  read(r, end) {
    const m = WriteContentRequest.create() as Mutable<WriteContentRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.action = r.int32() as WriteAction;
          break;
        case 2:
          m.ref = r.string();
          break;
        case 3:
          m.total = toSafe(r.int64(), 'total');
          break;
        case 4:
          m.expected = r.string();
          break;
        case 5:
          m.offset = toSafe(r.int64(), 'offset');
          break;
        case 6:
          m.data = r.bytes();
          break;
        case 7:
          readMapEntry(r, m.labels, '', () => r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as WriteContentRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return WriteContentRequest.read(r, r.len);
  },
};

export interface WriteContentResponse {
  readonly action: WriteAction;
  readonly offset: number;
  readonly total: number;
  readonly digest: string;
}
export const WriteContentResponse: MessageCodec<WriteContentResponse> = {
  typeName: 'containerd.services.content.v1.WriteContentResponse',
  fields: [
    { name: 'action', number: 1, type: 'object', shape: 'one', names: WriteActionNames },
    { name: 'offset', number: 4, type: 'int64', shape: 'one' },
    { name: 'total', number: 5, type: 'int64', shape: 'one' },
    { name: 'digest', number: 6, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { action: 0, offset: 0, total: 0, digest: '', ...init };
  },
  write(m, w) {
    if (m.action !== 0) w.uint32(8).int32(m.action);
    if (m.offset !== 0) w.uint32(32).int64(safe(m.offset, 'offset'));
    if (m.total !== 0) w.uint32(40).int64(safe(m.total, 'total'));
    if (m.digest !== '') w.uint32(50).string(m.digest);
    return w;
  },
  encode(m) {
    return encoded(WriteContentResponse.write, m);
  },
  read(r, end) {
    const m = WriteContentResponse.create() as Mutable<WriteContentResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.action = r.int32() as WriteAction;
          break;
        case 4:
          m.offset = toSafe(r.int64(), 'offset');
          break;
        case 5:
          m.total = toSafe(r.int64(), 'total');
          break;
        case 6:
          m.digest = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as WriteContentResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return WriteContentResponse.read(r, r.len);
  },
};

export interface AbortRequest {
  readonly ref: string;
}
export const AbortRequest: MessageCodec<AbortRequest> = {
  typeName: 'containerd.services.content.v1.AbortRequest',
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
    return encoded(AbortRequest.write, m);
  },
  read(r, end) {
    const m = AbortRequest.create() as Mutable<AbortRequest>;
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
    return m as AbortRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return AbortRequest.read(r, r.len);
  },
};

export interface ApplyRequest {
  readonly diff?: Descriptor | undefined;
  readonly mounts: readonly Mount[];
}
export const ApplyRequest: MessageCodec<ApplyRequest> = {
  typeName: 'containerd.services.diff.v1.ApplyRequest',
  fields: [
    { name: 'diff', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => Descriptor as MessageCodec<never> },
    { name: 'mounts', number: 2, type: 'object', shape: 'list', message: (): MessageCodec<never> => Mount as MessageCodec<never> },
  ],
  create(init) {
    return { mounts: [], ...init };
  },
  write(m, w) {
    if (m.diff !== undefined) Descriptor.write(m.diff, w.uint32(10).fork()).ldelim();
    for (const v of m.mounts) Mount.write(v, w.uint32(18).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(ApplyRequest.write, m);
  },
  read(r, end) {
    const m = ApplyRequest.create() as Mutable<ApplyRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.diff = Descriptor.read(r, r.uint32() + r.pos);
          break;
        case 2:
          m.mounts.push(Mount.read(r, r.uint32() + r.pos));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ApplyRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ApplyRequest.read(r, r.len);
  },
};

export interface ApplyResponse {
  readonly applied?: Descriptor | undefined;
}
export const ApplyResponse: MessageCodec<ApplyResponse> = {
  typeName: 'containerd.services.diff.v1.ApplyResponse',
  fields: [
    { name: 'applied', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => Descriptor as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    if (m.applied !== undefined) Descriptor.write(m.applied, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(ApplyResponse.write, m);
  },
  read(r, end) {
    const m = ApplyResponse.create() as Mutable<ApplyResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.applied = Descriptor.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ApplyResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ApplyResponse.read(r, r.len);
  },
};

export interface PublishRequest {
  readonly topic: string;
  readonly event?: Any | undefined;
}
export const PublishRequest: MessageCodec<PublishRequest> = {
  typeName: 'containerd.services.events.v1.PublishRequest',
  fields: [
    { name: 'topic', number: 1, type: 'string', shape: 'one' },
    { name: 'event', number: 2, type: 'object', shape: 'one', message: (): MessageCodec<never> => Any as MessageCodec<never> },
  ],
  create(init) {
    return { topic: '', ...init };
  },
  write(m, w) {
    if (m.topic !== '') w.uint32(10).string(m.topic);
    if (m.event !== undefined) Any.write(m.event, w.uint32(18).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(PublishRequest.write, m);
  },
  read(r, end) {
    const m = PublishRequest.create() as Mutable<PublishRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.topic = r.string();
          break;
        case 2:
          m.event = Any.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as PublishRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return PublishRequest.read(r, r.len);
  },
};

export interface SubscribeRequest {
  readonly filters: readonly string[];
}
export const SubscribeRequest: MessageCodec<SubscribeRequest> = {
  typeName: 'containerd.services.events.v1.SubscribeRequest',
  fields: [
    { name: 'filters', number: 1, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { filters: [], ...init };
  },
  write(m, w) {
    for (const v of m.filters) w.uint32(10).string(v);
    return w;
  },
  encode(m) {
    return encoded(SubscribeRequest.write, m);
  },
  read(r, end) {
    const m = SubscribeRequest.create() as Mutable<SubscribeRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.filters.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as SubscribeRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return SubscribeRequest.read(r, r.len);
  },
};

export interface Envelope {
  readonly timestamp?: Timestamp | undefined;
  readonly namespace: string;
  readonly topic: string;
  readonly event?: Any | undefined;
}
export const Envelope: MessageCodec<Envelope> = {
  typeName: 'containerd.services.events.v1.Envelope',
  fields: [
    { name: 'timestamp', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => Timestamp as MessageCodec<never> },
    { name: 'namespace', number: 2, type: 'string', shape: 'one' },
    { name: 'topic', number: 3, type: 'string', shape: 'one' },
    { name: 'event', number: 4, type: 'object', shape: 'one', message: (): MessageCodec<never> => Any as MessageCodec<never> },
  ],
  create(init) {
    return { namespace: '', topic: '', ...init };
  },
  write(m, w) {
    if (m.timestamp !== undefined) Timestamp.write(m.timestamp, w.uint32(10).fork()).ldelim();
    if (m.namespace !== '') w.uint32(18).string(m.namespace);
    if (m.topic !== '') w.uint32(26).string(m.topic);
    if (m.event !== undefined) Any.write(m.event, w.uint32(34).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(Envelope.write, m);
  },
  read(r, end) {
    const m = Envelope.create() as Mutable<Envelope>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.timestamp = Timestamp.read(r, r.uint32() + r.pos);
          break;
        case 2:
          m.namespace = r.string();
          break;
        case 3:
          m.topic = r.string();
          break;
        case 4:
          m.event = Any.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Envelope;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Envelope.read(r, r.len);
  },
};

export interface Image {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly target?: Descriptor | undefined;
  readonly createdAt?: Timestamp | undefined;
  readonly updatedAt?: Timestamp | undefined;
}
export const Image: MessageCodec<Image> = {
  typeName: 'containerd.services.images.v1.Image',
  fields: [
    { name: 'name', number: 1, type: 'string', shape: 'one' },
    { name: 'labels', number: 2, type: 'string', shape: 'map' },
    { name: 'target', number: 3, type: 'object', shape: 'one', message: (): MessageCodec<never> => Descriptor as MessageCodec<never> },
    { name: 'createdAt', number: 7, type: 'object', shape: 'one', message: (): MessageCodec<never> => Timestamp as MessageCodec<never> },
    { name: 'updatedAt', number: 8, type: 'object', shape: 'one', message: (): MessageCodec<never> => Timestamp as MessageCodec<never> },
  ],
  create(init) {
    return { name: '', labels: {}, ...init };
  },
  write(m, w) {
    if (m.name !== '') w.uint32(10).string(m.name);
    for (const [k, v] of Object.entries(m.labels)) {
      const e = w.uint32(18).fork();
      e.uint32(10).string(k);
      e.uint32(18).string(v);
      e.ldelim();
    }
    if (m.target !== undefined) Descriptor.write(m.target, w.uint32(26).fork()).ldelim();
    if (m.createdAt !== undefined) Timestamp.write(m.createdAt, w.uint32(58).fork()).ldelim();
    if (m.updatedAt !== undefined) Timestamp.write(m.updatedAt, w.uint32(66).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(Image.write, m);
  },
  read(r, end) {
    const m = Image.create() as Mutable<Image>;
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
          m.target = Descriptor.read(r, r.uint32() + r.pos);
          break;
        case 7:
          m.createdAt = Timestamp.read(r, r.uint32() + r.pos);
          break;
        case 8:
          m.updatedAt = Timestamp.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Image;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Image.read(r, r.len);
  },
};

export interface GetImageRequest {
  readonly name: string;
}
export const GetImageRequest: MessageCodec<GetImageRequest> = {
  typeName: 'containerd.services.images.v1.GetImageRequest',
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
    return encoded(GetImageRequest.write, m);
  },
  read(r, end) {
    const m = GetImageRequest.create() as Mutable<GetImageRequest>;
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
    return m as GetImageRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return GetImageRequest.read(r, r.len);
  },
};

export interface GetImageResponse {
  readonly image?: Image | undefined;
}
export const GetImageResponse: MessageCodec<GetImageResponse> = {
  typeName: 'containerd.services.images.v1.GetImageResponse',
  fields: [
    { name: 'image', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => Image as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    if (m.image !== undefined) Image.write(m.image, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(GetImageResponse.write, m);
  },
  read(r, end) {
    const m = GetImageResponse.create() as Mutable<GetImageResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.image = Image.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as GetImageResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return GetImageResponse.read(r, r.len);
  },
};

export interface ListImageRecordsRequest {
  readonly filters: readonly string[];
}
export const ListImageRecordsRequest: MessageCodec<ListImageRecordsRequest> = {
  typeName: 'containerd.services.images.v1.ListImageRecordsRequest',
  fields: [
    { name: 'filters', number: 1, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { filters: [], ...init };
  },
  write(m, w) {
    for (const v of m.filters) w.uint32(10).string(v);
    return w;
  },
  encode(m) {
    return encoded(ListImageRecordsRequest.write, m);
  },
  read(r, end) {
    const m = ListImageRecordsRequest.create() as Mutable<ListImageRecordsRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.filters.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ListImageRecordsRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ListImageRecordsRequest.read(r, r.len);
  },
};

export interface ListImageRecordsResponse {
  readonly images: readonly Image[];
}
export const ListImageRecordsResponse: MessageCodec<ListImageRecordsResponse> = {
  typeName: 'containerd.services.images.v1.ListImageRecordsResponse',
  fields: [
    { name: 'images', number: 1, type: 'object', shape: 'list', message: (): MessageCodec<never> => Image as MessageCodec<never> },
  ],
  create(init) {
    return { images: [], ...init };
  },
  write(m, w) {
    for (const v of m.images) Image.write(v, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(ListImageRecordsResponse.write, m);
  },
  read(r, end) {
    const m = ListImageRecordsResponse.create() as Mutable<ListImageRecordsResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.images.push(Image.read(r, r.uint32() + r.pos));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ListImageRecordsResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ListImageRecordsResponse.read(r, r.len);
  },
};

export interface CreateImageRequest {
  readonly image?: Image | undefined;
}
export const CreateImageRequest: MessageCodec<CreateImageRequest> = {
  typeName: 'containerd.services.images.v1.CreateImageRequest',
  fields: [
    { name: 'image', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => Image as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    if (m.image !== undefined) Image.write(m.image, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(CreateImageRequest.write, m);
  },
  read(r, end) {
    const m = CreateImageRequest.create() as Mutable<CreateImageRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.image = Image.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as CreateImageRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return CreateImageRequest.read(r, r.len);
  },
};

export interface CreateImageResponse {
  readonly image?: Image | undefined;
}
export const CreateImageResponse: MessageCodec<CreateImageResponse> = {
  typeName: 'containerd.services.images.v1.CreateImageResponse',
  fields: [
    { name: 'image', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => Image as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    if (m.image !== undefined) Image.write(m.image, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(CreateImageResponse.write, m);
  },
  read(r, end) {
    const m = CreateImageResponse.create() as Mutable<CreateImageResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.image = Image.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as CreateImageResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return CreateImageResponse.read(r, r.len);
  },
};

export interface UpdateImageRequest {
  readonly image?: Image | undefined;
  readonly updateMask?: FieldMask | undefined;
}
export const UpdateImageRequest: MessageCodec<UpdateImageRequest> = {
  typeName: 'containerd.services.images.v1.UpdateImageRequest',
  fields: [
    { name: 'image', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => Image as MessageCodec<never> },
    { name: 'updateMask', number: 2, type: 'object', shape: 'one', message: (): MessageCodec<never> => FieldMask as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    if (m.image !== undefined) Image.write(m.image, w.uint32(10).fork()).ldelim();
    if (m.updateMask !== undefined) FieldMask.write(m.updateMask, w.uint32(18).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(UpdateImageRequest.write, m);
  },
  read(r, end) {
    const m = UpdateImageRequest.create() as Mutable<UpdateImageRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.image = Image.read(r, r.uint32() + r.pos);
          break;
        case 2:
          m.updateMask = FieldMask.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as UpdateImageRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return UpdateImageRequest.read(r, r.len);
  },
};

export interface UpdateImageResponse {
  readonly image?: Image | undefined;
}
export const UpdateImageResponse: MessageCodec<UpdateImageResponse> = {
  typeName: 'containerd.services.images.v1.UpdateImageResponse',
  fields: [
    { name: 'image', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => Image as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    if (m.image !== undefined) Image.write(m.image, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(UpdateImageResponse.write, m);
  },
  read(r, end) {
    const m = UpdateImageResponse.create() as Mutable<UpdateImageResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.image = Image.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as UpdateImageResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return UpdateImageResponse.read(r, r.len);
  },
};

export interface DeleteImageRequest {
  readonly name: string;
  readonly sync: boolean;
}
export const DeleteImageRequest: MessageCodec<DeleteImageRequest> = {
  typeName: 'containerd.services.images.v1.DeleteImageRequest',
  fields: [
    { name: 'name', number: 1, type: 'string', shape: 'one' },
    { name: 'sync', number: 2, type: 'bool', shape: 'one' },
  ],
  create(init) {
    return { name: '', sync: false, ...init };
  },
  write(m, w) {
    if (m.name !== '') w.uint32(10).string(m.name);
    if (m.sync !== false) w.uint32(16).bool(m.sync);
    return w;
  },
  encode(m) {
    return encoded(DeleteImageRequest.write, m);
  },
  read(r, end) {
    const m = DeleteImageRequest.create() as Mutable<DeleteImageRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.name = r.string();
          break;
        case 2:
          m.sync = r.bool();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as DeleteImageRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return DeleteImageRequest.read(r, r.len);
  },
};

export interface Lease {
  readonly id: string;
  readonly createdAt?: Timestamp | undefined;
  readonly labels: Readonly<Record<string, string>>;
}
export const Lease: MessageCodec<Lease> = {
  typeName: 'containerd.services.leases.v1.Lease',
  fields: [
    { name: 'id', number: 1, type: 'string', shape: 'one' },
    { name: 'createdAt', number: 2, type: 'object', shape: 'one', message: (): MessageCodec<never> => Timestamp as MessageCodec<never> },
    { name: 'labels', number: 3, type: 'string', shape: 'map' },
  ],
  create(init) {
    return { id: '', labels: {}, ...init };
  },
  write(m, w) {
    if (m.id !== '') w.uint32(10).string(m.id);
    if (m.createdAt !== undefined) Timestamp.write(m.createdAt, w.uint32(18).fork()).ldelim();
    for (const [k, v] of Object.entries(m.labels)) {
      const e = w.uint32(26).fork();
      e.uint32(10).string(k);
      e.uint32(18).string(v);
      e.ldelim();
    }
    return w;
  },
  encode(m) {
    return encoded(Lease.write, m);
  },
  read(r, end) {
    const m = Lease.create() as Mutable<Lease>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.id = r.string();
          break;
        case 2:
          m.createdAt = Timestamp.read(r, r.uint32() + r.pos);
          break;
        case 3:
          readMapEntry(r, m.labels, '', () => r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Lease;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Lease.read(r, r.len);
  },
};

export interface CreateLeaseRequest {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
}
export const CreateLeaseRequest: MessageCodec<CreateLeaseRequest> = {
  typeName: 'containerd.services.leases.v1.CreateLeaseRequest',
  fields: [
    { name: 'id', number: 1, type: 'string', shape: 'one' },
    { name: 'labels', number: 3, type: 'string', shape: 'map' },
  ],
  create(init) {
    return { id: '', labels: {}, ...init };
  },
  write(m, w) {
    if (m.id !== '') w.uint32(10).string(m.id);
    for (const [k, v] of Object.entries(m.labels)) {
      const e = w.uint32(26).fork();
      e.uint32(10).string(k);
      e.uint32(18).string(v);
      e.ldelim();
    }
    return w;
  },
  encode(m) {
    return encoded(CreateLeaseRequest.write, m);
  },
  read(r, end) {
    const m = CreateLeaseRequest.create() as Mutable<CreateLeaseRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.id = r.string();
          break;
        case 3:
          readMapEntry(r, m.labels, '', () => r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as CreateLeaseRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return CreateLeaseRequest.read(r, r.len);
  },
};

export interface CreateLeaseResponse {
  readonly lease?: Lease | undefined;
}
export const CreateLeaseResponse: MessageCodec<CreateLeaseResponse> = {
  typeName: 'containerd.services.leases.v1.CreateLeaseResponse',
  fields: [
    { name: 'lease', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => Lease as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    if (m.lease !== undefined) Lease.write(m.lease, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(CreateLeaseResponse.write, m);
  },
  read(r, end) {
    const m = CreateLeaseResponse.create() as Mutable<CreateLeaseResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.lease = Lease.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as CreateLeaseResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return CreateLeaseResponse.read(r, r.len);
  },
};

export interface DeleteLeaseRequest {
  readonly id: string;
  readonly sync: boolean;
}
export const DeleteLeaseRequest: MessageCodec<DeleteLeaseRequest> = {
  typeName: 'containerd.services.leases.v1.DeleteLeaseRequest',
  fields: [
    { name: 'id', number: 1, type: 'string', shape: 'one' },
    { name: 'sync', number: 2, type: 'bool', shape: 'one' },
  ],
  create(init) {
    return { id: '', sync: false, ...init };
  },
  write(m, w) {
    if (m.id !== '') w.uint32(10).string(m.id);
    if (m.sync !== false) w.uint32(16).bool(m.sync);
    return w;
  },
  encode(m) {
    return encoded(DeleteLeaseRequest.write, m);
  },
  read(r, end) {
    const m = DeleteLeaseRequest.create() as Mutable<DeleteLeaseRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.id = r.string();
          break;
        case 2:
          m.sync = r.bool();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as DeleteLeaseRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return DeleteLeaseRequest.read(r, r.len);
  },
};

export interface ListLeasesRequest {
  readonly filters: readonly string[];
}
export const ListLeasesRequest: MessageCodec<ListLeasesRequest> = {
  typeName: 'containerd.services.leases.v1.ListLeasesRequest',
  fields: [
    { name: 'filters', number: 1, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { filters: [], ...init };
  },
  write(m, w) {
    for (const v of m.filters) w.uint32(10).string(v);
    return w;
  },
  encode(m) {
    return encoded(ListLeasesRequest.write, m);
  },
  read(r, end) {
    const m = ListLeasesRequest.create() as Mutable<ListLeasesRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.filters.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ListLeasesRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ListLeasesRequest.read(r, r.len);
  },
};

export interface ListLeasesResponse {
  readonly leases: readonly Lease[];
}
export const ListLeasesResponse: MessageCodec<ListLeasesResponse> = {
  typeName: 'containerd.services.leases.v1.ListLeasesResponse',
  fields: [
    { name: 'leases', number: 1, type: 'object', shape: 'list', message: (): MessageCodec<never> => Lease as MessageCodec<never> },
  ],
  create(init) {
    return { leases: [], ...init };
  },
  write(m, w) {
    for (const v of m.leases) Lease.write(v, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(ListLeasesResponse.write, m);
  },
  read(r, end) {
    const m = ListLeasesResponse.create() as Mutable<ListLeasesResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.leases.push(Lease.read(r, r.uint32() + r.pos));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ListLeasesResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ListLeasesResponse.read(r, r.len);
  },
};

export interface Namespace {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}
export const Namespace: MessageCodec<Namespace> = {
  typeName: 'containerd.services.namespaces.v1.Namespace',
  fields: [
    { name: 'name', number: 1, type: 'string', shape: 'one' },
    { name: 'labels', number: 2, type: 'string', shape: 'map' },
  ],
  create(init) {
    return { name: '', labels: {}, ...init };
  },
  write(m, w) {
    if (m.name !== '') w.uint32(10).string(m.name);
    for (const [k, v] of Object.entries(m.labels)) {
      const e = w.uint32(18).fork();
      e.uint32(10).string(k);
      e.uint32(18).string(v);
      e.ldelim();
    }
    return w;
  },
  encode(m) {
    return encoded(Namespace.write, m);
  },
  read(r, end) {
    const m = Namespace.create() as Mutable<Namespace>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.name = r.string();
          break;
        case 2:
          readMapEntry(r, m.labels, '', () => r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Namespace;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Namespace.read(r, r.len);
  },
};

export interface CreateNamespaceRequest {
  readonly namespace?: Namespace | undefined;
}
export const CreateNamespaceRequest: MessageCodec<CreateNamespaceRequest> = {
  typeName: 'containerd.services.namespaces.v1.CreateNamespaceRequest',
  fields: [
    { name: 'namespace', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => Namespace as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    if (m.namespace !== undefined) Namespace.write(m.namespace, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(CreateNamespaceRequest.write, m);
  },
  read(r, end) {
    const m = CreateNamespaceRequest.create() as Mutable<CreateNamespaceRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.namespace = Namespace.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as CreateNamespaceRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return CreateNamespaceRequest.read(r, r.len);
  },
};

export interface CreateNamespaceResponse {
  readonly namespace?: Namespace | undefined;
}
export const CreateNamespaceResponse: MessageCodec<CreateNamespaceResponse> = {
  typeName: 'containerd.services.namespaces.v1.CreateNamespaceResponse',
  fields: [
    { name: 'namespace', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => Namespace as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    if (m.namespace !== undefined) Namespace.write(m.namespace, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(CreateNamespaceResponse.write, m);
  },
  read(r, end) {
    const m = CreateNamespaceResponse.create() as Mutable<CreateNamespaceResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.namespace = Namespace.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as CreateNamespaceResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return CreateNamespaceResponse.read(r, r.len);
  },
};

export interface PrepareSnapshotRequest {
  readonly snapshotter: string;
  readonly key: string;
  readonly parent: string;
  readonly labels: Readonly<Record<string, string>>;
}
export const PrepareSnapshotRequest: MessageCodec<PrepareSnapshotRequest> = {
  typeName: 'containerd.services.snapshots.v1.PrepareSnapshotRequest',
  fields: [
    { name: 'snapshotter', number: 1, type: 'string', shape: 'one' },
    { name: 'key', number: 2, type: 'string', shape: 'one' },
    { name: 'parent', number: 3, type: 'string', shape: 'one' },
    { name: 'labels', number: 4, type: 'string', shape: 'map' },
  ],
  create(init) {
    return { snapshotter: '', key: '', parent: '', labels: {}, ...init };
  },
  write(m, w) {
    if (m.snapshotter !== '') w.uint32(10).string(m.snapshotter);
    if (m.key !== '') w.uint32(18).string(m.key);
    if (m.parent !== '') w.uint32(26).string(m.parent);
    for (const [k, v] of Object.entries(m.labels)) {
      const e = w.uint32(34).fork();
      e.uint32(10).string(k);
      e.uint32(18).string(v);
      e.ldelim();
    }
    return w;
  },
  encode(m) {
    return encoded(PrepareSnapshotRequest.write, m);
  },
  read(r, end) {
    const m = PrepareSnapshotRequest.create() as Mutable<PrepareSnapshotRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.snapshotter = r.string();
          break;
        case 2:
          m.key = r.string();
          break;
        case 3:
          m.parent = r.string();
          break;
        case 4:
          readMapEntry(r, m.labels, '', () => r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as PrepareSnapshotRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return PrepareSnapshotRequest.read(r, r.len);
  },
};

export interface PrepareSnapshotResponse {
  readonly mounts: readonly Mount[];
}
export const PrepareSnapshotResponse: MessageCodec<PrepareSnapshotResponse> = {
  typeName: 'containerd.services.snapshots.v1.PrepareSnapshotResponse',
  fields: [
    { name: 'mounts', number: 1, type: 'object', shape: 'list', message: (): MessageCodec<never> => Mount as MessageCodec<never> },
  ],
  create(init) {
    return { mounts: [], ...init };
  },
  write(m, w) {
    for (const v of m.mounts) Mount.write(v, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(PrepareSnapshotResponse.write, m);
  },
  read(r, end) {
    const m = PrepareSnapshotResponse.create() as Mutable<PrepareSnapshotResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.mounts.push(Mount.read(r, r.uint32() + r.pos));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as PrepareSnapshotResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return PrepareSnapshotResponse.read(r, r.len);
  },
};

export interface MountsRequest {
  readonly snapshotter: string;
  readonly key: string;
}
export const MountsRequest: MessageCodec<MountsRequest> = {
  typeName: 'containerd.services.snapshots.v1.MountsRequest',
  fields: [
    { name: 'snapshotter', number: 1, type: 'string', shape: 'one' },
    { name: 'key', number: 2, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { snapshotter: '', key: '', ...init };
  },
  write(m, w) {
    if (m.snapshotter !== '') w.uint32(10).string(m.snapshotter);
    if (m.key !== '') w.uint32(18).string(m.key);
    return w;
  },
  encode(m) {
    return encoded(MountsRequest.write, m);
  },
  read(r, end) {
    const m = MountsRequest.create() as Mutable<MountsRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.snapshotter = r.string();
          break;
        case 2:
          m.key = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as MountsRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return MountsRequest.read(r, r.len);
  },
};

export interface MountsResponse {
  readonly mounts: readonly Mount[];
}
export const MountsResponse: MessageCodec<MountsResponse> = {
  typeName: 'containerd.services.snapshots.v1.MountsResponse',
  fields: [
    { name: 'mounts', number: 1, type: 'object', shape: 'list', message: (): MessageCodec<never> => Mount as MessageCodec<never> },
  ],
  create(init) {
    return { mounts: [], ...init };
  },
  write(m, w) {
    for (const v of m.mounts) Mount.write(v, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(MountsResponse.write, m);
  },
  read(r, end) {
    const m = MountsResponse.create() as Mutable<MountsResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.mounts.push(Mount.read(r, r.uint32() + r.pos));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as MountsResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return MountsResponse.read(r, r.len);
  },
};

export interface RemoveSnapshotRequest {
  readonly snapshotter: string;
  readonly key: string;
}
export const RemoveSnapshotRequest: MessageCodec<RemoveSnapshotRequest> = {
  typeName: 'containerd.services.snapshots.v1.RemoveSnapshotRequest',
  fields: [
    { name: 'snapshotter', number: 1, type: 'string', shape: 'one' },
    { name: 'key', number: 2, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { snapshotter: '', key: '', ...init };
  },
  write(m, w) {
    if (m.snapshotter !== '') w.uint32(10).string(m.snapshotter);
    if (m.key !== '') w.uint32(18).string(m.key);
    return w;
  },
  encode(m) {
    return encoded(RemoveSnapshotRequest.write, m);
  },
  read(r, end) {
    const m = RemoveSnapshotRequest.create() as Mutable<RemoveSnapshotRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.snapshotter = r.string();
          break;
        case 2:
          m.key = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as RemoveSnapshotRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return RemoveSnapshotRequest.read(r, r.len);
  },
};

export interface CommitSnapshotRequest {
  readonly snapshotter: string;
  readonly name: string;
  readonly key: string;
  readonly labels: Readonly<Record<string, string>>;
}
export const CommitSnapshotRequest: MessageCodec<CommitSnapshotRequest> = {
  typeName: 'containerd.services.snapshots.v1.CommitSnapshotRequest',
  fields: [
    { name: 'snapshotter', number: 1, type: 'string', shape: 'one' },
    { name: 'name', number: 2, type: 'string', shape: 'one' },
    { name: 'key', number: 3, type: 'string', shape: 'one' },
    { name: 'labels', number: 4, type: 'string', shape: 'map' },
  ],
  create(init) {
    return { snapshotter: '', name: '', key: '', labels: {}, ...init };
  },
  write(m, w) {
    if (m.snapshotter !== '') w.uint32(10).string(m.snapshotter);
    if (m.name !== '') w.uint32(18).string(m.name);
    if (m.key !== '') w.uint32(26).string(m.key);
    for (const [k, v] of Object.entries(m.labels)) {
      const e = w.uint32(34).fork();
      e.uint32(10).string(k);
      e.uint32(18).string(v);
      e.ldelim();
    }
    return w;
  },
  encode(m) {
    return encoded(CommitSnapshotRequest.write, m);
  },
  read(r, end) {
    const m = CommitSnapshotRequest.create() as Mutable<CommitSnapshotRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.snapshotter = r.string();
          break;
        case 2:
          m.name = r.string();
          break;
        case 3:
          m.key = r.string();
          break;
        case 4:
          readMapEntry(r, m.labels, '', () => r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as CommitSnapshotRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return CommitSnapshotRequest.read(r, r.len);
  },
};

export interface SnapshotInfo {
  readonly name: string;
  readonly parent: string;
  readonly kind: number;
  readonly labels: Readonly<Record<string, string>>;
}
export const SnapshotInfo: MessageCodec<SnapshotInfo> = {
  typeName: 'containerd.services.snapshots.v1.SnapshotInfo',
  fields: [
    { name: 'name', number: 1, type: 'string', shape: 'one' },
    { name: 'parent', number: 2, type: 'string', shape: 'one' },
    { name: 'kind', number: 3, type: 'int32', shape: 'one' },
    { name: 'labels', number: 6, type: 'string', shape: 'map' },
  ],
  create(init) {
    return { name: '', parent: '', kind: 0, labels: {}, ...init };
  },
  write(m, w) {
    if (m.name !== '') w.uint32(10).string(m.name);
    if (m.parent !== '') w.uint32(18).string(m.parent);
    if (m.kind !== 0) w.uint32(24).int32(m.kind);
    for (const [k, v] of Object.entries(m.labels)) {
      const e = w.uint32(50).fork();
      e.uint32(10).string(k);
      e.uint32(18).string(v);
      e.ldelim();
    }
    return w;
  },
  encode(m) {
    return encoded(SnapshotInfo.write, m);
  },
  read(r, end) {
    const m = SnapshotInfo.create() as Mutable<SnapshotInfo>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.name = r.string();
          break;
        case 2:
          m.parent = r.string();
          break;
        case 3:
          m.kind = r.int32();
          break;
        case 6:
          readMapEntry(r, m.labels, '', () => r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as SnapshotInfo;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return SnapshotInfo.read(r, r.len);
  },
};

export interface StatSnapshotRequest {
  readonly snapshotter: string;
  readonly key: string;
}
export const StatSnapshotRequest: MessageCodec<StatSnapshotRequest> = {
  typeName: 'containerd.services.snapshots.v1.StatSnapshotRequest',
  fields: [
    { name: 'snapshotter', number: 1, type: 'string', shape: 'one' },
    { name: 'key', number: 2, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { snapshotter: '', key: '', ...init };
  },
  write(m, w) {
    if (m.snapshotter !== '') w.uint32(10).string(m.snapshotter);
    if (m.key !== '') w.uint32(18).string(m.key);
    return w;
  },
  encode(m) {
    return encoded(StatSnapshotRequest.write, m);
  },
  read(r, end) {
    const m = StatSnapshotRequest.create() as Mutable<StatSnapshotRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.snapshotter = r.string();
          break;
        case 2:
          m.key = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as StatSnapshotRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return StatSnapshotRequest.read(r, r.len);
  },
};

export interface StatSnapshotResponse {
  readonly info?: SnapshotInfo | undefined;
}
export const StatSnapshotResponse: MessageCodec<StatSnapshotResponse> = {
  typeName: 'containerd.services.snapshots.v1.StatSnapshotResponse',
  fields: [
    { name: 'info', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => SnapshotInfo as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    if (m.info !== undefined) SnapshotInfo.write(m.info, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(StatSnapshotResponse.write, m);
  },
  read(r, end) {
    const m = StatSnapshotResponse.create() as Mutable<StatSnapshotResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.info = SnapshotInfo.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as StatSnapshotResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return StatSnapshotResponse.read(r, r.len);
  },
};

export interface ListSnapshotsRequest {
  readonly snapshotter: string;
  readonly filters: readonly string[];
}
export const ListSnapshotsRequest: MessageCodec<ListSnapshotsRequest> = {
  typeName: 'containerd.services.snapshots.v1.ListSnapshotsRequest',
  fields: [
    { name: 'snapshotter', number: 1, type: 'string', shape: 'one' },
    { name: 'filters', number: 2, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { snapshotter: '', filters: [], ...init };
  },
  write(m, w) {
    if (m.snapshotter !== '') w.uint32(10).string(m.snapshotter);
    for (const v of m.filters) w.uint32(18).string(v);
    return w;
  },
  encode(m) {
    return encoded(ListSnapshotsRequest.write, m);
  },
  read(r, end) {
    const m = ListSnapshotsRequest.create() as Mutable<ListSnapshotsRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.snapshotter = r.string();
          break;
        case 2:
          m.filters.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ListSnapshotsRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ListSnapshotsRequest.read(r, r.len);
  },
};

export interface ListSnapshotsResponse {
  readonly info: readonly SnapshotInfo[];
}
export const ListSnapshotsResponse: MessageCodec<ListSnapshotsResponse> = {
  typeName: 'containerd.services.snapshots.v1.ListSnapshotsResponse',
  fields: [
    { name: 'info', number: 1, type: 'object', shape: 'list', message: (): MessageCodec<never> => SnapshotInfo as MessageCodec<never> },
  ],
  create(init) {
    return { info: [], ...init };
  },
  write(m, w) {
    for (const v of m.info) SnapshotInfo.write(v, w.uint32(10).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(ListSnapshotsResponse.write, m);
  },
  read(r, end) {
    const m = ListSnapshotsResponse.create() as Mutable<ListSnapshotsResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.info.push(SnapshotInfo.read(r, r.uint32() + r.pos));
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as ListSnapshotsResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ListSnapshotsResponse.read(r, r.len);
  },
};

export interface CreateTaskRequest {
  readonly containerId: string;
  readonly rootfs: readonly Mount[];
  readonly stdin: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly terminal: boolean;
}
export const CreateTaskRequest: MessageCodec<CreateTaskRequest> = {
  typeName: 'containerd.services.tasks.v1.CreateTaskRequest',
  fields: [
    { name: 'containerId', number: 1, type: 'string', shape: 'one' },
    { name: 'rootfs', number: 3, type: 'object', shape: 'list', message: (): MessageCodec<never> => Mount as MessageCodec<never> },
    { name: 'stdin', number: 4, type: 'string', shape: 'one' },
    { name: 'stdout', number: 5, type: 'string', shape: 'one' },
    { name: 'stderr', number: 6, type: 'string', shape: 'one' },
    { name: 'terminal', number: 7, type: 'bool', shape: 'one' },
  ],
  create(init) {
    return { containerId: '', rootfs: [], stdin: '', stdout: '', stderr: '', terminal: false, ...init };
  },
  write(m, w) {
    if (m.containerId !== '') w.uint32(10).string(m.containerId);
    for (const v of m.rootfs) Mount.write(v, w.uint32(26).fork()).ldelim();
    if (m.stdin !== '') w.uint32(34).string(m.stdin);
    if (m.stdout !== '') w.uint32(42).string(m.stdout);
    if (m.stderr !== '') w.uint32(50).string(m.stderr);
    if (m.terminal !== false) w.uint32(56).bool(m.terminal);
    return w;
  },
  encode(m) {
    return encoded(CreateTaskRequest.write, m);
  },
  read(r, end) {
    const m = CreateTaskRequest.create() as Mutable<CreateTaskRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.containerId = r.string();
          break;
        case 3:
          m.rootfs.push(Mount.read(r, r.uint32() + r.pos));
          break;
        case 4:
          m.stdin = r.string();
          break;
        case 5:
          m.stdout = r.string();
          break;
        case 6:
          m.stderr = r.string();
          break;
        case 7:
          m.terminal = r.bool();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as CreateTaskRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return CreateTaskRequest.read(r, r.len);
  },
};

export interface CreateTaskResponse {
  readonly containerId: string;
  readonly pid: number;
}
export const CreateTaskResponse: MessageCodec<CreateTaskResponse> = {
  typeName: 'containerd.services.tasks.v1.CreateTaskResponse',
  fields: [
    { name: 'containerId', number: 1, type: 'string', shape: 'one' },
    { name: 'pid', number: 2, type: 'uint32', shape: 'one' },
  ],
  create(init) {
    return { containerId: '', pid: 0, ...init };
  },
  write(m, w) {
    if (m.containerId !== '') w.uint32(10).string(m.containerId);
    if (m.pid !== 0) w.uint32(16).uint32(m.pid);
    return w;
  },
  encode(m) {
    return encoded(CreateTaskResponse.write, m);
  },
  read(r, end) {
    const m = CreateTaskResponse.create() as Mutable<CreateTaskResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.containerId = r.string();
          break;
        case 2:
          m.pid = r.uint32();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as CreateTaskResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return CreateTaskResponse.read(r, r.len);
  },
};

export interface StartTaskRequest {
  readonly containerId: string;
}
export const StartTaskRequest: MessageCodec<StartTaskRequest> = {
  typeName: 'containerd.services.tasks.v1.StartTaskRequest',
  fields: [
    { name: 'containerId', number: 1, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { containerId: '', ...init };
  },
  write(m, w) {
    if (m.containerId !== '') w.uint32(10).string(m.containerId);
    return w;
  },
  encode(m) {
    return encoded(StartTaskRequest.write, m);
  },
  read(r, end) {
    const m = StartTaskRequest.create() as Mutable<StartTaskRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.containerId = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as StartTaskRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return StartTaskRequest.read(r, r.len);
  },
};

export interface StartTaskResponse {
  readonly pid: number;
}
export const StartTaskResponse: MessageCodec<StartTaskResponse> = {
  typeName: 'containerd.services.tasks.v1.StartTaskResponse',
  fields: [
    { name: 'pid', number: 1, type: 'uint32', shape: 'one' },
  ],
  create(init) {
    return { pid: 0, ...init };
  },
  write(m, w) {
    if (m.pid !== 0) w.uint32(8).uint32(m.pid);
    return w;
  },
  encode(m) {
    return encoded(StartTaskResponse.write, m);
  },
  read(r, end) {
    const m = StartTaskResponse.create() as Mutable<StartTaskResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.pid = r.uint32();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as StartTaskResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return StartTaskResponse.read(r, r.len);
  },
};

export interface DeleteTaskRequest {
  readonly containerId: string;
}
export const DeleteTaskRequest: MessageCodec<DeleteTaskRequest> = {
  typeName: 'containerd.services.tasks.v1.DeleteTaskRequest',
  fields: [
    { name: 'containerId', number: 1, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { containerId: '', ...init };
  },
  write(m, w) {
    if (m.containerId !== '') w.uint32(10).string(m.containerId);
    return w;
  },
  encode(m) {
    return encoded(DeleteTaskRequest.write, m);
  },
  read(r, end) {
    const m = DeleteTaskRequest.create() as Mutable<DeleteTaskRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.containerId = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as DeleteTaskRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return DeleteTaskRequest.read(r, r.len);
  },
};

export interface DeleteTaskResponse {
  readonly id: string;
  readonly pid: number;
  readonly exitStatus: number;
  readonly exitedAt?: Timestamp | undefined;
}
export const DeleteTaskResponse: MessageCodec<DeleteTaskResponse> = {
  typeName: 'containerd.services.tasks.v1.DeleteTaskResponse',
  fields: [
    { name: 'id', number: 1, type: 'string', shape: 'one' },
    { name: 'pid', number: 2, type: 'uint32', shape: 'one' },
    { name: 'exitStatus', number: 3, type: 'uint32', shape: 'one' },
    { name: 'exitedAt', number: 4, type: 'object', shape: 'one', message: (): MessageCodec<never> => Timestamp as MessageCodec<never> },
  ],
  create(init) {
    return { id: '', pid: 0, exitStatus: 0, ...init };
  },
  write(m, w) {
    if (m.id !== '') w.uint32(10).string(m.id);
    if (m.pid !== 0) w.uint32(16).uint32(m.pid);
    if (m.exitStatus !== 0) w.uint32(24).uint32(m.exitStatus);
    if (m.exitedAt !== undefined) Timestamp.write(m.exitedAt, w.uint32(34).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(DeleteTaskResponse.write, m);
  },
  read(r, end) {
    const m = DeleteTaskResponse.create() as Mutable<DeleteTaskResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.id = r.string();
          break;
        case 2:
          m.pid = r.uint32();
          break;
        case 3:
          m.exitStatus = r.uint32();
          break;
        case 4:
          m.exitedAt = Timestamp.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as DeleteTaskResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return DeleteTaskResponse.read(r, r.len);
  },
};

export interface Process {
  readonly containerId: string;
  readonly id: string;
  readonly pid: number;
  readonly status: ProcessStatus;
  readonly exitStatus: number;
  readonly exitedAt?: Timestamp | undefined;
}
export const Process: MessageCodec<Process> = {
  typeName: 'containerd.services.tasks.v1.Process',
  fields: [
    { name: 'containerId', number: 1, type: 'string', shape: 'one' },
    { name: 'id', number: 2, type: 'string', shape: 'one' },
    { name: 'pid', number: 3, type: 'uint32', shape: 'one' },
    { name: 'status', number: 4, type: 'object', shape: 'one', names: ProcessStatusNames },
    { name: 'exitStatus', number: 9, type: 'uint32', shape: 'one' },
    { name: 'exitedAt', number: 10, type: 'object', shape: 'one', message: (): MessageCodec<never> => Timestamp as MessageCodec<never> },
  ],
  create(init) {
    return { containerId: '', id: '', pid: 0, status: 0, exitStatus: 0, ...init };
  },
  write(m, w) {
    if (m.containerId !== '') w.uint32(10).string(m.containerId);
    if (m.id !== '') w.uint32(18).string(m.id);
    if (m.pid !== 0) w.uint32(24).uint32(m.pid);
    if (m.status !== 0) w.uint32(32).int32(m.status);
    if (m.exitStatus !== 0) w.uint32(72).uint32(m.exitStatus);
    if (m.exitedAt !== undefined) Timestamp.write(m.exitedAt, w.uint32(82).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(Process.write, m);
  },
  read(r, end) {
    const m = Process.create() as Mutable<Process>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.containerId = r.string();
          break;
        case 2:
          m.id = r.string();
          break;
        case 3:
          m.pid = r.uint32();
          break;
        case 4:
          m.status = r.int32() as ProcessStatus;
          break;
        case 9:
          m.exitStatus = r.uint32();
          break;
        case 10:
          m.exitedAt = Timestamp.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Process;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Process.read(r, r.len);
  },
};

export interface GetTaskRequest {
  readonly containerId: string;
}
export const GetTaskRequest: MessageCodec<GetTaskRequest> = {
  typeName: 'containerd.services.tasks.v1.GetTaskRequest',
  fields: [
    { name: 'containerId', number: 1, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { containerId: '', ...init };
  },
  write(m, w) {
    if (m.containerId !== '') w.uint32(10).string(m.containerId);
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
          m.containerId = r.string();
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
  readonly process?: Process | undefined;
}
export const GetTaskResponse: MessageCodec<GetTaskResponse> = {
  typeName: 'containerd.services.tasks.v1.GetTaskResponse',
  fields: [
    { name: 'process', number: 1, type: 'object', shape: 'one', message: (): MessageCodec<never> => Process as MessageCodec<never> },
  ],
  create(init) {
    return { ...init };
  },
  write(m, w) {
    if (m.process !== undefined) Process.write(m.process, w.uint32(10).fork()).ldelim();
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
          m.process = Process.read(r, r.uint32() + r.pos);
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

export interface ListTasksRequest {
  readonly filter: string;
}
export const ListTasksRequest: MessageCodec<ListTasksRequest> = {
  typeName: 'containerd.services.tasks.v1.ListTasksRequest',
  fields: [
    { name: 'filter', number: 1, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { filter: '', ...init };
  },
  write(m, w) {
    if (m.filter !== '') w.uint32(10).string(m.filter);
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
          m.filter = r.string();
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
  readonly tasks: readonly Process[];
}
export const ListTasksResponse: MessageCodec<ListTasksResponse> = {
  typeName: 'containerd.services.tasks.v1.ListTasksResponse',
  fields: [
    { name: 'tasks', number: 1, type: 'object', shape: 'list', message: (): MessageCodec<never> => Process as MessageCodec<never> },
  ],
  create(init) {
    return { tasks: [], ...init };
  },
  write(m, w) {
    for (const v of m.tasks) Process.write(v, w.uint32(10).fork()).ldelim();
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
          m.tasks.push(Process.read(r, r.uint32() + r.pos));
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

export interface KillRequest {
  readonly containerId: string;
  readonly signal: number;
  readonly all: boolean;
}
export const KillRequest: MessageCodec<KillRequest> = {
  typeName: 'containerd.services.tasks.v1.KillRequest',
  fields: [
    { name: 'containerId', number: 1, type: 'string', shape: 'one' },
    { name: 'signal', number: 3, type: 'uint32', shape: 'one' },
    { name: 'all', number: 4, type: 'bool', shape: 'one' },
  ],
  create(init) {
    return { containerId: '', signal: 0, all: false, ...init };
  },
  write(m, w) {
    if (m.containerId !== '') w.uint32(10).string(m.containerId);
    if (m.signal !== 0) w.uint32(24).uint32(m.signal);
    if (m.all !== false) w.uint32(32).bool(m.all);
    return w;
  },
  encode(m) {
    return encoded(KillRequest.write, m);
  },
  read(r, end) {
    const m = KillRequest.create() as Mutable<KillRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.containerId = r.string();
          break;
        case 3:
          m.signal = r.uint32();
          break;
        case 4:
          m.all = r.bool();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as KillRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return KillRequest.read(r, r.len);
  },
};

export interface WaitRequest {
  readonly containerId: string;
}
export const WaitRequest: MessageCodec<WaitRequest> = {
  typeName: 'containerd.services.tasks.v1.WaitRequest',
  fields: [
    { name: 'containerId', number: 1, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { containerId: '', ...init };
  },
  write(m, w) {
    if (m.containerId !== '') w.uint32(10).string(m.containerId);
    return w;
  },
  encode(m) {
    return encoded(WaitRequest.write, m);
  },
  read(r, end) {
    const m = WaitRequest.create() as Mutable<WaitRequest>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.containerId = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as WaitRequest;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return WaitRequest.read(r, r.len);
  },
};

export interface WaitResponse {
  readonly exitStatus: number;
  readonly exitedAt?: Timestamp | undefined;
}
export const WaitResponse: MessageCodec<WaitResponse> = {
  typeName: 'containerd.services.tasks.v1.WaitResponse',
  fields: [
    { name: 'exitStatus', number: 1, type: 'uint32', shape: 'one' },
    { name: 'exitedAt', number: 2, type: 'object', shape: 'one', message: (): MessageCodec<never> => Timestamp as MessageCodec<never> },
  ],
  create(init) {
    return { exitStatus: 0, ...init };
  },
  write(m, w) {
    if (m.exitStatus !== 0) w.uint32(8).uint32(m.exitStatus);
    if (m.exitedAt !== undefined) Timestamp.write(m.exitedAt, w.uint32(18).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(WaitResponse.write, m);
  },
  read(r, end) {
    const m = WaitResponse.create() as Mutable<WaitResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.exitStatus = r.uint32();
          break;
        case 2:
          m.exitedAt = Timestamp.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as WaitResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return WaitResponse.read(r, r.len);
  },
};

export interface VersionResponse {
  readonly version: string;
  readonly revision: string;
}
export const VersionResponse: MessageCodec<VersionResponse> = {
  typeName: 'containerd.services.version.v1.VersionResponse',
  fields: [
    { name: 'version', number: 1, type: 'string', shape: 'one' },
    { name: 'revision', number: 2, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { version: '', revision: '', ...init };
  },
  write(m, w) {
    if (m.version !== '') w.uint32(10).string(m.version);
    if (m.revision !== '') w.uint32(18).string(m.revision);
    return w;
  },
  encode(m) {
    return encoded(VersionResponse.write, m);
  },
  read(r, end) {
    const m = VersionResponse.create() as Mutable<VersionResponse>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.version = r.string();
          break;
        case 2:
          m.revision = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as VersionResponse;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return VersionResponse.read(r, r.len);
  },
};

export interface Options {
  readonly binaryName: string;
  readonly root: string;
  readonly systemdCgroup: boolean;
}
export const Options: MessageCodec<Options> = {
  typeName: 'containerd.runc.v1.Options',
  fields: [
    { name: 'binaryName', number: 6, type: 'string', shape: 'one' },
    { name: 'root', number: 7, type: 'string', shape: 'one' },
    { name: 'systemdCgroup', number: 9, type: 'bool', shape: 'one' },
  ],
  create(init) {
    return { binaryName: '', root: '', systemdCgroup: false, ...init };
  },
  write(m, w) {
    if (m.binaryName !== '') w.uint32(50).string(m.binaryName);
    if (m.root !== '') w.uint32(58).string(m.root);
    if (m.systemdCgroup !== false) w.uint32(72).bool(m.systemdCgroup);
    return w;
  },
  encode(m) {
    return encoded(Options.write, m);
  },
  read(r, end) {
    const m = Options.create() as Mutable<Options>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 6:
          m.binaryName = r.string();
          break;
        case 7:
          m.root = r.string();
          break;
        case 9:
          m.systemdCgroup = r.bool();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Options;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Options.read(r, r.len);
  },
};

export interface TaskExit {
  readonly containerId: string;
  readonly id: string;
  readonly pid: number;
  readonly exitStatus: number;
  readonly exitedAt?: Timestamp | undefined;
}
export const TaskExit: MessageCodec<TaskExit> = {
  typeName: 'containerd.events.TaskExit',
  fields: [
    { name: 'containerId', number: 1, type: 'string', shape: 'one' },
    { name: 'id', number: 2, type: 'string', shape: 'one' },
    { name: 'pid', number: 3, type: 'uint32', shape: 'one' },
    { name: 'exitStatus', number: 4, type: 'uint32', shape: 'one' },
    { name: 'exitedAt', number: 5, type: 'object', shape: 'one', message: (): MessageCodec<never> => Timestamp as MessageCodec<never> },
  ],
  create(init) {
    return { containerId: '', id: '', pid: 0, exitStatus: 0, ...init };
  },
  write(m, w) {
    if (m.containerId !== '') w.uint32(10).string(m.containerId);
    if (m.id !== '') w.uint32(18).string(m.id);
    if (m.pid !== 0) w.uint32(24).uint32(m.pid);
    if (m.exitStatus !== 0) w.uint32(32).uint32(m.exitStatus);
    if (m.exitedAt !== undefined) Timestamp.write(m.exitedAt, w.uint32(42).fork()).ldelim();
    return w;
  },
  encode(m) {
    return encoded(TaskExit.write, m);
  },
  read(r, end) {
    const m = TaskExit.create() as Mutable<TaskExit>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.containerId = r.string();
          break;
        case 2:
          m.id = r.string();
          break;
        case 3:
          m.pid = r.uint32();
          break;
        case 4:
          m.exitStatus = r.uint32();
          break;
        case 5:
          m.exitedAt = Timestamp.read(r, r.uint32() + r.pos);
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as TaskExit;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return TaskExit.read(r, r.len);
  },
};

export interface TaskOom {
  readonly containerId: string;
}
export const TaskOom: MessageCodec<TaskOom> = {
  typeName: 'containerd.events.TaskOom',
  fields: [
    { name: 'containerId', number: 1, type: 'string', shape: 'one' },
  ],
  create(init) {
    return { containerId: '', ...init };
  },
  write(m, w) {
    if (m.containerId !== '') w.uint32(10).string(m.containerId);
    return w;
  },
  encode(m) {
    return encoded(TaskOom.write, m);
  },
  read(r, end) {
    const m = TaskOom.create() as Mutable<TaskOom>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.containerId = r.string();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as TaskOom;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return TaskOom.read(r, r.len);
  },
};

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations: Readonly<Record<string, string>>;
}
export const Descriptor: MessageCodec<Descriptor> = {
  typeName: 'containerd.types.Descriptor',
  fields: [
    { name: 'mediaType', number: 1, type: 'string', shape: 'one' },
    { name: 'digest', number: 2, type: 'string', shape: 'one' },
    { name: 'size', number: 3, type: 'int64', shape: 'one' },
    { name: 'annotations', number: 5, type: 'string', shape: 'map' },
  ],
  create(init) {
    return { mediaType: '', digest: '', size: 0, annotations: {}, ...init };
  },
  write(m, w) {
    if (m.mediaType !== '') w.uint32(10).string(m.mediaType);
    if (m.digest !== '') w.uint32(18).string(m.digest);
    if (m.size !== 0) w.uint32(24).int64(safe(m.size, 'size'));
    for (const [k, v] of Object.entries(m.annotations)) {
      const e = w.uint32(42).fork();
      e.uint32(10).string(k);
      e.uint32(18).string(v);
      e.ldelim();
    }
    return w;
  },
  encode(m) {
    return encoded(Descriptor.write, m);
  },
  read(r, end) {
    const m = Descriptor.create() as Mutable<Descriptor>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.mediaType = r.string();
          break;
        case 2:
          m.digest = r.string();
          break;
        case 3:
          m.size = toSafe(r.int64(), 'size');
          break;
        case 5:
          readMapEntry(r, m.annotations, '', () => r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Descriptor;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Descriptor.read(r, r.len);
  },
};

export interface Mount {
  readonly type: string;
  readonly source: string;
  readonly target: string;
  readonly options: readonly string[];
}
export const Mount: MessageCodec<Mount> = {
  typeName: 'containerd.types.Mount',
  fields: [
    { name: 'type', number: 1, type: 'string', shape: 'one' },
    { name: 'source', number: 2, type: 'string', shape: 'one' },
    { name: 'target', number: 3, type: 'string', shape: 'one' },
    { name: 'options', number: 4, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { type: '', source: '', target: '', options: [], ...init };
  },
  write(m, w) {
    if (m.type !== '') w.uint32(10).string(m.type);
    if (m.source !== '') w.uint32(18).string(m.source);
    if (m.target !== '') w.uint32(26).string(m.target);
    for (const v of m.options) w.uint32(34).string(v);
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
          m.type = r.string();
          break;
        case 2:
          m.source = r.string();
          break;
        case 3:
          m.target = r.string();
          break;
        case 4:
          m.options.push(r.string());
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

export interface Empty {
}
export const Empty: MessageCodec<Empty> = {
  typeName: 'google.protobuf.Empty',
  fields: [
  ],
  create(init) {
    return { ...init };
  },
  write(_m, w) {
    return w;
  },
  encode(m) {
    return encoded(Empty.write, m);
  },
  read(r, end) {
    const m = Empty.create() as Mutable<Empty>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Empty;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Empty.read(r, r.len);
  },
};

export interface Any {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}
export const Any: MessageCodec<Any> = {
  typeName: 'google.protobuf.Any',
  fields: [
    { name: 'typeUrl', number: 1, type: 'string', shape: 'one' },
    { name: 'value', number: 2, type: 'bytes', shape: 'one' },
  ],
  create(init) {
    return { typeUrl: '', value: empty, ...init };
  },
  write(m, w) {
    if (m.typeUrl !== '') w.uint32(10).string(m.typeUrl);
    if (m.value.length > 0) w.uint32(18).bytes(m.value);
    return w;
  },
  encode(m) {
    return encoded(Any.write, m);
  },
  read(r, end) {
    const m = Any.create() as Mutable<Any>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.typeUrl = r.string();
          break;
        case 2:
          m.value = r.bytes();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Any;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Any.read(r, r.len);
  },
};

export interface Timestamp {
  readonly seconds: number;
  readonly nanos: number;
}
export const Timestamp: MessageCodec<Timestamp> = {
  typeName: 'google.protobuf.Timestamp',
  fields: [
    { name: 'seconds', number: 1, type: 'int64', shape: 'one' },
    { name: 'nanos', number: 2, type: 'int32', shape: 'one' },
  ],
  create(init) {
    return { seconds: 0, nanos: 0, ...init };
  },
  write(m, w) {
    if (m.seconds !== 0) w.uint32(8).int64(safe(m.seconds, 'seconds'));
    if (m.nanos !== 0) w.uint32(16).int32(m.nanos);
    return w;
  },
  encode(m) {
    return encoded(Timestamp.write, m);
  },
  read(r, end) {
    const m = Timestamp.create() as Mutable<Timestamp>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.seconds = toSafe(r.int64(), 'seconds');
          break;
        case 2:
          m.nanos = r.int32();
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as Timestamp;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return Timestamp.read(r, r.len);
  },
};

export interface FieldMask {
  readonly paths: readonly string[];
}
export const FieldMask: MessageCodec<FieldMask> = {
  typeName: 'google.protobuf.FieldMask',
  fields: [
    { name: 'paths', number: 1, type: 'string', shape: 'list' },
  ],
  create(init) {
    return { paths: [], ...init };
  },
  write(m, w) {
    for (const v of m.paths) w.uint32(10).string(v);
    return w;
  },
  encode(m) {
    return encoded(FieldMask.write, m);
  },
  read(r, end) {
    const m = FieldMask.create() as Mutable<FieldMask>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
        case 1:
          m.paths.push(r.string());
          break;
        default:
          r.skipType(tag & 7);
      }
    }
    return m as FieldMask;
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return FieldMask.read(r, r.len);
  },
};

export const ContainersService = {
  get: method('/containerd.services.containers.v1.Containers/Get', false, false, GetContainerRequest, GetContainerResponse),
  list: method('/containerd.services.containers.v1.Containers/List', false, false, ListContainersRequest, ListContainersResponse),
  create: method('/containerd.services.containers.v1.Containers/Create', false, false, CreateContainerRequest, CreateContainerResponse),
  delete: method('/containerd.services.containers.v1.Containers/Delete', false, false, DeleteContainerRequest, Empty),
} as const;

export const ContentService = {
  info: method('/containerd.services.content.v1.Content/Info', false, false, InfoRequest, InfoResponse),
  update: method('/containerd.services.content.v1.Content/Update', false, false, UpdateContentRequest, UpdateContentResponse),
  read: method('/containerd.services.content.v1.Content/Read', false, true, ReadContentRequest, ReadContentResponse),
  status: method('/containerd.services.content.v1.Content/Status', false, false, StatusRequest, StatusResponse),
  write: method('/containerd.services.content.v1.Content/Write', true, true, WriteContentRequest, WriteContentResponse),
  abort: method('/containerd.services.content.v1.Content/Abort', false, false, AbortRequest, Empty),
} as const;

export const DiffService = {
  apply: method('/containerd.services.diff.v1.Diff/Apply', false, false, ApplyRequest, ApplyResponse),
} as const;

export const EventsService = {
  publish: method('/containerd.services.events.v1.Events/Publish', false, false, PublishRequest, Empty),
  subscribe: method('/containerd.services.events.v1.Events/Subscribe', false, true, SubscribeRequest, Envelope),
} as const;

export const ImagesService = {
  get: method('/containerd.services.images.v1.Images/Get', false, false, GetImageRequest, GetImageResponse),
  list: method('/containerd.services.images.v1.Images/List', false, false, ListImageRecordsRequest, ListImageRecordsResponse),
  create: method('/containerd.services.images.v1.Images/Create', false, false, CreateImageRequest, CreateImageResponse),
  update: method('/containerd.services.images.v1.Images/Update', false, false, UpdateImageRequest, UpdateImageResponse),
  delete: method('/containerd.services.images.v1.Images/Delete', false, false, DeleteImageRequest, Empty),
} as const;

export const LeasesService = {
  create: method('/containerd.services.leases.v1.Leases/Create', false, false, CreateLeaseRequest, CreateLeaseResponse),
  delete: method('/containerd.services.leases.v1.Leases/Delete', false, false, DeleteLeaseRequest, Empty),
  list: method('/containerd.services.leases.v1.Leases/List', false, false, ListLeasesRequest, ListLeasesResponse),
} as const;

export const NamespacesService = {
  create: method('/containerd.services.namespaces.v1.Namespaces/Create', false, false, CreateNamespaceRequest, CreateNamespaceResponse),
} as const;

export const SnapshotsService = {
  prepare: method('/containerd.services.snapshots.v1.Snapshots/Prepare', false, false, PrepareSnapshotRequest, PrepareSnapshotResponse),
  mounts: method('/containerd.services.snapshots.v1.Snapshots/Mounts', false, false, MountsRequest, MountsResponse),
  commit: method('/containerd.services.snapshots.v1.Snapshots/Commit', false, false, CommitSnapshotRequest, Empty),
  remove: method('/containerd.services.snapshots.v1.Snapshots/Remove', false, false, RemoveSnapshotRequest, Empty),
  stat: method('/containerd.services.snapshots.v1.Snapshots/Stat', false, false, StatSnapshotRequest, StatSnapshotResponse),
  list: method('/containerd.services.snapshots.v1.Snapshots/List', false, true, ListSnapshotsRequest, ListSnapshotsResponse),
} as const;

export const TasksService = {
  create: method('/containerd.services.tasks.v1.Tasks/Create', false, false, CreateTaskRequest, CreateTaskResponse),
  start: method('/containerd.services.tasks.v1.Tasks/Start', false, false, StartTaskRequest, StartTaskResponse),
  delete: method('/containerd.services.tasks.v1.Tasks/Delete', false, false, DeleteTaskRequest, DeleteTaskResponse),
  get: method('/containerd.services.tasks.v1.Tasks/Get', false, false, GetTaskRequest, GetTaskResponse),
  list: method('/containerd.services.tasks.v1.Tasks/List', false, false, ListTasksRequest, ListTasksResponse),
  kill: method('/containerd.services.tasks.v1.Tasks/Kill', false, false, KillRequest, Empty),
  wait: method('/containerd.services.tasks.v1.Tasks/Wait', false, false, WaitRequest, WaitResponse),
} as const;

export const VersionService = {
  version: method('/containerd.services.version.v1.Version/Version', false, false, Empty, VersionResponse),
} as const;

