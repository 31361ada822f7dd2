import test from 'ava';
import { attachFailures, attachScript } from '#agent/network/attach-script';
import type { TaskLink } from '#agent/overlay/index';
import { parseSubnet } from '#agent/network/subnet';

const tasks = [
  { taskId: 'aaaaaaaaaaaaaaaaaaaaaaaaa', address: '10.200.0.2', links: [] },
  { taskId: 'bbbbbbbbbbbbbbbbbbbbbbbbb', address: '10.200.0.3', links: [] },
];

test('one script makes every pair, then furnishes every namespace', (t) => {
  const script = attachScript(tasks, 'tessera0', parseSubnet('10.200.0.0/16'));
  t.is(script.match(/^netns add /gm)?.length, 2);
  t.regex(script, /^ip -netns ts-aaaaaaaaaaaa -batch - 2>&1 <<'END'$/m);
  t.regex(script, /^address add 10\.200\.0\.3\/16 dev eth0$/m);
  t.deepEqual(script.match(/^echo '::done' \w+/gm), [
    "echo '::done' host",
    "echo '::done' 0",
    "echo '::done' 1",
  ]);
});

test('a run without a complaint has no failures', (t) => {
  t.deepEqual(attachFailures('::done host 0\n::done 0 0\n::done 1 0\n', tasks), new Map());
});

test('a line of the host that failed is the failure of its task alone', (t) => {
  const out =
    'Cannot create namespace file "/run/netns/ts-b": File exists\nCommand failed -:5\n' +
    '::done host 1\n::done 0 0\n::done 1 0\n';
  t.deepEqual(
    [...attachFailures(out, tasks)],
    [[1, 'Cannot create namespace file "/run/netns/ts-b": File exists']],
  );
});

test('a namespace that could not be furnished is its task’s failure, in words of ip', (t) => {
  const out =
    '::done host 0\nRTNETLINK answers: File exists\nCommand failed -:2\n::done 0 1\n::done 1 0\n';
  t.deepEqual(
    [...attachFailures(out, tasks)],
    [[0, 'RTNETLINK answers: File exists; Command failed -:2']],
  );
});

test('a script that was cut short has not made the rest', (t) => {
  t.deepEqual([...attachFailures('::done host 0\n::done 0 0\n', tasks)], [[1, 'not made']]);
  t.deepEqual([...attachFailures('', tasks).keys()], [0, 1]);
});

const link = (n: number): TaskLink => ({
  ...{ networkId: 'n', link: `te${n}`, bridge: 'tsbn', device: `eth${n}`, mtu: 1_450 },
  ...{ address: `10.1.0.${n}`, subnet: '10.1.0.0/24', gateway: '10.1.0.1' },
  ...{ addressV6: '', subnetV6: '', gatewayV6: '', isDefault: false },
});
const linked = [
  { taskId: 'aaaaaaaaaaaaaaaaaaaaaaaaa', address: '10.1.0.2', links: [link(2), link(3)] },
  { taskId: 'bbbbbbbbbbbbbbbbbbbbbbbbb', address: '10.1.0.4', links: [link(4)] },
];

test('frames find a task on networks before it starts', (t) => {
  const script = attachScript(linked, 'tessera0', parseSubnet('10.200.0.0/16'));
  t.true(
    script.includes(
      [
        "bridge -force -batch - 2>&1 <<'END'",
        'fdb replace 02:42:0a:01:00:02 dev te2 master static',
        'fdb replace 02:42:0a:01:00:03 dev te3 master static',
        'fdb replace 02:42:0a:01:00:04 dev te4 master static',
        'END',
      ].join('\n'),
    ),
  );
});

test('a link that frames do not find is its task’s failure', (t) => {
  const out =
    '::done host 0\nCannot find device "te4"\nCommand failed -:3\n::done ports 1\n' +
    '::done 0 0\n::done 1 0\n';
  t.deepEqual([...attachFailures(out, linked)], [[1, 'Cannot find device "te4"']]);
});
