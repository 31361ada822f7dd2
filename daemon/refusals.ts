import { ClusterError } from '#lib';
import type { Handlers } from '#proto';

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

export function alreadyInCluster(): ClusterError {
  return new ClusterError(
    'ALREADY_IN_CLUSTER',
    "This node is already part of a cluster. Use 'tsctl leave' to leave it, then join another one.",
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
