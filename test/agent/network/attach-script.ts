import test from 'ava';
import { attachFailures, attachScript } from '#agent/network/attach-script';
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
