/** Where a measuring program runs: a host or a task, ours or the peer's. */
import { initPid } from '#cli/lab/host-node';
import { hostNumber } from '#cli/lab/names';
import { shortId } from '#lib';
import { run } from '#test/_support/command';
import type { Lab } from '#test/_support/lab';
import { poll } from '#test/_support/poll';
import type { SwarmLab } from '../peers/swarm.ts';

export interface Place {
  readonly name: string;
  readonly address: string;
  /** Before a command that shall run there. Only the network is entered, of neither side its control groups. */
  readonly enter: readonly string[];
}

/** A program that waits, and ends when it is told to. */
export const waiting = ['sh', '-c', 'trap "exit 0" TERM; sleep 1000000 & wait'] as const;

/** The first process of a host that is on. */
function hostPid(lab: Lab, host: string): number {
  const pid = initPid(lab.name, hostNumber(host, lab.hosts.length));
  if (pid === undefined) throw new Error(`${host} is off`);
  return pid;
}

const intoNetwork = (file: string): readonly string[] => ['nsenter', `--net=${file}`];

export async function labHost(lab: Lab, host: string): Promise<Place> {
  const shown = await lab.exec(host, ['ip', '-json', '-4', 'address', 'show', 'dev', 'eth0']);
  const [link] = JSON.parse(shown) as { readonly addr_info: { readonly local: string }[] }[];
  const address = link?.addr_info[0]?.local ?? '';
  if (address === '') throw new Error(`${host} has no address: ${shown}`);
  return { name: host, address, enter: intoNetwork(`/proc/${hostPid(lab, host)}/ns/net`) };
}

/** The only task of a service, on that host. */
export async function labTask(lab: Lab, service: string, host: string): Promise<Place> {
  return await poll(`${service} runs on ${host}`, async () => {
    const [task] = (await lab.tasks(service)).filter(({ status }) => status.state === 'RUNNING');
    const address = task?.status.address ?? '';
    if (task === undefined || address === '') return undefined;
    const file = `/proc/${hostPid(lab, host)}/root/run/netns/ts-${shortId(task.id)}`;
    return { name: service, address, enter: intoNetwork(file) };
  });
}

/** Of a service on a network, as `network inspect` and `service inspect` tell them. */
export async function virtualAddress(lab: Lab, service: string, network: string): Promise<string> {
  const inspect = async (kind: string, name: string): Promise<unknown> => {
    const shown: unknown = JSON.parse(await lab.tsctl([kind, 'inspect', name]));
    return Array.isArray(shown) ? shown[0] : shown;
  };
  const { id } = (await inspect('network', network)) as { readonly id: string };
  return await poll(`${service} has a virtual address on ${network}`, async () => {
    const { endpoint } = (await inspect('service', service)) as {
      readonly endpoint?: {
        readonly virtualAddresses?: { readonly networkId: string; readonly address: string }[];
      };
    };
    return endpoint?.virtualAddresses?.find(({ networkId }) => networkId === id)?.address;
  });
}

export function swarmHost(swarm: SwarmLab, number: number): Place {
  const enter = ['nsenter', `--net=/run/netns/${swarm.namespaceOf(number)}`];
  return { name: `swarm${number}`, address: swarm.addressOf(number), enter };
}

/** The only task of a swarm's service on that host, with its address on the network. */
export async function swarmTask(
  swarm: SwarmLab,
  service: string,
  number: number,
  network: string,
): Promise<Place> {
  return await poll(`${service} of the swarm runs on host ${number}`, async () => {
    const list = ['ps', '-q', '--no-trunc', '-f', `name=${service}\\.`];
    const [container = ''] = (await swarm.docker(number, ...list)).trim().split('\n');
    if (container === '') return undefined;
    const format = `{{.State.Pid}} {{(index .NetworkSettings.Networks "${network}").IPAddress}}`;
    const shown = await swarm.docker(number, 'inspect', '-f', format, container);
    const [pid = '0', address = ''] = shown.trim().split(' ');
    if (pid === '0' || address === '') return undefined;
    return { name: service, address, enter: ['nsenter', '-t', pid, '-n'] };
  });
}

/** The virtual address of a swarm's service on its network with a name. */
export async function swarmVirtualAddress(
  swarm: SwarmLab,
  service: string,
  network: string,
): Promise<string> {
  const id = (await swarm.docker(1, 'network', 'inspect', '-f', '{{.Id}}', network)).trim();
  const format = '{{json .Endpoint.VirtualIPs}}';
  const shown = await swarm.docker(1, 'service', 'inspect', '-f', format, service);
  const all = JSON.parse(shown) as { readonly NetworkID: string; readonly Addr: string }[] | null;
  return all?.find(({ NetworkID }) => NetworkID === id)?.Addr.split('/')[0] ?? '';
}

/** What a command prints that runs at the place. */
export const runAt = (place: Place, argv: readonly string[]): Promise<string> =>
  run([...place.enter, ...argv]);
