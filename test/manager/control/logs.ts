import test from 'ava';
import { LogOptions, ServiceLogsRequest, Task, TaskState, TaskStatus, WorkRequest } from '#proto';
import { aCall, aReadyNode, aSpec, makeTestControl, refusal } from '../../_support/control.ts';
import type { TestControl } from '../../_support/control.ts';
import { FakeWorker } from '../../_support/fake-worker.ts';
import type { FakeWorkStream } from '../../_support/fake-worker.ts';
import { aTask } from '../../_support/objects.ts';
import { VirtualClock } from '../../_support/virtual-clock.ts';

interface Own extends TestControl {
  readonly clock: VirtualClock;
  readonly serviceId: string;
}

function aRunningTask(id: string, serviceId: string, nodeId: string): Task {
  const status = TaskStatus.create({ state: TaskState.RUNNING });
  return aTask({ id, serviceId, nodeId, desiredState: TaskState.RUNNING, status });
}

async function make(): Promise<Own> {
  const clock = new VirtualClock();
  const own = await makeTestControl({ clock });
  const { service } = await own.control.createService({ spec: aSpec() }, aCall());
  const serviceId = service?.id ?? '';
  await own.store.update((tx) => {
    for (const n of [1, 2]) {
      tx.create('node', aReadyNode(`n${n}`, `host${n}`));
      tx.create('task', aRunningTask(`t${n}`, serviceId, `n${n}`));
    }
  });
  return { ...own, clock, serviceId };
}

/** Reads in the background what the call answers. */
function open(own: Own, ref: string, options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const abort = new AbortController();
  const request = ServiceLogsRequest.create({ ref, options: LogOptions.create(options) });
  const ended = refusal(
    (async () => {
      for await (const chunk of own.control.serviceLogs(
        request,
        aCall({ kind: 'local' }, abort.signal),
      )) {
        const text = chunk.error === '' ? new TextDecoder().decode(chunk.line) : chunk.error;
        lines.push(`${chunk.nodeId}/${chunk.taskId}: ${text}`);
      }
    })(),
  );
  return { lines, ended, abort };
}

function tasksOf(request: WorkRequest | undefined): readonly string[] {
  return request?.kind?.kind === 'logs' ? request.kind.logs.taskIds : [];
}

test('the lines of all nodes are merged, and the end of all is the end', async (t) => {
  const own = await make();
  for (const nodeId of ['n1', 'n2'])
    new FakeWorker(own.work, nodeId, (stream) => {
      for (const taskId of tasksOf(stream.request)) stream.line(taskId, 'hello');
      stream.done();
    });
  const logs = open(own, 'web', { tail: 10 });
  t.is(await own.clock.resolve(logs.ended, 1000), 'accepted');
  t.deepEqual(logs.lines.toSorted(), ['n1/t1: hello', 'n2/t2: hello']);
});

test('a node that cannot be asked, or breaks off, is one line of error', async (t) => {
  const own = await make();
  new FakeWorker(own.work, 'n1', (stream) => {
    stream.line('t1', 'hello').done('the file is gone', 'DATA_LOSS');
  });
  const logs = open(own, 'web');
  t.is(await own.clock.resolve(logs.ended, 1000), 'accepted');
  t.deepEqual(logs.lines.toSorted(), [
    'n1/: the logs on node host1 are cut off: the file is gone',
    'n1/t1: hello',
    'n2/: the logs on node host2 are cut off: node n2 is not connected',
  ]);
});

test('a node that stalls does not hold a call up for ever', async (t) => {
  const own = await make();
  new FakeWorker(own.work, 'n1', (stream) => stream.line('t1', 'hello'));
  new FakeWorker(own.work, 'n2', (stream) => stream.done());
  const logs = open(own, 'web');
  t.is(await own.clock.resolve(logs.ended, 31_000), 'accepted');
  t.deepEqual(logs.lines, [
    'n1/t1: hello',
    'n1/: the logs on node host1 are cut off: the next line took longer than 30000 ms',
  ]);
});

test('one task is read alone, and a node speaks for the tasks it was asked about only', async (t) => {
  const own = await make();
  new FakeWorker(own.work, 'n1', (stream) => stream.line('t1', 'mine').line('t2', 'forged').done());
  const other = new FakeWorker(own.work, 'n2');
  const logs = open(own, 't1');
  t.is(await own.clock.resolve(logs.ended, 1000), 'accepted');
  t.deepEqual(logs.lines, ['n1/t1: mine']);
  t.is(other.requests.length, 0);
});

test('following shows tasks that start later, until the reader leaves', async (t) => {
  const own = await make();
  const streams: FakeWorkStream[] = [];
  const workers = ['n1', 'n2'].map(
    (nodeId) => new FakeWorker(own.work, nodeId, (stream) => streams.push(stream)),
  );
  const logs = open(own, 'web', { follow: true });
  await own.clock.until(() => streams.length === 2, 1000);
  for (const stream of streams) stream.line(tasksOf(stream.request)[0] ?? '', 'early');
  await own.clock.until(() => logs.lines.length === 2, 1000);
  await own.store.update((tx) => tx.create('task', aRunningTask('t3', own.serviceId, 'n1')));
  await own.clock.until(() => streams.length === 3, 1000);
  t.deepEqual(tasksOf(streams[2]?.request), ['t3']);
  streams[2]?.line('t3', 'late');
  await own.clock.until(() => logs.lines.length === 3, 1000);
  await own.clock.advance(120_000);
  t.is(logs.lines.at(-1), 'n1/t3: late');
  logs.abort.abort();
  await own.clock.resolve(logs.ended, 1000);
  t.is(workers.flatMap((worker) => worker.cancelled).length, 3, 'the nodes are told to stop');
});

test('following goes on where it was when a node comes back', async (t) => {
  const own = await make();
  await own.store.update((tx) => tx.remove('task', 't2'));
  const first = new FakeWorker(own.work, 'n1', (stream) => stream.line('t1', 'before', 5000));
  const logs = open(own, 'web', { follow: true, tail: 3 });
  await own.clock.until(() => logs.lines.length === 1, 1000);
  own.work.nodeDisconnected('n1', first.send);
  first.streams[0]?.breakOff();
  await own.clock.advance(3000);
  const second = new FakeWorker(own.work, 'n1', (stream) => stream.line('t1', 'after', 6000));
  await own.clock.until(() => logs.lines.length === 3, 3000);
  t.deepEqual(logs.lines, [
    'n1/t1: before',
    'n1/: the logs on node host1 are cut off: node n1 hung up',
    'n1/t1: after',
  ]);
  const kind = second.requests[0]?.kind;
  const asked = kind?.kind === 'logs' ? kind.logs.options : undefined;
  t.deepEqual([asked?.sinceMs, asked?.tail], [5001, undefined]);
  logs.abort.abort();
  await own.clock.resolve(logs.ended, 1000);
});

test('following ends when the service is gone and its last lines are read', async (t) => {
  const own = await make();
  const workers = ['n1', 'n2'].map((nodeId) => new FakeWorker(own.work, nodeId, () => undefined));
  const logs = open(own, 'web', { follow: true });
  await own.clock.until(() => workers.every((worker) => worker.streams.length === 1), 1000);
  await own.store.update((tx) => {
    for (const id of ['t1', 't2']) tx.remove('task', id);
    tx.remove('service', own.serviceId);
  });
  workers[0]?.streams[0]?.line('t1', 'bye').done();
  await own.clock.advance(1000);
  t.deepEqual(logs.lines, ['n1/t1: bye']);
  workers[1]?.streams[0]?.done();
  t.is(await own.clock.resolve(logs.ended, 1000), 'accepted');
});

test('following ends when the manager leads no more, so that the reader asks the next one', async (t) => {
  const own = await make();
  const worker = new FakeWorker(own.work, 'n1', () => undefined);
  const logs = open(own, 't1', { follow: true });
  await own.clock.until(() => worker.streams.length === 1, 1000);
  own.work.stop();
  t.is(
    await own.clock.resolve(logs.ended, 1000),
    'NOT_LEADER: this manager is not the leader any more: try again',
  );
});

test('a lost node is not waited for once its tasks are replaced', async (t) => {
  const own = await make();
  const worker = new FakeWorker(own.work, 'n1', () => undefined);
  const logs = open(own, 't1', { follow: true });
  await own.clock.until(() => worker.streams.length === 1, 1000);
  own.work.nodeDisconnected('n1', worker.send);
  own.work.nodeLost('n1');
  await own.clock.advance(5000);
  t.deepEqual(logs.lines, ['n1/: the logs on node host1 are cut off: node n1 is down']);
  await own.store.update((tx) => {
    const task = tx.get('task', 't1') as Task;
    tx.update('task', { ...task, desiredState: TaskState.SHUTDOWN });
  });
  t.is(await own.clock.resolve(logs.ended, 2000), 'accepted');
});

test('logs of what is not there are refused with one line', async (t) => {
  const own = await make();
  const { ended } = open(own, 'db');
  t.is(await ended, 'NOT_FOUND: no service or task is named "db": see \'tsctl service ls\'');
  t.is(await open(own, '').ended, 'INVALID_ARGUMENT: no service given: name one, or give its id');
});

test('a service without tasks has no logs, and the answer ends', async (t) => {
  const own = await make();
  await own.control.createService({ spec: aSpec({ name: 'idle' }) }, aCall());
  const logs = open(own, 'idle');
  t.is(await own.clock.resolve(logs.ended, 1000), 'accepted');
  t.deepEqual(logs.lines, []);
});

test('a reader slower than the nodes loses nothing', async (t) => {
  const own = await make();
  let sent = 0;
  const feed = async (stream: FakeWorkStream): Promise<void> => {
    for (; sent < 900; sent++) stream.line('t1', `line ${sent}`);
    stream.done();
    await Promise.resolve();
  };
  new FakeWorker(own.work, 'n1', (stream) => void feed(stream));
  const call = aCall({ kind: 'local' });
  const iterator = own.control
    .serviceLogs(ServiceLogsRequest.create({ ref: 't1' }), call)
    [Symbol.asyncIterator]();
  let count = 0;
  for (;;) {
    const { done } = await iterator.next();
    if (done === true) break;
    count++;
  }
  t.is(count, 900, 'nothing is lost on the way');
});
