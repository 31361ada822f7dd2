import { ClusterError, backoffMs, messageOf, sleep } from '#lib';
import type { Clock, Logger, Ms, Random } from '#lib';
import type { ManagerReport, RaftJoinResponse, RaftLeaveResponse } from '#proto';
import type { MemberId } from 'raft-ts';
import { clusterMember, fromWireMember } from './replication/raft-wire.ts';
import type { MemberAddress } from './replication/raft-wire.ts';

/** The calls of the membership service on another manager, which passes them on to the leader. */
export interface MembershipClient {
  join(
    address: string,
    self: string,
    raftId: MemberId,
    signal: AbortSignal,
  ): Promise<RaftJoinResponse>;
  leave(address: string, isForced: boolean, signal: AbortSignal): Promise<RaftLeaveResponse>;
  /** What the manager at `address` says of itself; it does not pass this on. */
  report(address: string, signal: AbortSignal): Promise<ManagerReport>;
}

export interface JoiningOptions {
  readonly client: MembershipClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

const retry = { baseMs: 200, maxMs: 3_000, jitter: 0.5 } as const satisfies {
  readonly baseMs: Ms;
  readonly maxMs: Ms;
  readonly jitter: number;
};

/** Codes that asking again does not change. */
const final = new Set([
  'PERMISSION_DENIED',
  'INVALID_ARGUMENT',
  'UNAUTHENTICATED',
  'ALREADY_EXISTS',
]);

/**
 * Asks one manager after another to be taken in, until one does or `signal` is aborted. Resolves
 * to the addresses of the members. Rejects at once with what asking again would not change.
 */
export async function joinGroup(
  options: JoiningOptions,
  peers: readonly string[],
  self: { readonly address: string; readonly raftId: MemberId },
  signal: AbortSignal,
): Promise<ReadonlyMap<MemberId, MemberAddress>> {
  if (peers.length === 0) {
    throw new ClusterError(
      'FAILED_PRECONDITION',
      'this manager has no log and knows no other manager: join it again with a token',
    );
  }
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    const peer = peers[attempt % peers.length] as string;
    try {
      const { members } = await options.client.join(peer, self.address, self.raftId, signal);
      return new Map(
        members.map((wire) => {
          const { raftId, nodeId, address } = clusterMember(fromWireMember(wire));
          return [raftId, { nodeId, address }];
        }),
      );
    } catch (error) {
      if (error instanceof ClusterError && final.has(error.code)) throw error;
      options.log.warn('not yet taken in by the managers', { peer, reason: messageOf(error) });
    }
    await sleep(options.clock, backoffMs(retry, attempt, options.random), signal);
  }
}
