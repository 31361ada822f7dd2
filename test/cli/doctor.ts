import test from 'ava';
import {
  ControlService,
  DiagnoseNetworksResponse,
  NetworkCheck,
  NetworkProblem,
  NodeNetworkChecks,
} from '#proto';
import type { DiagnoseNetworksRequest } from '#proto';
import { FakeDaemon, tsctl } from '#test/_support/fake-cli';

const checks = (wrong: number): NetworkCheck[] => [
  NetworkCheck.create({ name: 'reach', lookedAt: 4, wrong }),
  NetworkCheck.create({ name: 'ports' }),
];
const node = (nodeHostname: string, init: Partial<NodeNetworkChecks>): NodeNetworkChecks =>
  NodeNetworkChecks.create({ nodeHostname, ...init });

const answering = (init: Partial<DiagnoseNetworksResponse>): FakeDaemon =>
  new FakeDaemon().on(ControlService.diagnoseNetworks, () => DiagnoseNetworksResponse.create(init));

test('all is well: a table, and exit code 0', async (t) => {
  const daemon = answering({ nodes: [node('host1', { checks: checks(0) })] });
  const { code, out } = await tsctl(daemon, ['doctor', 'network']);
  t.is(code, 0);
  t.is(
    out,
    'NODE    REACH   MTU   CHECKSUM   DATA-PATH   PORTS   NAMES   ENTRIES\n' +
      'host1   ok 4    -     -          -           -       -       -\n\nno problems\n',
  );
});

test('what was not looked at is told', async (t) => {
  const some = NetworkCheck.create({ name: 'reach', lookedAt: 2_000, leftOut: 500 });
  const daemon = answering({ nodes: [node('host1', { checks: [some] })] });
  t.regex((await tsctl(daemon, ['doctor', 'network'])).out, /^host1 +ok 2000 of 2500 /m);
});

test('json has the list of problems when there are none', async (t) => {
  const daemon = answering({ nodes: [node('host1', { checks: checks(0) })] });
  const { code, out } = await tsctl(daemon, ['doctor', 'network', '--format', 'json']);
  t.is(code, 0);
  t.deepEqual(JSON.parse(out).problems, []);
});

test('problems: what, seen, mend, and exit code 1', async (t) => {
  const problem = NetworkProblem.create({
    check: 'reach',
    what: 'cut\noff',
    evidence: 'silence',
    remedy: 'plug it in',
  });
  const daemon = answering({
    nodes: [node('host1', { checks: checks(2) }), node('host2', { error: 'it is down' })],
    problems: [problem],
  });
  const { code, out } = await tsctl(daemon, ['doctor', 'network']);
  t.is(code, 1);
  t.regex(out, /^host1 +2 wrong +-/m);
  t.regex(out, /^host2 \(no answer\) +- +-/m);
  t.true(out.endsWith('\n1. reach: cut off\n   seen: silence\n   mend: plug it in\n\n1 problem\n'));
  const json = await tsctl(daemon, ['doctor', 'network', '--format', 'json']);
  t.is(json.code, 1);
  t.like(JSON.parse(json.out).problems[0], { check: 'reach', remedy: 'plug it in' });
});

test('names and the timeout reach the daemon; a timeout that is none is refused', async (t) => {
  const daemon = answering({});
  const argv = ['--network', 'a', '--network', 'b', '--node', 'n', '--timeout', '5s'];
  await tsctl(daemon, ['doctor', 'network', ...argv]);
  const request = daemon.requests[0]?.request as DiagnoseNetworksRequest | undefined;
  t.like(request, { networkRefs: ['a', 'b'], nodeRefs: ['n'], timeoutMs: 5_000 });
  for (const wrong of ['0', '10m', 'soon'])
    t.is((await tsctl(daemon, ['doctor', 'network', '--timeout', wrong])).code, 2, wrong);
});
