/** Clusters of daemons in this process, and what a user would ask of them. */
import type { ExecutionContext } from 'ava';
import { nodeManager } from '#manager/manager-node';
import {
  BackupClusterRequest,
  ContainerSpec,
  ControlService,
  CreateServiceRequest,
  InfoRequest,
} from '#proto';
import {
  GetClusterStatusRequest,
  GetJoinTokensRequest,
  InitRequest,
  JoinRequest,
  ListNodesRequest,
  ListServicesRequest,
} from '#proto';
import { LocalService, NodeRole, NodeState, Reachability, ReplicatedMode } from '#proto';
import { ServiceSpec, TaskSpec, UpdateNodeRequest } from '#proto';
import type { InfoResponse, Node } from '#proto';
import { poll } from './poll.ts';
import { TestDaemon } from './test-daemon.ts';

const { MANAGER, WORKER } = NodeRole;

/** Founds a cluster on host1; the others join one after the other in these roles. */
export async function cluster(
  t: ExecutionContext,
  roles: readonly NodeRole[],
): Promise<readonly [TestDaemon, ...TestDaemon[]]> {
  const one = await TestDaemon.start(t, 'host1', nodeManager);
  const { address } = one;
  const made = await one.call(
    LocalService.init,
    InitRequest.create({ advertiseAddress: address, listenAddress: address }),
  );
  const others: TestDaemon[] = [];
  for (const [i, role] of roles.entries()) {
    const daemon = await TestDaemon.start(t, `host${i + 2}`, nodeManager);
    const token = (role === MANAGER ? made.tokens?.manager : made.tokens?.worker) ?? '';
    const request = JoinRequest.create({
      token,
      remoteAddress: others.at(-1)?.address ?? address,
      advertiseAddress: daemon.address,
      listenAddress: daemon.address,
    });
    const joined = await daemon.call(LocalService.join, request);
    t.is(joined.role, role);
    others.push(daemon);
  }
  return [one, ...others];
}

/** One more host, in this role. */
export async function joinTo(
  t: ExecutionContext,
  one: TestDaemon,
  name: string,
  role: NodeRole,
): Promise<TestDaemon> {
  const { tokens } = await one.call(ControlService.getJoinTokens, GetJoinTokensRequest.create());
  const daemon = await TestDaemon.start(t, name, nodeManager);
  const request = JoinRequest.create({
    token: (role === MANAGER ? tokens?.manager : tokens?.worker) ?? '',
    remoteAddress: one.address,
    advertiseAddress: daemon.address,
    listenAddress: daemon.address,
  });
  const joined = await daemon.call(LocalService.join, request);
  t.is(joined.role, role);
  return daemon;
}

export const info = (daemon: TestDaemon): Promise<InfoResponse> =>
  daemon.call(LocalService.info, InfoRequest.create());

export async function nodes(daemon: TestDaemon): Promise<readonly Node[]> {
  return (await daemon.call(ControlService.listNodes, ListNodesRequest.create())).nodes;
}

export async function nodeOf(daemon: TestDaemon, name: string): Promise<Node | undefined> {
  return (await nodes(daemon)).find((node) => node.description?.hostname === name);
}

/** What `tsctl cluster backup` receives. */
export async function* backupOf(daemon: TestDaemon): AsyncGenerator<Uint8Array> {
  const request = BackupClusterRequest.create();
  for await (const { chunk } of daemon.stream(ControlService.backupCluster, request)) yield chunk;
}

/** Until every one of the hosts is ready, and the managers among them can be reached. */
export function awaitReady(daemon: TestDaemon, count: number): Promise<readonly Node[]> {
  return poll(`${count} nodes ready`, async () => {
    const list = await nodes(daemon);
    const good = list.filter(
      ({ status, role, managerStatus }) =>
        status?.state === NodeState.READY &&
        (role === WORKER || managerStatus?.reachability === Reachability.REACHABLE),
    );
    return good.length === count && list;
  });
}

/** Until so many managers have a vote: one that is taken in has none until it has caught up. */
export async function awaitVoters(daemon: TestDaemon, count: number): Promise<void> {
  await poll(`${count} managers with a vote`, async () => {
    const request = GetClusterStatusRequest.create();
    return (await daemon.call(ControlService.getClusterStatus, request)).voters === count;
  });
}

export async function setRole(daemon: TestDaemon, ref: string, role: NodeRole): Promise<void> {
  const node = await nodeOf(daemon, ref);
  const spec = node?.spec;
  if (spec === undefined) throw new Error(`no node ${ref}`);
  const request = UpdateNodeRequest.create({ ref: node?.id ?? '', spec: { ...spec, role } });
  await daemon.call(ControlService.updateNode, request);
}

export async function createService(daemon: TestDaemon, name: string, replicas = 0): Promise<void> {
  const task = TaskSpec.create({ containers: [ContainerSpec.create({ image: 'busybox' })] });
  const replicated = ReplicatedMode.create({ replicas });
  const spec = ServiceSpec.create({ name, task, mode: { kind: 'replicated', replicated } });
  await daemon.call(ControlService.createService, CreateServiceRequest.create({ spec }));
}

export const byText = (a: string, b: string): number => a.localeCompare(b);
export async function serviceNames(daemon: TestDaemon): Promise<readonly string[]> {
  const list = await daemon.call(ControlService.listServices, ListServicesRequest.create());
  return list.services.map((service) => service.spec?.name ?? '').toSorted(byText);
}
