import test from 'ava';
import {
  NetworkCheck,
  NetworkProbe,
  NetworkProbeFailure,
  NetworkProbeFailureKind,
  NetworkProblem,
  NetworkReport,
} from '#proto';
import { diagnose } from '#manager/diagnosing/diagnose';

const { UNREACHABLE, MTU, CHECKSUM } = NetworkProbeFailureKind;
const nodeIds = ['n1', 'n2', 'n3'];
const networkIds = ['front', 'back'];
const names = {
  nodes: new Map(nodeIds.map((id, i) => [id, `host${i + 1}`])),
  networks: new Map(networkIds.map((id) => [id, id])),
};
const last = (nodeId: string): string => nodeId.slice(1);
const dataPath = (nodeId: string): string => `192.0.2.${last(nodeId)}`;

const failure = (
  nodeId: string,
  kind: NetworkProbeFailureKind,
  more: Partial<NetworkProbeFailure> = {},
): NetworkProbeFailure =>
  NetworkProbeFailure.create({
    nodeId,
    kind,
    address: `10.0.0.${last(nodeId)}`,
    dataPathAddress: dataPath(nodeId),
    ...more,
  });

/** A node's report with these failures by network. */
function report(
  nodeId: string,
  failures: Readonly<Record<string, readonly NetworkProbeFailure[]>> = {},
  more: Partial<NetworkReport> = {},
): NetworkReport {
  return NetworkReport.create({
    uplink: 'eth0',
    uplinkMtu: 1_500,
    dataPathAddress: dataPath(nodeId),
    dataPathPort: 4_789,
    probes: networkIds.map((networkId) =>
      NetworkProbe.create({
        networkId,
        mtu: 1_450,
        bridge: `tsb${networkId}`,
        vxlan: `tsv${networkId}`,
        asked: 2,
        udpPorts: [4_789],
        failures: [...(failures[networkId] ?? [])],
      }),
    ),
    checks: ['reach', 'mtu', 'checksum'].map((name) => NetworkCheck.create({ name, lookedAt: 4 })),
    ...more,
  });
}

const problemsOf = (...reports: readonly NetworkReport[]): readonly NetworkProblem[] =>
  diagnose(
    reports.map((one, i) => ({ nodeId: nodeIds[i] ?? '', report: one, error: '' })),
    names,
  ).problems;

const both = (one: NetworkProbeFailure) => ({ front: [one], back: [one] });

test('nodes that see nothing wrong have no problem', (t) => {
  t.deepEqual(problemsOf(report('n1'), report('n2'), report('n3')), []);
});

test('two nodes that do not reach each other are one problem, with the port to open', (t) => {
  const more = { isUplinkAnswering: true };
  const problems = problemsOf(
    report('n1', both(failure('n2', UNREACHABLE, more))),
    report('n2', both(failure('n1', UNREACHABLE, more))),
    report('n3'),
  );
  t.is(problems.length, 1);
  const [problem] = problems;
  t.deepEqual(problem?.nodeIds, ['n1', 'n2']);
  t.is(problem?.what, 'host1 and host2 do not reach each other over the overlay (UDP port 4789)');
  t.is(
    problem?.evidence,
    'no answer to host1 from 10.0.0.2 (host2 on front) and 3 more such; pings outside the overlay, to the data-path addresses, are answered',
  );
  t.regex(
    problem?.remedy ?? '',
    /^let UDP port 4789 through between 192\.0\.2\.1, 192\.0\.2\.2, in both directions/,
  );
});

test('a node that nobody reaches is the cause, not each of its pairs', (t) => {
  const problems = problemsOf(
    report('n1', both(failure('n3', UNREACHABLE))),
    report('n2', both(failure('n3', UNREACHABLE))),
    report('n3', {
      front: [failure('n1', UNREACHABLE), failure('n2', UNREACHABLE)],
      back: [failure('n1', UNREACHABLE), failure('n2', UNREACHABLE)],
    }),
  );
  t.is(problems.length, 1);
  t.regex(problems[0]?.what ?? '', /^host3 and host1, host2 do not reach each other/);
  t.regex(problems[0]?.evidence ?? '', /are not answered either$/);
  t.regex(problems[0]?.remedy ?? '', /^mend the way between .*--data-path-addr$/);
});

test('what fails on one network alone is that network’s matter', (t) => {
  const [problem, ...others] = problemsOf(
    report('n1', { front: [failure('n2', UNREACHABLE, { isUplinkAnswering: true })] }),
    report('n2'),
  );
  t.deepEqual(others, []);
  t.is(problem?.networkId, 'front');
  t.is(problem?.what, 'host1 and host2 do not reach each other on network front, but on others');
  t.regex(problem?.remedy ?? '', /'entries'.*grep tsbfront/);
});

test('IPv6 that fails alone is not told as the data path', (t) => {
  const v6 = failure('n2', UNREACHABLE, { address: 'fd00::2', isUplinkAnswering: true });
  const [problem] = problemsOf(report('n1', both(v6)), report('n2'));
  t.regex(problem?.what ?? '', /by IPv4, but not by IPv6$/);
  t.regex(problem?.remedy ?? '', /disable_ipv6/);
});

test('nor where another network has no IPv6 that could fail', (t) => {
  const v6 = (nodeId: string) =>
    failure(nodeId, UNREACHABLE, { address: `fd00::${last(nodeId)}`, isUplinkAnswering: true });
  const [problem, ...others] = problemsOf(
    report('n1', { front: [v6('n3')] }),
    report('n2', { front: [v6('n3')] }),
    report('n3', { front: [v6('n1'), v6('n2')] }),
  );
  t.deepEqual(others, []);
  t.is(
    problem?.what,
    'host3 and host1, host2 reach each other over the overlay by IPv4, but not by IPv6',
  );
  t.regex(
    problem?.evidence ?? '',
    /^no answer to host1 from fd00::3 \(host3 on front\) and 3 more/,
  );
});

test('a smaller uplink is named as the cause of large packets that do not pass', (t) => {
  const problems = problemsOf(
    report('n1', { front: [failure('n3', MTU, { passesBytes: 1_354 })] }),
    report('n2', { front: [failure('n3', MTU)] }),
    report('n3', {}, { uplinkMtu: 1_400 }),
  );
  const [problem] = problems.filter(({ networkId }) => networkId === '');
  t.deepEqual(problem?.nodeIds, ['n3', 'n1', 'n2']);
  t.is(problem?.what, 'large packets do not pass between host3 and host1, host2');
  t.is(
    problem?.evidence,
    '1450 bytes on network front do not pass; at most 1354 do from host1 to host3; uplinks: host1 eth0 1500, host2 eth0 1500, host3 eth0 1400',
  );
  t.regex(problem?.remedy ?? '', /^raise eth0 of host3 to 1500 .* --opt mtu=1350$/);
});

test('with uplinks alike it is what stands between them', (t) => {
  const [problem] = problemsOf(
    report('n1', { front: [failure('n2', MTU, { passesBytes: 1_372 })] }),
    report('n2'),
  );
  t.regex(problem?.remedy ?? '', /does not take packets of 1500 bytes.* 1422, .*--opt mtu=1372$/);
});

test('bridges that differ are told of, not the way between them', (t) => {
  const smaller = report('n2');
  const [problem] = problemsOf(report('n1', { front: [failure('n2', MTU)] }), {
    ...smaller,
    probes: smaller.probes.map((one) => ({ ...one, mtu: 1_350 })),
  });
  t.regex(problem?.remedy ?? '', /different MTUs on front \(host1 1450, host2 1350\)/);
});

test('a network larger than the uplink is cut in two', (t) => {
  const [problem, ...others] = problemsOf(report('n1', {}, { uplinkMtu: 1_480 }));
  t.is(others.length, 1, 'one for each network');
  t.regex(problem?.what ?? '', /^packets of network front are cut in two on host1/);
  t.is(problem?.evidence, 'its MTU 1450 and 50 of VXLAN are more than the 1480 of eth0');
  t.regex(problem?.remedy ?? '', /--opt mtu=1430/);
  const v6 = problemsOf(report('n1', {}, { dataPathAddress: '2001:db8::1' }));
  t.regex(v6[0]?.evidence ?? '', /and 70 of VXLAN/);
});

test('TCP that does not pass names the card’s switches', (t) => {
  const [problem] = problemsOf(report('n1', { back: [failure('n2', CHECKSUM)] }), report('n2'));
  t.is(problem?.what, 'pings pass between host1 and host2, TCP does not');
  t.regex(problem?.remedy ?? '', /ethtool -K eth0 .*ethtool -K tsvback tx off/);
});

test('a node that did not answer is a problem, and nothing is known of its checks', (t) => {
  const { nodes, problems } = diagnose(
    [
      { nodeId: 'n2', report: undefined, error: 'node n2 is not connected' },
      { nodeId: 'n1', report: report('n1'), error: '' },
    ],
    names,
  );
  t.deepEqual(
    nodes.map(({ nodeHostname, error, checks }) => [nodeHostname, error, checks.length]),
    [
      ['host1', '', 3],
      ['host2', 'node n2 is not connected', 0],
    ],
  );
  t.is(problems.length, 1);
  t.like(problems[0], { check: 'answer', nodeIds: ['n2'], evidence: 'node n2 is not connected' });
});

test('a problem shows in the checks of every node it is of', (t) => {
  const own = NetworkProblem.create({ check: 'ports', what: 'w', nodeIds: ['elsewhere'] });
  const first = report('n1', both(failure('n2', UNREACHABLE)), { problems: [own] });
  const { nodes, problems } = diagnose(
    [first, report('n2')].map((one, i) => ({
      nodeId: nodeIds[i] ?? '',
      report: one,
      error: '',
    })),
    names,
  );
  const wrong = nodes.map(({ checks }) => checks.find(({ name }) => name === 'reach')?.wrong);
  t.deepEqual(wrong, [1, 1]);
  t.deepEqual(problems.find(({ check }) => check === 'ports')?.nodeIds, ['n1']);
});

test('nodes of one name are told apart', (t) => {
  const shared = { ...names, nodes: new Map([...names.nodes, ['n2', 'host1']]) };
  const { nodes } = diagnose(
    ['n1', 'n2'].map((nodeId) => ({ nodeId, report: report(nodeId), error: '' })),
    shared,
  );
  t.deepEqual(
    nodes.map(({ nodeHostname }) => nodeHostname),
    ['host1 (n1)', 'host1 (n2)'],
  );
});
