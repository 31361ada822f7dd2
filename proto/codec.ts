/** What the generated code stands on: protobufjs' Writer and Reader, and the shape of a codec. */
import protobuf from 'protobufjs';
import { ClusterError } from '#lib';

// Without the optional `long` package the Reader gives 64-bit integers as numbers.
(protobuf.util as { Long: unknown }).Long = null;
protobuf.configure();

export const Writer = protobuf.Writer;
export const Reader = protobuf.Reader;
export const empty = new Uint8Array(0);

/** A larger buffer is not kept for the next message. */
const keptBytesMax = 65_536;
/** What the last message was written into, for the next one; undefined while a message is being written. */
let spare: protobuf.Writer | undefined;

/** The message as bytes of its own; buffers do not grow anew for each message. */
export function encoded<T>(
  write: (message: T, writer: protobuf.Writer) => protobuf.Writer,
  message: T,
): Uint8Array {
  const writer = spare ?? Writer.create();
  // One that has thrown is left as it is, and not used again.
  spare = undefined;
  write(message, writer);
  const bytes = writer.finish();
  writer.reset();
  if (writer.buf.length <= keptBytesMax) spare = writer;
  return bytes;
}

export type Mutable<T> = {
  -readonly [K in keyof T]: T[K] extends readonly (infer E)[]
    ? E[]
    : T[K] extends Readonly<Record<string, infer V>>
      ? Record<string, V>
      : T[K];
};

/** What a generic walker (JSON, YAML) needs to know of a field. */
export interface FieldInfo {
  readonly name: string;
  readonly number: number;
  /** A protobuf scalar, or 'object' where `names` (enum) or `message` says which. */
  readonly type: string;
  readonly shape: 'one' | 'list' | 'map';
  readonly oneof?: string;
  readonly names?: Readonly<Record<number, string>>;
  readonly message?: () => MessageCodec<never>;
}

export interface MessageCodec<T> {
  readonly typeName: string;
  readonly fields: readonly FieldInfo[];
  /** A message with every field at its default but those of `init`. */
  create(init?: Partial<T>): T;
  write(message: T, writer: protobuf.Writer): protobuf.Writer;
  encode(message: T): Uint8Array;
  read(reader: protobuf.Reader, end: number): T;
  /** Throws INVALID_ARGUMENT for an integer past 2^53, RangeError for a torn message. */
  decode(bytes: Uint8Array): T;
}

/** One RPC; rpc-node.ts hands it to grpc-js. `Up`, `Down`: whether that side streams. */
export interface Method<
  Request,
  Response,
  Up extends boolean = boolean,
  Down extends boolean = boolean,
> {
  readonly path: string;
  readonly requestStream: Up;
  readonly responseStream: Down;
  readonly request: MessageCodec<Request>;
  readonly response: MessageCodec<Response>;
}

export function method<Request, Response, Up extends boolean, Down extends boolean>(
  path: string,
  requestStream: Up,
  responseStream: Down,
  request: MessageCodec<Request>,
  response: MessageCodec<Response>,
): Method<Request, Response, Up, Down> {
  return { path, requestStream, responseStream, request, response };
}

export function safe(value: number, field: string): number {
  if (!Number.isSafeInteger(value))
    throw new ClusterError('INVALID_ARGUMENT', `${field}: ${value} is not an integer below 2^53`);
  return value;
}

/** A 64-bit integer from the wire as a number; past 2^53 it is refused, never rounded. */
export function toSafe(value: unknown, field: string): number {
  return safe(value as number, field);
}

/** Reads one entry of a map field into `target`; a key that would touch the prototype is dropped. */
export function readMapEntry<V>(
  reader: protobuf.Reader,
  target: Record<string, V>,
  zero: V,
  readValue: () => V,
): void {
  const end = reader.uint32() + reader.pos;
  let key = '';
  let value = zero;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) key = reader.string();
    else if (tag >>> 3 === 2) value = readValue();
    else reader.skipType(tag & 7);
  }
  if (key !== '__proto__') target[key] = value;
}
