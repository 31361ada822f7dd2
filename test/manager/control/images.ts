import test from 'ava';
import { ImageInfo, ImageProgress, LoadImageHeader, LoadImageRequest, NodeImages } from '#proto';
import {
  ListImagesRequest,
  NodeState,
  NodeStatus,
  PullImageRequest,
  RemoveImageRequest,
} from '#proto';
import type { Node } from '#proto';
import { aCall, aReadyNode, makeTestControl, refusal } from '../../_support/control.ts';
import type { TestControl } from '../../_support/control.ts';
import { FakeWorker } from '../../_support/fake-worker.ts';
import type { FakeWorkStream } from '../../_support/fake-worker.ts';
import { VirtualClock } from '../../_support/virtual-clock.ts';

interface Own extends TestControl {
  readonly clock: VirtualClock;
}

async function make(): Promise<Own> {
  const clock = new VirtualClock();
  const own = await makeTestControl({ clock });
  await own.store.update((tx) => {
    for (const n of [1, 2, 3]) tx.create('node', aReadyNode(`n${n}`, `host${n}`));
    const status = NodeStatus.create({ state: NodeState.DOWN });
    tx.update('node', { ...(tx.get('node', 'n3') as Node), status });
  });
  return { ...own, clock };
}

const progress = (stream: FakeWorkStream, init: Partial<ImageProgress>): FakeWorkStream =>
  stream.say({ kind: 'imageProgress', imageProgress: ImageProgress.create(init) });

async function all(answers: AsyncIterable<ImageProgress>): Promise<readonly string[]> {
  const seen: string[] = [];
  for await (const each of answers)
    if (each.isDone) seen.push(`${each.nodeHostname} ${each.image} ${each.error || 'ok'}`);
  return seen.toSorted();
}

async function* upload(sizes: readonly number[], header: Partial<LoadImageHeader> = {}) {
  yield LoadImageRequest.create({
    part: { kind: 'header', header: LoadImageHeader.create(header) },
  });
  for (const size of sizes)
    yield LoadImageRequest.create({ part: { kind: 'chunk', chunk: new Uint8Array(size) } });
}

/** Takes every chunk and says how much came. */
async function take(stream: FakeWorkStream): Promise<void> {
  let bytes = 0;
  for await (const { body } of stream.incoming) {
    if (body?.kind === 'chunk') bytes += body.chunk.length;
    else break;
  }
  progress(stream, { image: `web:${bytes}`, isDone: true }).done();
}

test('an archive goes to every ready node, whole', async (t) => {
  const own = await make();
  for (const id of ['n1', 'n2']) new FakeWorker(own.work, id, (stream) => void take(stream));
  const sizes = Array.from({ length: 20 }, () => 100_000);
  const loaded = all(own.control.loadImage(upload(sizes), aCall()));
  t.deepEqual(await own.clock.resolve(loaded, 1000), [
    'host1 web:2000000 ok',
    'host2 web:2000000 ok',
  ]);
});

test('an archive of several images tells of each on every node', async (t) => {
  const own = await make();
  for (const id of ['n1', 'n2'])
    new FakeWorker(own.work, id, (stream) => {
      progress(stream, { image: 'a:1', isDone: true });
      progress(stream, { image: 'b:1', isDone: true }).done();
    });
  const loaded = all(own.control.loadImage(upload([1]), aCall()));
  t.deepEqual(await own.clock.resolve(loaded, 1000), [
    'host1 a:1 ok',
    'host1 b:1 ok',
    'host2 a:1 ok',
    'host2 b:1 ok',
  ]);
});

test('a node that stalls is dropped from a load, and the others finish', async (t) => {
  const own = await make();
  new FakeWorker(own.work, 'n1', (stream) => void take(stream));
  new FakeWorker(own.work, 'n2', (stream) => progress(stream, { status: 'busy' }));
  const sizes = Array.from({ length: 40 }, () => 1000);
  const loaded = all(own.control.loadImage(upload(sizes, { name: 'web' }), aCall()));
  t.deepEqual(await own.clock.resolve(loaded, 40_000), [
    'host1 web:40000 ok',
    'host2 web the node takes no more of the image: try again',
  ]);
});

test('named nodes are asked alone, each once, and one that is down is an error of its own', async (t) => {
  const own = await make();
  const worker = new FakeWorker(own.work, 'n1', (stream) =>
    progress(stream, { image: 'web', isDone: true }).done(),
  );
  const request = PullImageRequest.create({ image: 'web', nodeRefs: ['host1', 'n1', 'host3'] });
  t.deepEqual(await all(own.control.pullImage(request, aCall())), [
    'host1 web ok',
    'host3 web node n3 is not connected',
  ]);
  t.is(worker.requests.length, 1);
});

test('what a node reports it reports in its own name, and its error is its last word', async (t) => {
  const own = await make();
  new FakeWorker(own.work, 'n1', (stream) => {
    progress(stream, { nodeId: 'n2', nodeHostname: 'host2', image: 'web', status: 'pulling' });
    stream.done('web is not in the registry', 'IMAGE_NOT_FOUND');
  });
  const request = PullImageRequest.create({ image: 'web', nodeRefs: ['n1'] });
  t.deepEqual(await all(own.control.pullImage(request, aCall())), [
    'host1 web web is not in the registry',
  ]);
});

test('a load without a header, with a chunk too large, or cut off, is refused', async (t) => {
  const own = await make();
  for (const id of ['n1', 'n2']) new FakeWorker(own.work, id, (stream) => void take(stream));
  const load = (request: AsyncIterable<LoadImageRequest>): Promise<string> =>
    own.clock.resolve(refusal(all(own.control.loadImage(request, aCall()))), 1000);
  async function* headless(): AsyncGenerator<LoadImageRequest> {
    yield LoadImageRequest.create({ part: { kind: 'chunk', chunk: new Uint8Array(1) } });
  }
  async function* cutOff(): AsyncGenerator<LoadImageRequest> {
    yield* upload([1]);
    throw new Error('the line is cut');
  }
  t.is(await load(headless()), 'INVALID_ARGUMENT: the first message of a load must be its header');
  t.is(
    await load(upload([(1 << 20) + 1])),
    'INVALID_ARGUMENT: a chunk of 1048577 bytes is too large: send at most 1048576',
  );
  await t.throwsAsync(load(cutOff()), { message: 'the line is cut' });
});

test('images are listed by node, with an error where a node could not be asked', async (t) => {
  const own = await make();
  new FakeWorker(own.work, 'n1', (stream) => {
    const images = [ImageInfo.create({ names: ['web'] })];
    stream.say({ kind: 'images', images: NodeImages.create({ images }) }).done();
  });
  const listed = own.control.listImages(ListImagesRequest.create(), aCall());
  const { nodes } = await own.clock.resolve(listed, 1000);
  t.deepEqual(
    nodes.map((node) => [node.nodeHostname, node.images.length, node.error]),
    [
      ['host1', 1, ''],
      ['host2', 0, 'node n2 is not connected'],
    ],
  );
});

test('removing an image tells the outcome of each node', async (t) => {
  const own = await make();
  new FakeWorker(own.work, 'n1', (stream) => progress(stream, { isDone: true }).done());
  new FakeWorker(own.work, 'n2', (stream) => stream.done('web is in use', 'IN_USE'));
  const request = RemoveImageRequest.create({ image: 'web', force: true });
  const { results } = await own.control.removeImage(request, aCall());
  t.deepEqual(results.map((result) => `${result.nodeHostname} ${result.error}`).toSorted(), [
    'host1 ',
    'host2 web is in use',
  ]);
});

test('images that cannot be are refused before any node is asked', async (t) => {
  const own = await make();
  const pull = (image: string, nodeRefs: string[] = []): Promise<string> =>
    refusal(all(own.control.pullImage(PullImageRequest.create({ image, nodeRefs }), aCall())));
  t.is(
    await pull('Web'),
    'INVALID_SPEC: image "Web" is not a valid reference: the name must be lower-case',
  );
  t.is(await pull('web', ['host9']), "NOT_FOUND: node host9 not found: see 'tsctl node ls'");
  const idle = await makeTestControl();
  const request = PullImageRequest.create({ image: 'web' });
  t.is(
    await refusal(all(idle.control.pullImage(request, aCall()))),
    "UNAVAILABLE: no node is ready: see 'tsctl node ls'",
  );
});
