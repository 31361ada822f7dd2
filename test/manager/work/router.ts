import test from 'ava';
import type { ExecutionContext } from 'ava';
import { messageOf, seededRandom, silentLogger, silentMetrics } from '#lib';
import { NodeRole, WorkDown, WorkListImages, WorkUp } from '#proto';
import { Channel } from '#manager/work/channel';
import { WorkRouter, workOpenMax } from '#manager/work/router';
import type { WorkExchange, WorkKind } from '#manager/work/router';
import { aCall } from '../../_support/control.ts';
import { FakeWorker } from '../../_support/fake-worker.ts';
import { VirtualClock, settle } from '../../_support/virtual-clock.ts';

const listImages: WorkKind = { kind: 'listImages', listImages: WorkListImages.create() };

function make(): { clock: VirtualClock; work: WorkRouter } {
  const clock = new VirtualClock();
  const random = seededRandom(3);
  return {
    clock,
    work: new WorkRouter({ clock, random, log: silentLogger, metrics: silentMetrics }),
  };
}

async function outcome(exchange: WorkExchange): Promise<string> {
  const seen: string[] = [];
  try {
    for await (const answer of exchange.answers)
      seen.push(answer.kind === 'log' ? new TextDecoder().decode(answer.log.line) : answer.kind);
    seen.push('end');
  } catch (error) {
    seen.push(messageOf(error));
  }
  return seen.join(' | ');
}

test('a node answers what it was asked, and its end is the end', async (t) => {
  const { work } = make();
  const worker = new FakeWorker(work, 'n1', (stream) => {
    stream.line('t1', 'one').line('t1', 'two').done();
  });
  t.is(await outcome(work.request('n1', listImages)), 'one | two | end');
  t.is(worker.requests.length, 1);
  t.deepEqual(worker.cancelled, []);
});

test("a node's own error reaches the asker after its answers", async (t) => {
  const { work } = make();
  new FakeWorker(work, 'n1', (stream) => stream.line('t1', 'one').done('no such', 'NOT_FOUND'));
  t.is(await outcome(work.request('n1', listImages)), 'one | no such');
});

test('what a node says writes nothing to the terminals of others', async (t) => {
  const { work } = make();
  new FakeWorker(work, 'n1', (stream) => stream.done('no\u001b[2J such\nline', 'NOT_FOUND'));
  t.is(await outcome(work.request('n1', listImages)), 'no [2J such line');
});

test('what is sent down arrives in order once the node has called back', async (t) => {
  const { work } = make();
  const got: number[] = [];
  new FakeWorker(work, 'n1', (stream) => {
    void (async () => {
      for await (const { body } of stream.incoming)
        if (body?.kind === 'chunk') got.push(body.chunk[0] ?? -1);
      stream.done();
    })();
  });
  const exchange = work.request('n1', listImages);
  for (let i = 0; i < 20; i++)
    await exchange.send(WorkDown.create({ body: { kind: 'chunk', chunk: Uint8Array.from([i]) } }));
  const end = outcome(exchange);
  await settle();
  t.deepEqual(
    got,
    Array.from({ length: 20 }, (_, i) => i),
  );
  exchange.cancel();
  t.is(await end, 'end');
});

async function after(t: ExecutionContext, act: (own: ReturnType<typeof make>) => void) {
  const own = make();
  new FakeWorker(own.work, 'n1', (stream) => stream.line('t1', 'one'));
  const ended = outcome(own.work.request('n1', listImages));
  await settle();
  act(own);
  const text = await own.clock.resolve(ended, 100);
  t.true(text.startsWith('one | '));
  return text;
}

test('work of a node that is lost, and of a leader that steps down, ends', async (t) => {
  t.is(await after(t, ({ work }) => work.nodeLost('n1')), 'one | node n1 is down');
  t.is(
    await after(t, ({ work }) => work.stop()),
    'one | this manager is not the leader any more: try again',
  );
});

test('a node that hangs up ends its work with an error', async (t) => {
  const { work } = make();
  const worker = new FakeWorker(work, 'n1', (stream) => stream.line('t1', 'one'));
  const ended = outcome(work.request('n1', listImages));
  await settle();
  worker.streams[0]?.breakOff();
  t.is(await ended, 'one | node n1 hung up');
});

test('a node that does not call back is given up after five seconds', async (t) => {
  const { clock, work } = make();
  new FakeWorker(work, 'n1');
  const ended = outcome(work.request('n1', listImages));
  await clock.advance(4999);
  t.is(await clock.resolve(ended, 2), 'node n1 did not answer within 5000 ms');
});

test('a node without a session cannot be asked', (t) => {
  const { work } = make();
  t.throws(() => work.request('n1', listImages), { message: 'node n1 is not connected' });
  const worker = new FakeWorker(work, 'n1');
  const newer = new FakeWorker(work, 'n1');
  work.nodeDisconnected('n1', worker.send);
  t.true(work.isConnected('n1'), 'the newer session stays');
  work.nodeDisconnected('n1', newer.send);
  t.false(work.isConnected('n1'));
});

test('leaving the answers tells the node to stop', async (t) => {
  const { work } = make();
  const worker = new FakeWorker(work, 'n1', (stream) => stream.line('t1', 'one'));
  const exchange = work.request('n1', listImages);
  for await (const answer of exchange.answers) {
    t.is(answer.kind, 'log');
    break;
  }
  t.deepEqual(worker.cancelled, [worker.requests[0]?.id]);
  const down = WorkDown.create({ body: { kind: 'end', end: true } });
  await t.throwsAsync(exchange.send(down), { message: /hung up/ });
});

test('only the node that was asked may answer, and only once', async (t) => {
  const { work } = make();
  const worker = new FakeWorker(work, 'n1');
  const exchange = work.request('n1', listImages);
  const id = worker.requests[0]?.id ?? '';
  async function* up(): AsyncGenerator<WorkUp> {
    yield WorkUp.create({ body: { kind: 'id', id } });
    await new Promise(() => undefined);
  }
  const answerAs = (nodeId: string): Promise<unknown> => {
    const call = aCall({ kind: 'node', nodeId, role: NodeRole.WORKER });
    return work.handle(up(), call)[Symbol.asyncIterator]().next();
  };
  await t.throwsAsync(answerAs('n2'), { message: /was not asked for that work/ });
  void answerAs('n1').catch(() => undefined);
  await settle();
  await t.throwsAsync(answerAs('n1'), { message: /was not asked for that work/ });
  exchange.cancel();
});

test('no more than a stated number of calls are open at once', (t) => {
  const { work } = make();
  new FakeWorker(work, 'n1');
  const open = Array.from({ length: workOpenMax }, () => work.request('n1', listImages));
  t.throws(() => work.request('n1', listImages), { message: /calls to nodes are open already/ });
  open[0]?.cancel();
  t.notThrows(() => work.request('n1', listImages));
});

test('a stream that does not say which work it answers is ended', async (t) => {
  const { clock, work } = make();
  const caller = { kind: 'node', nodeId: 'n1', role: NodeRole.WORKER } as const;
  const answers = work.handle(new Channel<WorkUp>(1), aCall(caller))[Symbol.asyncIterator]();
  const next = t.throwsAsync(answers.next(), { code: 'DEADLINE_EXCEEDED' });
  await clock.advance(5_000);
  await next;
});
