import { RaftBatch, frameOf } from '#proto';
import type { RaftWireMessage } from '#proto';

/** The protocol that a connection names (ALPN) when it carries Raft's messages and nothing else. */
export const raftLinkProtocol = 'tessera-raft/1';

/** One frame of a RaftBatch; an entry fits with room to spare, and batches are cut long before. */
export function encodeFrame(messages: readonly RaftWireMessage[]): Uint8Array {
  return frameOf(RaftBatch.encode(RaftBatch.create({ messages: [...messages] })));
}
