import { ResponseCode, failure, readQuery, tcpSizeMax, writeAnswer } from './message.ts';
import type { Answer, Query } from './message.ts';
import type { Asker, NameTable } from './name-table.ts';

/** What becomes of one message. */
export type Decision =
  | { readonly kind: 'drop' }
  | { readonly kind: 'answer'; readonly message: Uint8Array; readonly code: ResponseCode }
  | { readonly kind: 'forward'; readonly query: Query; readonly asker: Asker };

const sizeMax = (query: Query, isUdp: boolean): number => (isUdp ? query.udpSize : tcpSizeMax);

export function reply(query: Query, answer: Answer, isUdp: boolean): Decision {
  const message = writeAnswer(query, answer, sizeMax(query, isUdp), isUdp);
  return { kind: 'answer', message, code: answer.code };
}

/**
 * Answers from the table what is ours, for those who have a task or an address on our networks;
 * the rest of what they ask is passed on, but for tasks on internal networks only. Never throws, whatever the bytes are.
 */
export function decide(
  bytes: Uint8Array,
  source: string,
  isUdp: boolean,
  table: NameTable,
): Decision {
  const received = readQuery(bytes);
  if (received.kind === 'drop') return received;
  const { query } = received;
  if (received.kind === 'refuse') return reply(query, failure(received.code), isUdp);
  const asker = table.askerAt(source);
  if (asker === undefined) return reply(query, failure(ResponseCode.REFUSED), isUdp);
  const answer = table.answer(asker.networkIds, query.name, query.type);
  if (answer !== undefined) return reply(query, answer, isUdp);
  if (asker.isInternal) return reply(query, failure(ResponseCode.REFUSED), isUdp);
  return { kind: 'forward', query, asker };
}
