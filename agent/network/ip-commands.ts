/** The lines for `ip -batch` that make and unmake a task's network; pure. */
import { shortId } from '#lib';
import type { NetworkAttachment } from '../runtime/network-port.ts';
import { insideLinkLines, pairLines } from '../overlay/task-links.ts';
import { gatewayOf, macOf } from './subnet.ts';
import type { Subnet } from './subnet.ts';

/** Namespaces of ours begin with this; others in /run/netns are left alone. */
export const namespacePrefix = 'ts-';

export type TaskPlace = Pick<NetworkAttachment, 'taskId' | 'address' | 'links'>;

/** Name of the task's namespace; 12 characters of a random id do not meet twice on a host. */
export const namespaceName = (taskId: string): string => `${namespacePrefix}${shortId(taskId)}`;

/** Name of the host's end of the pair, at most 15 characters. */
export const linkName = (taskId: string): string => `ts${shortId(taskId)}`;

/**
 * On the host: the namespace, and for each network of the task a pair whose other end is born inside it.
 * `bridge`: for a task without networks.
 */
export function attachLines(task: TaskPlace, bridge: string): readonly string[] {
  const namespace = namespaceName(task.taskId);
  const link = linkName(task.taskId);
  if (task.links.length > 0)
    return [`netns add ${namespace}`, ...task.links.flatMap((one) => pairLines(one, namespace))];
  if (task.address === '') return [`netns add ${namespace}`];
  return [
    `netns add ${namespace}`,
    `link add name ${link} type veth peer name eth0 address ${macOf(task.address)} netns ${namespace}`,
    `link set dev ${link} master ${bridge} up`,
    // Where bridged frames pass the NAT rules (br_netfilter), a task that calls its own published port
    // is answered through the port it came from.
    `link set dev ${link} type bridge_slave hairpin on`,
  ];
}

/** Inside the namespace. */
export function insideLines(task: TaskPlace, subnet: Subnet): readonly string[] {
  if (task.links.length > 0) return ['link set dev lo up', ...insideLinkLines(task.links)];
  if (task.address === '') return ['link set dev lo up'];
  return [
    'link set dev lo up',
    `address add ${task.address}/${subnet.prefix} dev eth0`,
    'link set dev eth0 up',
    `route add default via ${gatewayOf(subnet)}`,
  ];
}

/** The pair goes with its namespace a moment later; deleting it by name would cost 33 ms of waiting. */
export function detachLines(taskId: string): readonly string[] {
  return [`netns delete ${namespaceName(taskId)}`];
}

/** For a namespace that a process still holds: the name of the pair must be free before it is made again. */
export function clearLines({ taskId, links }: TaskPlace): readonly string[] {
  const names = links.length > 0 ? links.map(({ link }) => link) : [linkName(taskId)];
  return [
    `netns delete ${namespaceName(taskId)}`,
    ...names.map((name) => `link delete dev ${name}`),
  ];
}

/** Lines that failed of an `ip -force -batch`, counted from 1, with what ip said. */
export function failedLines(stderr: string): ReadonlyMap<number, string> {
  const failed = new Map<number, string>();
  let said: string[] = [];
  for (const line of stderr.split('\n')) {
    const number = /^Command failed [^:]*:(\d+)$/.exec(line)?.[1];
    if (number === undefined) {
      if (line !== '') said.push(line);
      continue;
    }
    failed.set(Number(number), said.join('; '));
    said = [];
  }
  return failed;
}
