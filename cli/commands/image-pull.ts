import { ControlService } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import { addExamples, collect } from '../flags.ts';
import { showImageProgress } from '../service/image-progress.ts';
import { readRegistryAuth } from '../service/registry-auth.ts';

interface Options {
  readonly node?: readonly string[];
  readonly quiet?: boolean;
  readonly withRegistryAuth?: boolean;
}

export const command: CommandModule = {
  configure(command, cli) {
    command
      .argument('<IMAGE>', 'as in busybox:1.36 or registry.example:5000/team/app@sha256:...')
      .option('--node <node>', 'only this node (repeatable; default: every ready node)', collect)
      .option('--with-registry-auth', "send the registry's credentials of this machine")
      .option('-q, --quiet', 'no progress');
    addExamples(command, ['tsctl image pull busybox:latest']);
    command.action(async (image: string, options: Options) => {
      const auth = options.withRegistryAuth === true ? readRegistryAuth(image, cli.env) : undefined;
      const connection = await cli.connect();
      const answers = connection.stream(
        ControlService.pullImage,
        { image, nodeRefs: options.node ?? [], auth },
        cli.signal,
      );
      await showImageProgress(cli, answers, options.quiet === true);
    });
  },
};
