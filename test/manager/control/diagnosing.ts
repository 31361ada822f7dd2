import test from 'ava';
import {
  DiagnoseNetworksRequest,
  Network,
  NetworkAddress,
  NetworkProblem,
  NetworkReport,
  NetworkSpec,
  NodeState,
  NodeStatus,
  Task,
  TaskState,
  TaskStatus,
} from '#proto';
import type { Node } from '#proto';
import { aCall, aReadyNode, makeTestControl, refusal } from '../../_support/control.ts';
import { FakeWorker } from '../../_support/fake-worker.ts';
import { VirtualClock } from '../../_support/virtual-clock.ts';

async function make() {
  const clock = new VirtualClock();
  const own = await makeTestControl({ clock });
  await own.store.update((tx) => {
    for (const n of [1, 2, 3]) tx.create('node', aReadyNode(`n${n}`, `host${n}`));
    const status = NodeStatus.create({ state: NodeState.DOWN });
    tx.update('node', { ...(tx.get('node', 'n3') as Node), status });
    const hosts = {
      n1: { address: '10.0.0.1', addressV6: '' },
      n2: { address: '10.0.0.2', addressV6: '' },
      n3: { address: '10.0.0.3', addressV6: '' },
    };
    const network = (id: string, isIngress: boolean) =>
      Network.create({ id, isIngress, hosts, spec: NetworkSpec.create({ name: id }) });
    tx.create('network', network('front', false));
    tx.create('network', network('ingress', true));
    tx.create(
      'task',
      Task.create({
        id: 't1',
        nodeId: 'n1',
        status: TaskStatus.create({ state: TaskState.RUNNING }),
        networks: [NetworkAddress.create({ networkId: 'front', address: '10.0.0.9' })],
      }),
    );
  });
  const diagnose = (init: Partial<DiagnoseNetworksRequest> = {}) =>
    own.control.diagnoseNetworks(DiagnoseNetworksRequest.create(init), aCall());
  return { ...own, clock, diagnose };
}

const answering = (own: Awaited<ReturnType<typeof make>>, nodeId: string, init = {}) =>
  new FakeWorker(own.work, nodeId, (stream) => {
    const networkReport = NetworkReport.create(init);
    stream.say({ kind: 'networkReport', networkReport }).done();
  });

test('every node is asked, told who is not to be reached; one that is down is a problem', async (t) => {
  const own = await make();
  const [one, two] = ['n1', 'n2'].map((id) => answering(own, id));
  const { nodes, problems } = await own.clock.resolve(own.diagnose(), 1_000);
  t.deepEqual(
    nodes.map(({ nodeHostname, error }) => [nodeHostname, error]),
    [
      ['host1', ''],
      ['host2', ''],
      ['host3', 'it is down'],
    ],
  );
  t.deepEqual(
    problems.map(({ check, nodeIds }) => [check, ...nodeIds]),
    [['answer', 'n3']],
  );
  const kind = one?.requests[0]?.kind;
  t.deepEqual(kind?.kind === 'diagnoseNetworks' && kind.diagnoseNetworks.absent.toSorted(), [
    'front/n2',
    'front/n3',
    'ingress/n3',
  ]);
  t.is(two?.requests.length, 1);
});

test('a node that is slow is given up after the timeout, and told to stop', async (t) => {
  const own = await make();
  answering(own, 'n1');
  const slow = new FakeWorker(own.work, 'n2', () => undefined);
  const asked = own.diagnose({ nodeRefs: ['host2'], timeoutMs: 2_000 });
  const { problems } = await own.clock.resolve(asked, 3_000);
  t.is(problems.length, 1);
  t.regex(problems[0]?.evidence ?? '', /2000 ms/);
  t.is(slow.cancelled.length, 1);
});

test('only the nodes and networks that are named', async (t) => {
  const own = await make();
  const [one, two] = ['n1', 'n2'].map((id) => answering(own, id));
  const asked = own.diagnose({ nodeRefs: ['host1', 'n1'], networkRefs: ['front'] });
  const { nodes } = await own.clock.resolve(asked, 1_000);
  t.is(nodes.length, 1);
  t.is(two?.requests.length, 0);
  const kind = one?.requests[0]?.kind;
  t.deepEqual(kind?.kind === 'diagnoseNetworks' && kind.diagnoseNetworks.networkIds, ['front']);
});

test('what a node says of itself is shown without control characters', async (t) => {
  const own = await make();
  const problem = NetworkProblem.create({ check: 'ports', what: 'a\u001b[2Jb' });
  answering(own, 'n1', { problems: Array.from({ length: 150 }, () => problem) });
  const { problems } = await own.clock.resolve(own.diagnose({ nodeRefs: ['n1'] }), 1_000);
  t.is(problems.length, 100);
  t.is(problems[0]?.what, 'a [2Jb');
});

test('unknown names and a timeout without end are refused', async (t) => {
  const own = await make();
  t.regex(await refusal(own.diagnose({ networkRefs: ['nope'] })), /NOT_FOUND/);
  t.regex(await refusal(own.diagnose({ nodeRefs: ['nope'] })), /NOT_FOUND/);
  t.regex(await refusal(own.diagnose({ timeoutMs: 300_001 })), /INVALID_ARGUMENT/);
});
