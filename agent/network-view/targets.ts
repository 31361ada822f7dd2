import { Protocol } from '#proto';
import type { PortConfig, Task } from '#proto';
import { serviceKey } from './view.ts';
import type { NetworkView } from './view.ts';

const protocolNames: Readonly<Record<number, string>> = {
  [Protocol.TCP]: 'tcp',
  [Protocol.UDP]: 'udp',
};

/**
 * The ports of the task that callers outside are led to, as in `80/tcp`, each once: those of mode
 * host, and those that its service publishes on every node as far as the view has it.
 */
export function targetsOfTask(view: NetworkView, task: Task): readonly string[] {
  const ports: PortConfig[] = [...task.ports];
  for (const { networkId } of task.networks)
    ports.push(...(view.services.get(serviceKey(networkId, task.serviceId))?.ports ?? []));
  const names = ports.flatMap(({ protocol, targetPort }) => {
    const name = protocolNames[protocol];
    return name === undefined || targetPort === 0 ? [] : [`${targetPort}/${name}`];
  });
  return [...new Set(names)];
}
