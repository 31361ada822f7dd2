import { ClusterError } from '#lib';
import type { Logger, Metrics } from '#lib';
import { InstallSnapshotResponse, NodeRole } from '#proto';
import type { Caller, CallContext, Handlers, RaftBatch, RaftTransportService } from '#proto';
import type { SnapshotChunk } from '#proto';
import type { MemberId } from 'raft-ts';
import { fromSnapshotHeader, fromWire } from './raft-wire.ts';
import type { MemberAddress } from './raft-wire.ts';
import type { Replication } from './replication.ts';

export interface TransportHandlersOptions {
  readonly replicator: Pick<Replication, 'receive' | 'receiveSnapshot'>;
  readonly addressOf: (id: MemberId) => MemberAddress | undefined;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** The caller's node id, when it is a manager; PERMISSION_DENIED for anybody else. */
export function managerOnly({ caller }: Pick<CallContext, 'caller'>): string {
  if (caller.kind === 'node' && caller.role === NodeRole.MANAGER) return caller.nodeId;
  throw new ClusterError('PERMISSION_DENIED', "this call needs a manager's certificate");
}

/** What other managers send. */
export interface RaftReceiver extends Handlers<typeof RaftTransportService> {
  /**
   * Messages in the order they were sent. PERMISSION_DENIED when `caller` is no manager or speaks
   * for another member; INVALID_ARGUMENT for what is no message.
   */
  receive(batch: RaftBatch, caller: Caller): void;
}

/** Each member may speak for itself only. */
export function transportHandlers(options: TransportHandlersOptions): RaftReceiver {
  const { replicator, addressOf, log } = options;
  const refused = options.metrics.counter(
    'tessera_raft_messages_refused_total',
    'Messages of managers that spoke for another one.',
  );
  // An id that this manager does not know may be one that it has not heard of yet: a vote asked
  // for by a new member must be answered (Raft thesis §4.1).
  const assertOwn = (from: MemberId, nodeId: string): void => {
    const known = addressOf(from);
    if (known === undefined || known.nodeId === nodeId) return;
    refused.inc();
    log.warn('raft message refused', { from, nodeId, belongsTo: known.nodeId });
    throw new ClusterError(
      'PERMISSION_DENIED',
      `node ${nodeId} sent a message in the name of node ${known.nodeId}`,
    );
  };
  return {
    receive({ messages }, caller) {
      const nodeId = managerOnly({ caller });
      for (const wire of messages) {
        assertOwn(wire.from, nodeId);
        replicator.receive(fromWire(wire));
      }
    },
    async installSnapshot(parts, context) {
      const nodeId = managerOnly(context);
      const iterator = parts[Symbol.asyncIterator]();
      const first = await iterator.next();
      const part = first.done === true ? undefined : first.value.part;
      if (part?.kind !== 'header') {
        throw new ClusterError('INVALID_ARGUMENT', 'a snapshot begins with its header');
      }
      const { message, meta } = fromSnapshotHeader(part.header);
      assertOwn(message.from, nodeId);
      await replicator.receiveSnapshot(message, meta, chunksOf(iterator));
      return InstallSnapshotResponse.create();
    },
  };
}

async function* chunksOf(parts: AsyncIterator<SnapshotChunk>): AsyncGenerator<Uint8Array> {
  for (;;) {
    const next = await parts.next();
    if (next.done === true) return;
    const { part } = next.value;
    if (part?.kind !== 'chunk') {
      throw new ClusterError('INVALID_ARGUMENT', 'after its header a snapshot has only chunks');
    }
    yield part.chunk;
  }
}
