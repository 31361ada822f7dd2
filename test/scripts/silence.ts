import test from 'ava';
import { run } from '../../scripts/steps.ts';

const shell = (script: string, killAfterMs: number) =>
  run(['sh', '-c', script], { silence: { interruptAfterMs: 1500, killAfterMs } });

test('a program that has nothing more to say is interrupted, and may say what it was at', async (t) => {
  const script = `trap 'echo at the second; exit 3' INT; echo begun; while :; do sleep 0.05; done`;
  t.deepEqual(await shell(script, 60_000), { code: 3, output: 'begun\nat the second\n' });
});

test('one that does not heed that is killed, and who holds its output is not waited for', async (t) => {
  const script = `trap '' INT; sleep 60 & echo begun $!; while :; do sleep 0.05; done`;
  const { code, output } = await shell(script, 100);
  const child = /^begun (\d+)\n$/.exec(output)?.[1];
  t.not(child, undefined, output);
  process.kill(Number(child));
  t.is(code, 1);
});

test('one that goes on printing is left alone, however long it takes', async (t) => {
  const script = `for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.25; done`;
  t.deepEqual(await shell(script, 0), { code: 0, output: '1\n2\n3\n4\n5\n6\n7\n8\n' });
});
