import { ClusterError, messageOf, withDeadline } from '#lib';
import {
  ImageProgress,
  ListImagesResponse,
  NodeImages,
  NodeState,
  RemoveImageResponse,
} from '#proto';
import { WorkDown, WorkListImages, WorkLoadImage, WorkPullImage, WorkRemoveImage } from '#proto';
import type {
  ListImagesRequest,
  LoadImageRequest,
  Node,
  PullImageRequest,
  RemoveImageRequest,
} from '#proto';
import type { ReadTransaction } from '../store/types.ts';
import { Channel, abortWith, visible } from '../work/index.ts';
import type { WorkAnswer, WorkExchange, WorkKind } from '../work/index.ts';
import type { ControlHandlers, ControlOptions } from './options.ts';
import { findNode } from './refs.ts';
import { validateImage } from './validate-container.ts';

type ImageHandlers = Pick<
  ControlHandlers,
  'loadImage' | 'pullImage' | 'listImages' | 'removeImage'
>;

/** Largest chunk of an archive, bytes. */
const imageChunkBytesMax = 1 << 20;
/** A node that takes no chunk for so long is dropped from a load, ms. */
const imageStallDeadlineMs = 30_000;
/** A node that answers nothing for so long is given up, ms. */
const answerDeadlineMs = 30_000;
const progressQueueMax = 256;
const nodeRefsMax = 10_000;

function targets(tx: ReadTransaction, refs: readonly string[]): readonly Node[] {
  if (refs.length > nodeRefsMax)
    throw new ClusterError('INVALID_ARGUMENT', `more than ${nodeRefsMax} nodes are named`);
  if (refs.length > 0) {
    const named = new Map(refs.map((ref) => findNode(tx, ref)).map((node) => [node.id, node]));
    return [...named.values()];
  }
  const ready = [...tx.list('node')].filter((node) => node.status?.state === NodeState.READY);
  if (ready.length === 0)
    throw new ClusterError('UNAVAILABLE', "no node is ready: see 'tsctl node ls'");
  return ready;
}

function hostnameOf(node: Node): string {
  return node.description?.hostname || node.id;
}

function failure(node: Node, image: string, error: unknown): ImageProgress {
  return ImageProgress.create({
    nodeId: node.id,
    nodeHostname: hostnameOf(node),
    image,
    isDone: true,
    error: messageOf(error),
  });
}

/** One node's part of an image call: the exchange, or why there is none. */
interface Part {
  readonly node: Node;
  readonly exchange: WorkExchange | undefined;
  readonly error: unknown;
}

function openParts(options: ControlOptions, nodes: readonly Node[], kind: WorkKind): Part[] {
  return nodes.map((node) => {
    try {
      return { node, exchange: options.work.request(node.id, kind), error: undefined };
    } catch (error) {
      return { node, exchange: undefined, error };
    }
  });
}

/**
 * Every node's progress as it comes. An archive may bring several images: each ends with a message
 * that is done, and every node says at least one.
 */
async function report(part: Part, image: string, out: Channel<ImageProgress>): Promise<void> {
  const { node, exchange } = part;
  let last: ImageProgress | undefined;
  let isAnyDone = false;
  try {
    if (exchange === undefined) throw part.error;
    for await (const answer of exchange.answers) {
      if (answer.kind !== 'imageProgress') continue;
      const { imageProgress: said } = answer;
      const texts = { image: visible(said.image), status: visible(said.status) };
      const own = { nodeId: node.id, nodeHostname: hostnameOf(node), error: visible(said.error) };
      last = { ...said, ...texts, ...own };
      isAnyDone ||= last.isDone;
      await out.push(last);
    }
    if (!isAnyDone) await out.push({ ...(last ?? failure(node, image, '')), isDone: true });
  } catch (error) {
    await out.push(failure(node, image, error));
  }
}

async function* merged(
  parts: readonly Part[],
  image: string,
  signal: AbortSignal,
): AsyncGenerator<ImageProgress> {
  const out = new Channel<ImageProgress>(progressQueueMax);
  abortWith(signal, out as Channel<never>);
  out.onClose(() => {
    for (const part of parts) part.exchange?.cancel();
  });
  void Promise.allSettled(parts.map((part) => report(part, image, out))).then(() => out.end());
  yield* out;
}

/** Sends `message` to every node that still takes part; the slowest rules, a stalled one is dropped. */
async function sendToAll(
  options: ControlOptions,
  parts: readonly Part[],
  message: WorkDown,
): Promise<void> {
  const { clock, log } = options;
  await Promise.all(
    parts.map(async ({ node, exchange }) => {
      if (exchange === undefined) return;
      try {
        const sent = exchange.send(message);
        sent.catch(() => undefined);
        await withDeadline(clock, imageStallDeadlineMs, 'a chunk to the node', sent);
      } catch (error) {
        // Its own error, if it has one, comes with its answers.
        log.debug('node dropped from image load', { nodeId: node.id, err: error });
        exchange.cancel(
          new ClusterError('UNAVAILABLE', 'the node takes no more of the image: try again'),
        );
      }
    }),
  );
}

async function feed(
  options: ControlOptions,
  parts: readonly Part[],
  chunks: AsyncIterator<LoadImageRequest>,
): Promise<void> {
  for (;;) {
    const { done, value } = await chunks.next();
    if (done === true) break;
    if (value.part?.kind !== 'chunk')
      throw new ClusterError('INVALID_ARGUMENT', 'only chunks may follow the header of an image');
    const { chunk } = value.part;
    if (chunk.length > imageChunkBytesMax)
      throw new ClusterError(
        'INVALID_ARGUMENT',
        `a chunk of ${chunk.length} bytes is too large: send at most ${imageChunkBytesMax}`,
      );
    await sendToAll(options, parts, WorkDown.create({ body: { kind: 'chunk', chunk } }));
  }
  await sendToAll(options, parts, WorkDown.create({ body: { kind: 'end', end: true } }));
}

async function firstAnswer(options: ControlOptions, part: Part): Promise<WorkAnswer | undefined> {
  if (part.exchange === undefined) throw part.error;
  const iterator = part.exchange.answers[Symbol.asyncIterator]();
  try {
    const what = `node ${hostnameOf(part.node)}`;
    const { done, value } = await withDeadline(
      options.clock,
      answerDeadlineMs,
      what,
      iterator.next(),
    );
    return done === true ? undefined : value;
  } finally {
    part.exchange.cancel();
  }
}

/** Images on the nodes: load an archive, pull, list, remove. */
export function imageHandlers(options: ControlOptions): ImageHandlers {
  const { store } = options;
  const nodesOf = async (
    refs: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly Node[]> => {
    await store.readBarrier(signal);
    return store.view((tx) => targets(tx, refs));
  };
  return {
    async *loadImage(request, context) {
      const chunks = request[Symbol.asyncIterator]();
      const first = await chunks.next();
      const part = first.done === true ? undefined : first.value.part;
      if (part?.kind !== 'header')
        throw new ClusterError(
          'INVALID_ARGUMENT',
          'the first message of a load must be its header',
        );
      const { nodeRefs, name } = part.header;
      const work = WorkLoadImage.create({ name });
      const parts = openParts(options, await nodesOf(nodeRefs, context.signal), {
        kind: 'loadImage',
        loadImage: work,
      });
      let fault: unknown;
      void feed(options, parts, chunks).catch((error: unknown) => {
        fault = error;
        const cutOff = new ClusterError('CANCELLED', 'the upload of the image was cut off');
        for (const each of parts) each.exchange?.cancel(cutOff);
      });
      yield* merged(parts, name, context.signal);
      if (fault !== undefined) throw fault;
    },

    async *pullImage(request: PullImageRequest, context) {
      validateImage('image', request.image);
      const { image, auth } = request;
      const parts = openParts(options, await nodesOf(request.nodeRefs, context.signal), {
        kind: 'pullImage',
        pullImage: WorkPullImage.create({ image, auth }),
      });
      yield* merged(parts, image, context.signal);
    },

    async listImages(request: ListImagesRequest, context) {
      const parts = openParts(options, await nodesOf(request.nodeRefs, context.signal), {
        kind: 'listImages',
        listImages: WorkListImages.create(),
      });
      const nodes = await Promise.all(
        parts.map(async (part) => {
          const own = { nodeId: part.node.id, nodeHostname: hostnameOf(part.node) };
          try {
            const answer = await firstAnswer(options, part);
            const images = answer?.kind === 'images' ? answer.images.images : [];
            return NodeImages.create({ ...own, images });
          } catch (error) {
            return NodeImages.create({ ...own, error: messageOf(error) });
          }
        }),
      );
      return ListImagesResponse.create({ nodes });
    },

    async removeImage(request: RemoveImageRequest, context) {
      if (request.image === '')
        throw new ClusterError('INVALID_ARGUMENT', 'no image given: name the one to remove');
      const { image, force } = request;
      const parts = openParts(options, await nodesOf(request.nodeRefs, context.signal), {
        kind: 'removeImage',
        removeImage: WorkRemoveImage.create({ image, force }),
      });
      const results: ImageProgress[] = [];
      for await (const progress of merged(parts, image, context.signal))
        if (progress.isDone) results.push(progress);
      return RemoveImageResponse.create({ results });
    },
  };
}
