import { ControlService } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import { addExamples, collect } from '../flags.ts';
import { forEach } from '../output/inspect.ts';
import { showImageProgress } from '../service/image-progress.ts';

interface Options {
  readonly node?: readonly string[];
  readonly force?: boolean;
}

export const command: CommandModule = {
  configure(command, cli) {
    command
      .argument('<IMAGE...>', 'names')
      .option('--node <node>', 'only from this node (repeatable)', collect)
      .option('-f, --force', 'also if containers use it');
    addExamples(command, ['tsctl image rm busybox:latest']);
    command.action(async (images: readonly string[], options: Options) => {
      const connection = await cli.connect();
      await forEach(cli, images, async (image) => {
        const { results } = await connection.call(ControlService.removeImage, {
          image,
          nodeRefs: options.node ?? [],
          force: options.force === true,
        });
        await showImageProgress(cli, each(results), false);
      });
    });
  },
};

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
