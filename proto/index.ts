/**
 * The wire: every message, enum and service of Tessera's own API, made from tessera/v1/*.proto
 * (`npm run proto`). Messages are plain readonly objects; unset message fields are `undefined`,
 * everything else has its default.
 */
export type { FieldInfo, MessageCodec, Method } from './codec.ts';
export type { CallContext, Caller, Handler, Handlers } from './handlers.ts';
export * from './gen/tessera.ts';
export { FrameReader, frameBytesMax, frameOf, sessionProtocol } from './frames.ts';
export { toJson } from './json.ts';
export { encodedBy, ownEncoding } from './shared-encoding.ts';
