import test from 'ava';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { ClusterError, silentLogger } from '#lib';
import { systemClock } from '#lib/clock-node';
import { LogOptions, LogStream } from '#proto';
import { Mount, Process, ProcessStatus } from '#proto/containerd';
import { runCommand } from '#agent/containerd/command-node';
import { layersOf, readImageFile } from '#agent/containerd/image-files-node';
import { decodeMarks, encodeMarks, offsetSince, timeAt } from '#agent/containerd/log-index';
import type { LogMark } from '#agent/containerd/log-index';
import { ContainerLogs } from '#agent/containerd/logs-node';
import { parseContainerId, shortReason, stateOf } from '#agent/containerd/states';
import { poll } from '#test/_support/poll';

const container = { id: 'task1.main', labels: { a: 'b' } };
const noAbort = new AbortController().signal;

function folderOf(t: { teardown(fn: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-unit-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('what containerd says becomes created, running, exited or lost', (t) => {
  const seen = (status: number, init: Partial<Process> = {}) =>
    stateOf(container, Process.create({ status, pid: 7, ...init } as Partial<Process>), false);
  t.is(stateOf(container, undefined, false).phase, 'created');
  t.is(seen(ProcessStatus.CREATED).phase, 'created');
  t.is(seen(ProcessStatus.RUNNING).pid, 7);
  t.is(seen(ProcessStatus.PAUSED).phase, 'running');
  t.is(seen(ProcessStatus.UNKNOWN).phase, 'running');
  const exitedAt = { seconds: 2, nanos: 5_000_000 };
  const exited = seen(ProcessStatus.STOPPED, { exitStatus: 137, exitedAt });
  t.deepEqual(
    [exited.phase, exited.exitCode, exited.exitedAtMs, exited.pid, exited.taskId],
    ['exited', 137, 2_005, 0, 'task1'],
  );
  t.is(stateOf(container, undefined, true).phase, 'lost');
});

test('a container id is a task and a name', (t) => {
  t.deepEqual(parseContainerId('abc.main-1'), { taskId: 'abc', containerName: 'main-1' });
  for (const id of ['', 'abc', '.main', 'abc.', 'a/b.c', `${'a'.repeat(80)}.b`, 'a.b c'])
    t.throws(() => parseContainerId(id), { instanceOf: ClusterError }, id);
});

test("runc's own words come out of the wrapping", (t) => {
  t.is(
    shortReason(
      'failed to create shim task: OCI runtime create failed: runc create failed: unable to start ' +
        'container process: exec: "nope": executable file not found in $PATH: unknown',
    ),
    'exec: "nope": executable file not found in $PATH',
  );
});

const marks = fc
  .array(fc.tuple(fc.nat(1_000_000), fc.nat(100_000)), { minLength: 1, maxLength: 30 })
  .map((steps) => {
    let offset = 0;
    let atMs = 1_700_000_000_000;
    return steps.map(([bytes, ms]): LogMark => {
      offset += bytes;
      atMs += ms;
      return { offset, atMs };
    });
  });

test('marks survive encoding, and a torn end loses at most the last', (t) => {
  fc.assert(
    fc.property(marks, fc.nat(3), (list, torn) => {
      const bytes = encodeMarks(list);
      t.deepEqual(decodeMarks(bytes), list);
      const short = decodeMarks(bytes.subarray(0, bytes.length - torn));
      t.deepEqual(short, list.slice(0, short.length));
      return short.length >= list.length - 3;
    }),
    { numRuns: 50 },
  );
});

test('every byte has the time of the first mark after it', (t) => {
  const list = [
    { offset: 0, atMs: 100 },
    { offset: 10, atMs: 200 },
    { offset: 20, atMs: 300 },
  ];
  t.deepEqual(
    [0, 9, 10, 19, 25].map((offset) => timeAt(list, offset)),
    [200, 200, 300, 300, 300],
  );
  t.is(offsetSince(list, 250), 10);
  t.is(offsetSince(list, 0), 0);
  t.is(offsetSince(list, 301), 20);
});

function logsIn(folder: string, fileBytesMax = 1 << 20): ContainerLogs {
  const logs = new ContainerLogs({ folder, fileBytesMax, clock: systemClock(), log: silentLogger });
  logs.start();
  return logs;
}

async function read(logs: ContainerLogs, id: string, init: Partial<LogOptions> = {}) {
  const found: string[] = [];
  for await (const { line, stream } of logs.read(id, LogOptions.create(init), noAbort))
    found.push(`${stream === LogStream.STDERR ? '!' : ''}${Buffer.from(line).toString()}`);
  return found;
}

test('lines are read by stream, unfinished ones at the end, the last ones by tail', async (t) => {
  const logs = logsIn(folderOf(t));
  t.teardown(() => void logs.stop());
  const { stdout, stderr } = await logs.open('t.main', false);
  appendFileSync(stdout, 'one\r\ntwo\n\nfour');
  appendFileSync(stderr, 'bad\n');
  logs.setLive('t.main', false);
  const all = await read(logs, 't.main');
  t.deepEqual(
    all.filter((line) => !line.startsWith('!')),
    ['one', 'two', '', 'four'],
  );
  t.true(all.includes('!bad'));
  t.is((await read(logs, 't.main', { tail: 2 })).length, 2);
  t.deepEqual(await read(logs, 't.main', { tail: 0 }), []);
  t.is((await read(logs, 't.main', { tail: 100 })).length, 5);
});

test('a line of any length comes in pieces of bounded size', async (t) => {
  const logs = logsIn(folderOf(t));
  t.teardown(() => void logs.stop());
  const { stdout } = await logs.open('t.main', false);
  appendFileSync(stdout, `${'x'.repeat(150_000)}\nend\n`);
  const lines = await read(logs, 't.main');
  t.is(lines.at(-1), 'end');
  t.is(lines.slice(0, -1).join('').length, 150_000);
  t.true(lines.every((line) => line.length <= 65_536));
});

test('a follower gets lines as they come and ends with the container', async (t) => {
  const logs = logsIn(folderOf(t));
  t.teardown(() => void logs.stop());
  const { stdout } = await logs.open('t.main', false);
  appendFileSync(stdout, 'before\n');
  const found: string[] = [];
  const following = (async () => {
    for await (const { line } of logs.read('t.main', LogOptions.create({ follow: true }), noAbort))
      found.push(Buffer.from(line).toString());
  })();
  await poll('the first line', () => found.length === 1);
  appendFileSync(stdout, 'half ');
  appendFileSync(stdout, 'line\nrest');
  await poll('the second line', () => found.length === 2);
  logs.setLive('t.main', false);
  await following;
  t.deepEqual(found, ['before', 'half line', 'rest']);
});

test('lines written while no agent ran have the time of the last write', async (t) => {
  const folder = folderOf(t);
  const first = logsIn(folder);
  const { stdout } = await first.open('t.main', false);
  appendFileSync(stdout, 'early\n');
  t.deepEqual(await read(first, 't.main'), ['early']);
  await first.stop();
  appendFileSync(stdout, 'late\n');
  const second = logsIn(folder);
  t.teardown(() => void second.stop());
  t.deepEqual(await read(second, 't.main'), ['early', 'late']);
  t.deepEqual(await read(second, 't.main', { sinceMs: Date.now() + 60_000 }), []);
});

test('a log that grows past its bound keeps its newest two thirds, from a whole line on', async (t) => {
  const bound = 300_000;
  const logs = logsIn(folderOf(t), bound);
  t.teardown(() => void logs.stop());
  const { stdout } = await logs.open('t.main', false);
  let number = 0;
  for (let part = 0; part < 20; part++) {
    const lines = Array.from({ length: 500 }, () => `line ${number++} ${'.'.repeat(80)}`);
    appendFileSync(stdout, `${lines.join('\n')}\n`);
    await read(logs, 't.main', { tail: 1 });
  }
  const kept = await poll('a shorter log', async () => {
    const lines = await read(logs, 't.main');
    return lines.join('\n').length <= bound && lines;
  });
  t.is(kept.at(-1)?.split(' ')[1], String(number - 1));
  const numbers = kept.map((line) => Number(/^line (\d+) \.{80}$/.exec(line)?.[1]));
  t.true(numbers.every((one, i) => i === 0 || one === (numbers[i - 1] ?? 0) + 1));
});

test('a log that was removed is NOT_FOUND', async (t) => {
  const logs = logsIn(folderOf(t));
  t.teardown(() => void logs.stop());
  await logs.open('t.main', false);
  await logs.remove('t.main');
  const error = await t.throwsAsync(read(logs, 't.main'), { instanceOf: ClusterError });
  t.is(error?.code, 'NOT_FOUND');
});

test("an image's files are read through its layers, and never outside of them", async (t) => {
  const folder = folderOf(t);
  const [upper, lower] = ['upper', 'lower'].map((name) => join(folder, name));
  for (const layer of [upper, lower]) mkdirSync(join(layer ?? '', 'etc'), { recursive: true });
  const layers = layersOf([
    Mount.create({ type: 'overlay', options: [`lowerdir=${lower}`, `upperdir=${upper}`, 'x'] }),
  ]);
  t.deepEqual(layers, [upper, lower]);
  writeFileSync(join(lower ?? '', 'etc/passwd'), 'lower');
  t.is(await readImageFile(layers, '/etc/passwd'), 'lower');
  writeFileSync(join(upper ?? '', 'etc/passwd'), 'upper');
  t.is(await readImageFile(layers, '/etc/passwd'), 'upper');
  // An absolute link means the image's root, one that climbs stays inside, and loops end.
  writeFileSync(join(folder, 'secret'), 'of the host');
  symlinkSync(join(folder, 'secret'), join(upper ?? '', 'etc/absolute'));
  symlinkSync('../../../../secret', join(upper ?? '', 'etc/climbing'));
  symlinkSync('/etc/loop', join(upper ?? '', 'etc/loop'));
  symlinkSync('../etc/./passwd', join(upper ?? '', 'etc/fine'));
  for (const name of ['absolute', 'climbing', 'loop', 'nothing', '..'])
    t.is(await readImageFile(layers, `/etc/${name}`), undefined, name);
  t.is(await readImageFile(layers, '/etc/fine'), 'upper');
});

test('a command is bounded in time and reports its end', async (t) => {
  t.is((await runCommand(['cat'], { stdin: 'in' })).stdout, 'in');
  t.is((await runCommand(['sh', '-c', 'echo no >&2; exit 3'])).exitCode, 3);
  const late = await t.throwsAsync(runCommand(['sleep', '100'], { deadlineMs: 50 }));
  t.is((late as ClusterError).code, 'DEADLINE_EXCEEDED');
  const missing = await t.throwsAsync(runCommand(['no-such-tool']));
  t.regex(missing?.message ?? '', /is it installed/);
});
