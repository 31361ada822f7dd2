import test from 'ava';
import { spawn } from 'node:child_process';
import { isIn, signalDirectly } from '#agent/containerd/direct-signal-node';

test('a process is in the container that its control groups are named after', (t) => {
  const groups = '3:memory:/tessera/abc.main\n1:name=systemd:/tessera/abc.main\n0::/\n';
  t.true(isIn(groups, 'abc.main'));
  t.true(isIn('0::/tessera/abc.main', 'abc.main'));
  t.true(isIn('0::/../other/abc.main\n', 'abc.main'));
  t.false(isIn(groups, 'bc.main'));
  t.false(isIn(groups, 'abc'));
  t.false(isIn('0::/abc.main/child\n', 'abc.main'));
  t.false(isIn('', 'abc.main'));
});

test('a stranger that has the number by now is not signalled, nor is nobody', async (t) => {
  const stranger = spawn('sleep', ['1000'], { stdio: 'ignore' });
  const { pid = 0 } = stranger;
  const ended = new Promise((resolve) => stranger.once('exit', (_code, signal) => resolve(signal)));
  t.false(signalDirectly('abc.main', pid, 15));
  process.kill(pid, 'SIGKILL');
  t.is(await ended, 'SIGKILL', 'and not what came before');
  t.false(signalDirectly('abc.main', 2 ** 22 + 1, 15));
});
