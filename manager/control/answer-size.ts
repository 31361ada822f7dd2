import { ClusterError } from '#lib';
import type { MessageCodec } from '#proto';

/** Largest answer of one call, bytes; below the limit of a message on the wire. */
export const answerBytesMax = 3 << 20;

/** LIMIT_EXCEEDED for an answer the transport could not carry. */
export function requireFits<T>(codec: MessageCodec<T>, answer: T, what: string): T {
  const { length } = codec.encode(answer);
  if (length <= answerBytesMax) return answer;
  throw new ClusterError(
    'LIMIT_EXCEEDED',
    `the list of ${what} takes ${length} bytes, more than one answer holds (${answerBytesMax}):` +
      ' watch them instead, or ask for single ones',
  );
}
