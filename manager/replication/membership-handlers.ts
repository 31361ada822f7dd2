import { ClusterError } from '#lib';
import { RaftJoinResponse, RaftLeaveResponse, RaftWireMember } from '#proto';
import type { Handlers, ManagerReport, RaftMembershipService } from '#proto';
import type { MemberStatus } from './members.ts';
import type { Membership } from './membership.ts';
import { toMemberContext } from './raft-wire.ts';
import { managerOnly } from './transport-handlers.ts';

function toWireMember(member: MemberStatus): RaftWireMember {
  const { raftId: id, isVoter } = member;
  return RaftWireMember.create({ id, isLearner: !isVoter, context: toMemberContext(member) });
}

/** A manager asks for itself: its certificate says who it is. */
export function membershipHandlers(
  membership: Membership,
  report: () => Promise<ManagerReport>,
): Handlers<typeof RaftMembershipService> {
  return {
    async join({ address, raftId }, context) {
      const nodeId = managerOnly(context);
      if (!Number.isSafeInteger(raftId) || raftId < 1) {
        throw new ClusterError('INVALID_ARGUMENT', 'raft_id: a new manager draws one >= 1');
      }
      if (!/^\S+:\d+$/.test(address)) {
        throw new ClusterError('INVALID_ARGUMENT', `address: '${address}' is not HOST:PORT`);
      }
      const members = await membership.join({ nodeId, address }, raftId);
      return RaftJoinResponse.create({ raftId, members: members.map(toWireMember) });
    },
    async leave({ force }, context) {
      await membership.leave(managerOnly(context), force);
      return RaftLeaveResponse.create();
    },
    async getManagerReport(_request, context) {
      managerOnly(context);
      return report();
    },
  };
}
