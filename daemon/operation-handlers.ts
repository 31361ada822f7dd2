import { InitResponse, NodeRole, RejoinResponse, UpdateAddressResponse } from '#proto';
import type { Handlers, InitRequest, LocalService } from '#proto';
import { addressChange } from './advertise.ts';
import type { HostAddress } from './advertise.ts';
import { initResponse } from './founding.ts';
import type { MemberPart } from './ports.ts';
import { notManager } from './refusals.ts';

type OperationHandlers = Pick<Handlers<typeof LocalService>, 'rejoin' | 'updateAddress'> & {
  forceNewCluster(request: InitRequest): Promise<InitResponse>;
};

/** What an operator asks of a node that is in a cluster; `find` rejects when this one is not. */
export function operationHandlers(
  find: () => Promise<MemberPart>,
  hostAddresses: () => readonly HostAddress[],
): OperationHandlers {
  const findManager = async (): Promise<MemberPart> => {
    const member = await find();
    if (member.record.role !== NodeRole.MANAGER) throw notManager();
    return member;
  };
  return {
    async forceNewCluster({ force }) {
      const member = await findManager();
      const notes = await member.operations.forceNewCluster(force);
      return initResponse(member.record, undefined, notes);
    },
    async rejoin() {
      const member = await findManager();
      return RejoinResponse.create({ notes: await member.operations.rejoin() });
    },
    async updateAddress(request) {
      const member = await find();
      const change = addressChange(request, member.record, hostAddresses());
      const notes = await member.operations.updateAddress(change);
      const { advertiseAddress } = member.record;
      return UpdateAddressResponse.create({ advertiseAddress, notes });
    },
  };
}
