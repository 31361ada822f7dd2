import test from 'ava';
import { readFileSync } from 'node:fs';
import { Shell } from '#agent/containerd/shell-node';
import { poll } from '#test/_support/poll';

test('a command has its input, its streams apart, and its exit code', async (t) => {
  const shell = new Shell();
  const script = 'cat\necho said\necho complained >&2\nexit 3';
  t.deepEqual(await shell.run(['sh', '-s'], { stdin: script }), {
    stdout: 'said\n',
    stderr: 'complained\n',
    exitCode: 3,
  });
  t.deepEqual(await shell.run(['cat'], { stdin: "it's $HOME `x` \\n é\n" }), {
    stdout: "it's $HOME `x` \\n é\n",
    stderr: '',
    exitCode: 0,
  });
  t.deepEqual(await shell.run(['printf', '%s', "a 'b' $c"]), {
    stdout: "a 'b' $c",
    stderr: '',
    exitCode: 0,
  });
});

test('a command without input reads none of what follows', async (t) => {
  const shell = new Shell();
  const results = await Promise.all([
    shell.run(['cat']),
    shell.run(['sh', '-c', 'cat; echo second']),
    shell.run(['echo', 'third']),
  ]);
  t.deepEqual(
    results.map(({ stdout }) => stdout),
    ['', 'second\n', 'third\n'],
  );
});

test('one after the other, in the same shell', async (t) => {
  const shell = new Shell();
  const parent = ['sh', '-c', 'echo $PPID'];
  const seen = await Promise.all(Array.from({ length: 20 }, () => shell.run(parent)));
  t.is(new Set(seen.map(({ stdout }) => stdout)).size, 1);
});

test('much goes in and comes out', async (t) => {
  const text = `${'x'.repeat(99)}\n`.repeat(20_000);
  t.is((await new Shell().run(['cat'], { stdin: text })).stdout, text);
});

test('a tool that is not there is exit code 127, and the shell goes on', async (t) => {
  const shell = new Shell();
  const { exitCode, stderr } = await shell.run(['no-such-tool-here']);
  t.is(exitCode, 127);
  t.regex(stderr, /not found/);
  t.is((await shell.run(['echo', 'on'])).stdout, 'on\n');
});

test('what takes too long is killed with all it started, and the next has a new shell', async (t) => {
  const shell = new Shell();
  const slow = ['sh', '-c', 'echo $$ >&2; sleep 1000 & sleep 1000'];
  const before = (await shell.run(['sh', '-c', 'echo $PPID'])).stdout.trim();
  await t.throwsAsync(shell.run(slow, { deadlineMs: 300 }), { code: 'DEADLINE_EXCEEDED' });
  const after = (await shell.run(['sh', '-c', 'echo $PPID'])).stdout.trim();
  t.not(after, before);
  await poll('the old group is gone', () => !groupExists(Number(before)));
});

function groupExists(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    // Killed, and not yet collected by whoever has to: gone.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

test('a shell that ends under a command fails that one alone', async (t) => {
  const shell = new Shell();
  await t.throwsAsync(shell.run(['sh', '-c', 'kill -9 $PPID']), { code: 'RUNTIME_ERROR' });
  t.is((await shell.run(['echo', 'again'])).stdout, 'again\n');
});

test('where the shell cannot be started, commands fail and say so', async (t) => {
  await t.throwsAsync(new Shell(['/no/such/program']).run(['true']), {
    code: 'RUNTIME_ERROR',
    message: /cannot be run/,
  });
});
