/** Names of the kernel's objects that belong to a network or a task's place on one; pure. */
import { shortId } from '#lib';

/** Of ours: bridges, VXLAN devices, the host's ends of tasks' links. Others are left alone. */
export const bridgePrefix = 'tsb';
export const vxlanPrefix = 'tsv';
export const taskLinkPrefix = 'te';
/** Networks of one task: their number is one hexadecimal digit of the link's name. */
export const networksPerTaskMax = 16;

/** At most 15 characters, as the kernel wants; 12 of a random id do not meet twice on a host. */
export const bridgeName = (networkId: string): string => `${bridgePrefix}${shortId(networkId)}`;
export const vxlanName = (networkId: string): string => `${vxlanPrefix}${shortId(networkId)}`;

/** `position`: of the network in Task.networks, from 0. */
export const taskLinkName = (taskId: string, position: number): string =>
  `${taskLinkPrefix}${position.toString(16)}${shortId(taskId)}`;
