import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { ClusterError } from '#lib';
import {
  ControlService,
  GetTaskResponse,
  ImageProgress,
  ListNodesResponse,
  ListTasksResponse,
  LogChunk,
  LogStream,
  Node,
  NodeDescription,
  Task,
} from '#proto';
import type { LoadImageRequest, ServiceLogsRequest } from '#proto';
import { FakeDaemon, startMs, tsctl } from '#test/_support/fake-cli';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const chunk = (taskId: string, line: string, more: Partial<LogChunk> = {}): LogChunk =>
  LogChunk.create({ taskId, nodeId: 'n1', atMs: startMs, line: bytes(line), ...more });

function logDaemon(chunks: readonly LogChunk[]): FakeDaemon {
  const description = NodeDescription.create({ hostname: 'host2' });
  return new FakeDaemon()
    .on(ControlService.listNodes, () =>
      ListNodesResponse.create({ nodes: [Node.create({ id: 'n1', description })] }),
    )
    .on(ControlService.listTasks, () =>
      ListTasksResponse.create({
        tasks: [
          Task.create({ id: 'aaaaaaaaaaaaaaaaaaaaaaaaa', serviceName: 'web', slot: 1 }),
          Task.create({ id: 'bbbbbbbbbbbbbbbbbbbbbbbbb', serviceName: 'web', slot: 12 }),
        ],
      }),
    )
    .on(ControlService.serviceLogs, () => chunks);
}

test('each line says which task wrote it, and streams stay apart', async (t) => {
  const daemon = logDaemon([
    chunk('aaaaaaaaaaaaaaaaaaaaaaaaa', 'one'),
    chunk('bbbbbbbbbbbbbbbbbbbbbbbbb', 'two', { stream: LogStream.STDERR }),
    chunk('aaaaaaaaaaaaaaaaaaaaaaaaa', ''),
  ]);
  const { code, out, err } = await tsctl(daemon, ['service', 'logs', 'web']);
  t.is(code, 0, err);
  t.is(out, 'web.1.aaaaaaaaaaaa@host2 | one\nweb.1.aaaaaaaaaaaa@host2  | \n');
  t.is(err, 'web.12.bbbbbbbbbbbb@host2 | two\n');
});

test('raw lines are as they were written, timestamps come first', async (t) => {
  const daemon = logDaemon([chunk('aaaaaaaaaaaaaaaaaaaaaaaaa', 'one')]);
  t.is((await tsctl(daemon, ['service', 'logs', '--raw', 'web'])).out, 'one\n');
  t.is(
    (await tsctl(daemon, ['service', 'logs', '-t', '--raw', 'web'])).out,
    `${new Date(startMs).toISOString()} one\n`,
  );
});

test('tail and since reach the daemon', async (t) => {
  const daemon = logDaemon([]);
  await tsctl(daemon, ['service', 'logs', '-f', '-n', '5', '--since', '10s', 'web']);
  const found = daemon.requests.find(({ path }) => path.endsWith('/ServiceLogs'));
  const asked = found?.request as ServiceLogsRequest | undefined;
  t.like(asked?.options, { follow: true, tail: 5 });
  t.true((asked?.options?.sinceMs ?? 0) >= startMs - 10_000);
});

test('a task is asked for by its own name, and looked up once', async (t) => {
  const daemon = logDaemon([chunk('zzz', 'a'), chunk('zzz', 'b'), chunk('zzz', 'c')])
    .on(ControlService.listTasks, () => {
      throw new ClusterError('NOT_FOUND', 'service web.1 not found');
    })
    .on(ControlService.getTask, () => GetTaskResponse.create());
  const { code, out } = await tsctl(daemon, ['service', 'logs', 'web.1']);
  t.is(code, 0);
  t.is(out.split('\n').length, 4);
  t.is(daemon.requests.filter(({ path }) => path.endsWith('/GetTask')).length, 2);
});

test('a node that could not be asked is named, the others are shown, and the exit code is 1', async (t) => {
  const daemon = logDaemon([
    chunk('', '', { error: 'node is down' }),
    chunk('aaaaaaaaaaaaaaaaaaaaaaaaa', 'one'),
  ]);
  const { code, out, err } = await tsctl(daemon, ['service', 'logs', 'web']);
  t.is(code, 1);
  t.regex(out, /one/);
  t.is(err, 'tsctl: host2: node is down\ntsctl: some nodes could not be asked\n');
});

test('an archive goes up whole, its header first', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'tessera-archive-'));
  const path = join(dir, 'web.tar');
  const content = Buffer.alloc((1 << 20) + 17, 'x');
  writeFileSync(path, content);
  let sent: readonly LoadImageRequest[] = [];
  const daemon = new FakeDaemon().on(ControlService.loadImage, ((
    requests: readonly LoadImageRequest[],
  ) => {
    sent = requests;
    return [
      ImageProgress.create({
        nodeHostname: 'host1',
        image: 'web:1',
        status: 'loaded',
        isDone: true,
      }),
      ImageProgress.create({ nodeHostname: 'host2', error: 'disk full', isDone: true }),
    ];
  }) as never);
  const { code, out, err } = await tsctl(daemon, ['image', 'load', '--node', 'host1', path]);
  rmSync(dir, { recursive: true });
  t.is(code, 1);
  t.is(out, 'host1:     web:1: loaded\nhost2:     failed: disk full\n');
  t.is(err, 'tsctl: one node failed: host2: disk full\n');
  t.deepEqual(sent[0]?.part, { kind: 'header', header: { nodeRefs: ['host1'], name: '' } });
  const chunks = sent.slice(1).map(({ part }) => (part?.kind === 'chunk' ? part.chunk : bytes('')));
  t.true(chunks.every((one) => one.length <= 1 << 20));
  t.deepEqual(Buffer.concat(chunks), content);
});

test('an archive that is not there is named before anything is sent', async (t) => {
  const { code, err } = await tsctl(
    new FakeDaemon().on(ControlService.loadImage, () => []),
    ['image', 'load', '/no/such.tar'],
  );
  t.is(code, 1);
  t.is(err, 'tsctl: cannot read archive /no/such.tar: no such file\n');
});
