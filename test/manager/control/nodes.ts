import test from 'ava';
import { systemClock } from '#lib/clock-node';
import {
  Availability,
  ClusterSpec,
  ManagerStatus,
  NodeRole,
  NodeSpec,
  NodeState,
  NodeStatus,
  Reachability,
  RemoveNodeRequest,
  RotateJoinTokenRequest,
  SchedulingSpec,
  Taint,
  TaskState,
  TaskStatus,
  UpdateClusterRequest,
  UpdateNodeRequest,
} from '#proto';
import type { Node, SchedulingStrategy } from '#proto';
import { aCall, aReadyNode, makeTestControl, refusal } from '../../_support/control.ts';
import type { TestControl, TestControlOptions } from '../../_support/control.ts';
import { aTask } from '../../_support/objects.ts';

const call = aCall();

function aManager(id: string, hostname: string, raftId: number): Node {
  return aReadyNode(id, hostname, {
    role: NodeRole.MANAGER,
    spec: NodeSpec.create({ role: NodeRole.MANAGER }),
    managerStatus: ManagerStatus.create({ raftId, address: `${hostname}:7377` }),
  });
}

async function withNodes(options: TestControlOptions = {}): Promise<TestControl> {
  const own = await makeTestControl({
    managerStatus: () => [
      { raftId: 1, isLeader: false, reachable: false },
      { raftId: 2, isLeader: true, reachable: true },
    ],
    ...options,
  });
  await own.store.update((tx) => {
    tx.create('node', aManager('m1', 'host1', 1));
    tx.create('node', aManager('m2', 'host2', 2));
    tx.create('node', aReadyNode('w1', 'host3'));
    tx.create('node', aReadyNode('w2', 'Twin'));
    tx.create('node', aReadyNode('w3', 'twin'));
  });
  return own;
}

const spec = (init: Partial<NodeSpec> = {}): NodeSpec => NodeSpec.create(init);

test('nodes are shown with what Raft says of the managers', async (t) => {
  const own = await withNodes();
  const { nodes } = await own.control.listNodes({ afterId: '' }, call);
  t.deepEqual(
    nodes.map((node) => [node.id, node.managerStatus?.isLeader, node.managerStatus?.reachability]),
    [
      ['m1', false, Reachability.UNREACHABLE],
      ['m2', true, Reachability.REACHABLE],
      ['w1', undefined, undefined],
      ['w2', undefined, undefined],
      ['w3', undefined, undefined],
    ],
  );
  const stored = own.store.view((tx) => tx.get('node', 'm2'));
  t.false(stored?.managerStatus?.isLeader ?? true, 'it is not stored');
});

test('a node is found by host name, which two may share', async (t) => {
  const own = await withNodes();
  t.is((await own.control.getNode({ ref: 'HOST3' }, call)).node?.id, 'w1');
  t.is((await own.control.getNode({ ref: 'w3' }, call)).node?.id, 'w3');
  t.is(
    await refusal(own.control.getNode({ ref: 'twin' }, call)),
    'AMBIGUOUS_NAME: node twin is ambiguous: that is the host name of w2, w3: use an id',
  );
});

test('labels, availability and role are updated, from the version that was read', async (t) => {
  const own = await withNodes();
  const request = UpdateNodeRequest.create({
    ref: 'host3',
    spec: spec({ labels: { zone: 'a' }, availability: Availability.DRAIN, role: NodeRole.MANAGER }),
  });
  const { node } = await own.control.updateNode(request, call);
  t.like(node?.spec, { labels: { zone: 'a' }, availability: Availability.DRAIN });
  t.is(node?.spec?.role, NodeRole.MANAGER);
  t.is(node?.role, NodeRole.WORKER, 'until it has a certificate for it');
  t.regex(
    await refusal(own.control.updateNode({ ...request, version: 1 }, call)),
    /^STALE_VERSION: node host3 has changed since version 1 \(now \d+\)/,
  );
  const version = node?.meta?.version ?? 0;
  t.is(await refusal(own.control.updateNode({ ...request, version }, call)), 'accepted');
});

test('what a node cannot be is refused', async (t) => {
  const own = await withNodes();
  const update = (init: Partial<NodeSpec>): Promise<string> =>
    refusal(
      own.control.updateNode(UpdateNodeRequest.create({ ref: 'w1', spec: spec(init) }), call),
    );
  t.is(
    await update({ availability: 7 as Availability }),
    'INVALID_SPEC: --availability 7 is not known: use one of active, pause, drain',
  );
  t.is(
    await update({ role: 7 as NodeRole }),
    'INVALID_SPEC: --role 7 is not known: use one of worker, manager',
  );
  t.is(
    await update({ labels: { '': 'a' } }),
    'INVALID_SPEC: --label-add has no name: write it as NAME=VALUE',
  );
  t.is(
    await update({ taints: [Taint.create({ key: 'a b' })] }),
    'INVALID_SPEC: --taint "a b" is not a taint name',
  );
  t.is(
    await update({ taints: [Taint.create({ key: 'node.tessera.io/unreachable' })] }),
    'INVALID_SPEC: --taint node.tessera.io/unreachable: names that begin with node.tessera.io/' +
      " are the managers' own: take another",
  );
  t.is(
    await refusal(own.control.updateNode(UpdateNodeRequest.create({ ref: 'w1' }), call)),
    'INVALID_SPEC: the request carries no node spec',
  );
});

test('that a drain ignores budgets ends with the drain', async (t) => {
  const own = await withNodes();
  const update = async (availability: Availability): Promise<boolean | undefined> => {
    const next = NodeSpec.create({ availability, drainIgnoresBudgets: true });
    const request = UpdateNodeRequest.create({ ref: 'w1', spec: next });
    return (await own.control.updateNode(request, call)).node?.spec?.drainIgnoresBudgets;
  };
  t.true(await update(Availability.DRAIN));
  t.false(await update(Availability.ACTIVE));
  t.false(await update(Availability.PAUSE));
});

test('a manager that must stay is not demoted', async (t) => {
  const reason = 'attempting to demote the last manager of the cluster: promote another one first';
  const own = await withNodes({ canRemoveManager: (id) => (id === 'm1' ? reason : undefined) });
  const demote = (ref: string): Promise<string> =>
    refusal(own.control.updateNode(UpdateNodeRequest.create({ ref, spec: spec() }), call));
  t.is(await demote('m1'), `QUORUM_AT_RISK: ${reason}`);
  t.is(await demote('m2'), 'accepted');
  t.is(await demote('w1'), 'accepted', 'a worker stays one');
});

test('a node goes when it is down or forced to, and no manager does', async (t) => {
  const own = await withNodes();
  const remove = (ref: string, force = false): Promise<string> =>
    refusal(own.control.removeNode(RemoveNodeRequest.create({ ref, force }), call));
  t.is(
    await remove('host3'),
    "FAILED_PRECONDITION: node host3 is not down and can't be removed: run 'tsctl leave' on it" +
      ' first, or use --force',
  );
  t.is(
    await remove('host1', true),
    "FAILED_PRECONDITION: node host1 is a manager: demote it first with 'tsctl node demote host1'",
  );
  t.is(await remove('host3', true), 'accepted');
  const down = NodeStatus.create({ state: NodeState.DOWN });
  await own.store.update((tx) => {
    tx.update('node', { ...(tx.get('node', 'w2') as Node), status: down });
  });
  t.is(await remove('w2'), 'accepted');
  t.is(await remove('w2'), "NOT_FOUND: node w2 not found: see 'tsctl node ls'");
  const cluster = own.store.view((tx) => tx.get('cluster', 'cluster'));
  t.deepEqual(
    cluster?.removedNodes.map((removed) => removed.nodeId),
    ['w1', 'w2'],
    'their certificates are refused from now on',
  );
});

test('a removed node is remembered as long as its certificate may be valid', async (t) => {
  const own = await withNodes();
  const hourMs = 3_600_000;
  const beforeMs = systemClock().now();
  for (const certificateLifeMs of [1_000 * hourMs, hourMs]) {
    const { cluster } = await own.control.getCluster({}, call);
    const version = cluster?.meta?.version ?? 0;
    const next = ClusterSpec.create({ certificateLifeMs });
    await own.control.updateCluster(UpdateClusterRequest.create({ version, spec: next }), call);
  }
  await own.control.removeNode(RemoveNodeRequest.create({ ref: 'w1', force: true }), call);
  const [removed] = own.store.view((tx) => tx.get('cluster', 'cluster'))?.removedNodes ?? [];
  t.true((removed?.untilMs ?? 0) >= beforeMs + 1_000 * hourMs);
});

test('the tasks of a removed node that have not ended are orphaned, however many', async (t) => {
  const own = await withNodes();
  const states = [TaskState.PENDING, TaskState.ASSIGNED, TaskState.RUNNING, TaskState.FAILED];
  const ids = Array.from({ length: 500 }, (_, i) => `t${1000 + i}`);
  await own.store.batch(ids, (tx, id) => {
    const state = states[Number(id.slice(1)) % states.length] ?? TaskState.NEW;
    const desiredState = TaskState.RUNNING;
    const status = TaskStatus.create({ state });
    tx.create('task', aTask({ id, nodeId: 'w1', desiredState, status }));
  });
  await own.control.removeNode(RemoveNodeRequest.create({ ref: 'w1', force: true }), call);
  const after = new Set(
    own.store.view((tx) => [...tx.list('task')].map((task) => task.status?.state)),
  );
  t.deepEqual(after, new Set([TaskState.PENDING, TaskState.ORPHANED, TaskState.FAILED]));
});

test('the cluster is shown without its key and tokens; the tokens have a call of their own', async (t) => {
  const own = await withNodes();
  const { cluster } = await own.control.getCluster({}, call);
  t.is(new TextDecoder().decode(cluster?.rootCa?.certificatePem), 'certificate');
  t.is(cluster?.rootCa?.keyPem.length, 0);
  t.is(cluster?.rootCa?.joinTokens, undefined);
  const { tokens, managerAddresses } = await own.control.getJoinTokens({}, call);
  t.deepEqual(tokens, { worker: 'worker-secret', manager: 'manager-secret' });
  t.deepEqual(managerAddresses, ['host2:7377', 'host1:7377'], 'the leader first');
});

test('rotating one join token leaves the other', async (t) => {
  const own = await withNodes();
  const rotate = (role: NodeRole): Promise<unknown> =>
    own.control
      .rotateJoinToken(RotateJoinTokenRequest.create({ role }), call)
      .then(({ tokens }) => tokens);
  t.deepEqual(await rotate(NodeRole.WORKER), { worker: 'token-0-1', manager: 'manager-secret' });
  t.deepEqual(await rotate(NodeRole.MANAGER), { worker: 'token-0-1', manager: 'token-1-2' });
});

test('the settings of the cluster are checked and their defaults filled in', async (t) => {
  const own = await withNodes();
  const update = (init: Partial<ClusterSpec>, version?: number): Promise<string> => {
    const present = own.store.view((tx) => tx.get('cluster', 'cluster'));
    const request = UpdateClusterRequest.create({
      version: version ?? present?.meta?.version ?? 0,
      spec: ClusterSpec.create(init),
    });
    return refusal(own.control.updateCluster(request, call));
  };
  t.is(await update({ taskHistoryLimit: 3 }), 'accepted');
  const { cluster } = await own.control.getCluster({}, call);
  t.like(cluster?.spec, { name: 'default', heartbeatPeriodMs: 1000, taskHistoryLimit: 3 });
  t.like(cluster?.spec, { certificateLifeMs: 90 * 86_400_000, snapshotInterval: 10_000 });
  const faults = [
    [
      { heartbeatPeriodMs: 99 },
      'INVALID_SPEC: --dispatcher-heartbeat (ms) is 99: use a whole number from 100 to 60000',
    ],
    [
      { certificateLifeMs: 1 },
      'INVALID_SPEC: --cert-expiry (ms) is 1: use a whole number from 3600000 to 315360000000',
    ],
    [
      { snapshotInterval: 1 },
      'INVALID_SPEC: --snapshot-interval is 1: use a whole number from 100 to 10000000',
    ],
    [
      { name: 'a b' },
      'INVALID_SPEC: cluster name "a b" is not valid: use letters and digits, with - and _ between' +
        ' them, at most 63',
    ],
    [
      { scheduling: SchedulingSpec.create({ scoreWeights: { colour: 1 } }) },
      'INVALID_SPEC: --score-weight "colour": there is no such score: use one of taints,' +
        ' nodeAffinity, topologySpread, serviceAffinity, resources, balance, service, imageLocality',
    ],
    [
      { scheduling: SchedulingSpec.create({ scoreWeights: { taints: 101 } }) },
      'INVALID_SPEC: --score-weight taints is 101: use a whole number from 0 to 100',
    ],
    [
      { scheduling: SchedulingSpec.create({ strategy: 9 as SchedulingStrategy }) },
      'INVALID_SPEC: --strategy 9 is not known: use one of even, spread, binpack',
    ],
  ] as const;
  for (const [init, text] of faults) t.is(await update(init), text);
  t.regex(await update({}, 1), /^STALE_VERSION: the cluster has changed since version 1/);
});
