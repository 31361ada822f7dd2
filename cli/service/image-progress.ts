/** What nodes say while they load, pull or remove images: one line per node and image. */
import { ClusterError } from '#lib';
import type { ImageProgress } from '#proto';
import type { Cli } from '../cli.ts';
import { truncated } from '../output/table.ts';
import { humanBytes } from '../output/words.ts';

export function imageLine(progress: ImageProgress): string {
  const where = `${progress.nodeHostname || progress.nodeId}:`.padEnd(10);
  const image = progress.image === '' ? '' : ` ${progress.image}:`;
  if (progress.error !== '') return `${where}${image} failed: ${progress.error}`;
  const size =
    progress.bytesTotal > 0 && !progress.isDone
      ? ` ${humanBytes(progress.bytesDone)} of ${humanBytes(progress.bytesTotal)}`
      : '';
  return `${where}${image} ${progress.status || (progress.isDone ? 'done' : 'working')}${size}`;
}

/**
 * Draws the answers as they come; on a pipe only what is final. Rejects with UNAVAILABLE at the end
 * when a node failed.
 */
export async function showImageProgress(
  cli: Cli,
  answers: AsyncIterable<ImageProgress>,
  isQuiet: boolean,
): Promise<void> {
  const lines = new Map<string, string>();
  let drawn = 0;
  let failed = 0;
  let lastError = '';
  for await (const progress of answers) {
    if (progress.error !== '') {
      failed++;
      lastError = `${progress.nodeHostname || progress.nodeId}: ${progress.error}`;
    }
    if (isQuiet) continue;
    const line = truncated(imageLine(progress), cli.terminal.columns - 1);
    if (!cli.terminal.isTty) {
      if (progress.isDone || progress.error !== '') cli.terminal.out(`${imageLine(progress)}\n`);
      continue;
    }
    lines.set(`${progress.nodeId} ${progress.isDone ? progress.image : ''}`, line);
    if (progress.isDone) lines.delete(`${progress.nodeId} `);
    const up = drawn === 0 ? '' : `\u001b[${drawn}A`;
    cli.terminal.out(
      `${up}${[...lines.values()].map((one) => `${one}\u001b[K\n`).join('')}\u001b[J`,
    );
    drawn = lines.size;
  }
  if (failed === 0) return;
  const which = failed === 1 ? 'one node' : `${failed} nodes`;
  throw new ClusterError('UNAVAILABLE', `${which} failed: ${lastError}`);
}
