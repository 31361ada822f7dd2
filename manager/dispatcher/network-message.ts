import { ManagerMessage, NetworkChanges, encodedBy } from '#proto';
import type { ChangeBody } from './network-parts.ts';

export interface MessageHead {
  readonly sequence: number;
  readonly isFull: boolean;
  readonly isContinued: boolean;
}

const nothing = NetworkChanges.create();
/** The field of ManagerMessage that networks stand in: an empty message, less its length of 0. */
const field = ManagerMessage.encode({ body: { kind: 'networks', networks: nothing } }).slice(0, -1);
const encodedBodies = new WeakMap<ChangeBody, Uint8Array>();

function encodedBody(body: ChangeBody): Uint8Array {
  let bytes = encodedBodies.get(body);
  if (bytes === undefined)
    encodedBodies.set(body, (bytes = NetworkChanges.encode({ ...nothing, ...body })));
  return bytes;
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Uint8Array.from([...bytes, rest]);
}

/**
 * One agent's message. The body, which is the same for all agents of a network, is encoded once: in
 * protobuf the fields of a message may stand in any order, so the number goes before it.
 */
export function networkMessage(head: MessageHead, body: ChangeBody): ManagerMessage {
  const networks: NetworkChanges = { ...body, ...head };
  return encodedBy(ManagerMessage.create({ body: { kind: 'networks', networks } }), () => {
    const first = NetworkChanges.encode({ ...nothing, ...head });
    const rest = encodedBody(body);
    return Buffer.concat([field, varint(first.length + rest.length), first, rest]);
  });
}
