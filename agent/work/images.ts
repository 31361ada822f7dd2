import { ClusterError } from '#lib';
import type { WorkDown, WorkLoadImage, WorkPullImage, WorkRemoveImage } from '#proto';
import { ImageProgress, NodeImages } from '#proto';
import { sendUp } from './work-context.ts';
import type { WorkContext } from './work-context.ts';

/** Takes an archive in chunks from the manager; one progress message per name that it brought. */
export async function loadImage(request: WorkLoadImage, context: WorkContext): Promise<void> {
  const { runtime, nodeId, link, signal } = context;
  const names = await runtime.images.load(archiveOf(link.incoming), request.name, signal);
  for (const image of names) {
    const progress = ImageProgress.create({ nodeId, image, status: 'loaded', isDone: true });
    await sendUp(context, { kind: 'imageProgress', imageProgress: progress });
  }
}

/** An archive that is cut short must not pass for a whole one. */
async function* archiveOf(incoming: AsyncIterable<WorkDown>): AsyncGenerator<Uint8Array> {
  for await (const { body } of incoming) {
    if (body?.kind === 'end') return;
    if (body?.kind === 'chunk') yield body.chunk;
  }
  throw new ClusterError('CANCELLED', 'the archive ended before its end was told');
}

/** Progress is sent as fast as the line takes it: what comes in between is left out. */
export async function pullImage(request: WorkPullImage, context: WorkContext): Promise<void> {
  const { runtime, nodeId, signal } = context;
  const { image, auth } = request;
  let isSending = false;
  const onProgress = (event: {
    readonly status: string;
    readonly bytesDone: number;
    readonly bytesTotal: number;
  }): void => {
    if (isSending) return;
    isSending = true;
    const imageProgress = ImageProgress.create({ nodeId, image, ...event });
    const free = (): void => {
      isSending = false;
    };
    sendUp(context, { kind: 'imageProgress', imageProgress }).then(free, free);
  };
  const config = await runtime.images.pull(image, auth, onProgress, signal);
  const status = `pulled ${config.digest}`;
  const imageProgress = ImageProgress.create({ nodeId, image, status, isDone: true });
  await sendUp(context, { kind: 'imageProgress', imageProgress });
}

export async function listImages(context: WorkContext): Promise<void> {
  const { runtime, nodeId, signal } = context;
  const images = NodeImages.create({ nodeId, images: await runtime.images.list(signal) });
  await sendUp(context, { kind: 'images', images });
}

export async function removeImage(request: WorkRemoveImage, context: WorkContext): Promise<void> {
  const { runtime, nodeId, signal } = context;
  await runtime.images.remove(request.image, request.force, signal);
  const imageProgress = ImageProgress.create({
    nodeId,
    image: request.image,
    status: 'removed',
    isDone: true,
  });
  await sendUp(context, { kind: 'imageProgress', imageProgress });
}
