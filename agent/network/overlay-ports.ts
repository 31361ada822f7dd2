/** Ports with mode=host of tasks that have networks of their own: the mesh publishes them. */
import { ClusterError, messageOf, withDeadline } from '#lib';
import type { Clock, Ms } from '#lib';
import type { PortConfig } from '#proto';
import type { NetworkAttachment } from '../runtime/network-port.ts';

export interface HostPorts {
  /** In place of those the task had. Resolves once they are published; at most one address of each family. */
  setHostPorts(
    taskId: string,
    addresses: readonly string[],
    ports: readonly PortConfig[],
  ): Promise<void>;
}

/** Rules are changed within milliseconds; a task whose ports are not published does not start. */
const publishDeadlineMs: Ms = 10_000;

/** Whose ports are in the table of the default bridge. */
export const isOnBridge = ({ links }: NetworkAttachment): boolean => links.length === 0;

/** At the addresses of the tasks' way out, which their answers have; what failed, by task. */
export async function publishPorts(
  hostPorts: HostPorts | undefined,
  clock: Clock,
  attachments: readonly NetworkAttachment[],
): Promise<ReadonlyMap<string, ClusterError>> {
  const failures = new Map<string, ClusterError>();
  const publishing = attachments.map(async ({ taskId, links, ports }) => {
    const link = links.find(({ isDefault }) => isDefault) ?? links[0];
    if (link === undefined || ports.length === 0 || hostPorts === undefined) return;
    const addresses = [link.address, link.addressV6].filter((address) => address !== '');
    const published = hostPorts.setHostPorts(taskId, addresses, ports);
    const what = `publishing the ports of task ${taskId}`;
    await withDeadline(clock, publishDeadlineMs, what, published).catch((error: unknown) => {
      failures.set(taskId, new ClusterError('RUNTIME_ERROR', messageOf(error), { cause: error }));
    });
  });
  await Promise.all(publishing);
  return failures;
}

/** Not waited for: a port of a task that is gone leads nowhere. */
export function takeBackPorts(
  hostPorts: HostPorts | undefined,
  attachments: readonly NetworkAttachment[],
): void {
  for (const { taskId, links, ports } of attachments)
    if (links.length > 0 && ports.length > 0) void hostPorts?.setHostPorts(taskId, [], []);
}
