import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { ClusterError } from '#lib';
import { ControlService, LoadImageHeader, LoadImageRequest } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import { addExamples, collect } from '../flags.ts';
import { showImageProgress } from '../service/image-progress.ts';

interface Options {
  readonly node?: readonly string[];
  readonly input?: string;
  readonly quiet?: boolean;
}

/** Below the wire's limit of 1 MiB a chunk. */
const chunkBytes = 512 << 10;

export const command: CommandModule = {
  configure(command, cli) {
    command
      .description('Bring the images of an OCI or docker archive to nodes, without a registry.')
      .argument('[FILE]', "the archive (.tar, .tar.gz); '-' = standard input")
      .option('-i, --input <file>', 'the archive, as in docker')
      .option('--node <node>', 'only to this node (repeatable; default: every ready node)', collect)
      .option('-q, --quiet', 'no progress');
    addExamples(command, [
      'tsctl image load web.tar',
      'docker save web:1 | tsctl image load -',
      'tsctl image load --node host2 web.tar',
    ]);
    command.action(async (file: string | undefined, options: Options) => {
      const path = file ?? options.input ?? '-';
      const connection = await cli.connect();
      const answers = connection.exchange(
        ControlService.loadImage,
        requests(path, options.node ?? []),
        cli.signal,
      );
      await showImageProgress(cli, answers, options.quiet === true);
    });
  },
};

async function* requests(
  path: string,
  nodeRefs: readonly string[],
): AsyncGenerator<LoadImageRequest> {
  const source = await openArchive(path);
  const header = LoadImageHeader.create({ nodeRefs });
  yield LoadImageRequest.create({ part: { kind: 'header', header } });
  for await (const bytes of source as AsyncIterable<Buffer>)
    for (let at = 0; at < bytes.length; at += chunkBytes)
      yield LoadImageRequest.create({
        part: { kind: 'chunk', chunk: bytes.subarray(at, at + chunkBytes) },
      });
}

async function openArchive(path: string): Promise<NodeJS.ReadableStream> {
  if (path === '-') {
    if (!process.stdin.isTTY) return process.stdin;
    throw new ClusterError('INVALID_ARGUMENT', 'no archive: name a FILE, or pipe one in');
  }
  const found = await stat(path).catch((error: unknown) => error as NodeJS.ErrnoException);
  if (found instanceof Error || !found.isFile()) {
    const why = found instanceof Error ? (found.code ?? found.message) : 'it is not a file';
    const words = why === 'ENOENT' ? 'no such file' : why;
    throw new ClusterError('INVALID_ARGUMENT', `cannot read archive ${path}: ${words}`);
  }
  return createReadStream(path, { highWaterMark: chunkBytes });
}
