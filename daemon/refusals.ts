import { ClusterError } from '#lib';
import { NodeRole } from '#proto';
import type { Handlers } from '#proto';
import type { MemberPart } from './ports.ts';

export function notInCluster(): ClusterError {
  return new ClusterError(
    'NOT_IN_CLUSTER',
    "This node is not part of a cluster. Use 'tsctl init' or 'tsctl join' to connect this node to a cluster.",
  );
}

export function notManager(): ClusterError {
  return new ClusterError(
    'NOT_MANAGER',
    "This node is not a manager. Worker nodes can't be used to view or modify cluster state: run this command on a manager node, or promote the current node to a manager.",
  );
}

/** This node is a manager, but its manager does not run. */
export function managerDown(why: string): ClusterError {
  return new ClusterError(
    'UNAVAILABLE',
    why === ''
      ? 'this manager is starting: try again in a moment'
      : `this manager does not run: ${why}`,
  );
}

export function alreadyInCluster(): ClusterError {
  return new ClusterError(
    'ALREADY_IN_CLUSTER',
    "This node is already part of a cluster. Use 'tsctl leave' to leave it, then join another one.",
  );
}

export function locked(): ClusterError {
  return new ClusterError(
    'LOCKED',
    'Tessera is encrypted and needs to be unlocked before it can be used. Please use "tsctl unlock" to unlock it.',
  );
}

export function changing(): ClusterError {
  return new ClusterError(
    'UNAVAILABLE',
    'this node is starting or being changed by another command: try again when that has ended',
  );
}

export function lockedLeave(): ClusterError {
  return new ClusterError(
    'LOCKED',
    'This manager is encrypted and locked: unlock it first, or use --force to leave anyway. Leaving by force can cost the cluster its quorum.',
  );
}

/** A worker may always leave; a manager only by force, and the text says what is at stake. */
export function refuseLeaving(member: MemberPart): void {
  if (member.record.role !== NodeRole.MANAGER) return;
  const reason = member.whyNotLeave();
  if (reason !== undefined)
    throw new ClusterError(
      'QUORUM_AT_RISK',
      `This node is a manager and ${reason}. Leaving by force can cost the cluster its state for good: use --force to do it all the same.`,
    );
  throw new ClusterError(
    'FAILED_PRECONDITION',
    `This node is a manager: run 'tsctl node demote ${member.record.nodeId}' on another manager first, or use --force to leave anyway.`,
  );
}

/** Handlers that look up who answers at each call; `find` throws when nobody does. */
export function delegating<Service extends Readonly<Record<string, unknown>>>(
  service: Service,
  find: () => Handlers<Service>,
): Handlers<Service> {
  type AnyHandler = (...parts: readonly unknown[]) => unknown;
  const out: Record<string, AnyHandler> = {};
  for (const [name, method] of Object.entries(service)) {
    const ask: AnyHandler = (...parts) =>
      (find() as unknown as Record<string, AnyHandler>)[name]?.(...parts);
    const isStream = (method as { readonly responseStream: boolean }).responseStream;
    out[name] = isStream ? ask : async (...parts) => ask(...parts);
  }
  return out as unknown as Handlers<Service>;
}
