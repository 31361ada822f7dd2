import { UsageError } from '../cli.ts';
import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { forEach } from '../output/inspect.ts';
import { parseInteger } from '../parse/integer.ts';
import { splitPair } from '../parse/key-value.ts';
import { changeService } from '../service/change.ts';
import { setReplicas } from '../service/edit.ts';
import { followService } from '../service/follow.ts';
import { replicasMax } from '../service/settings.ts';

interface Options {
  readonly detach?: boolean;
}

export const command: CommandModule = {
  configure(command, cli) {
    command
      .argument('<SERVICE=REPLICAS...>', 'as in web=5')
      .option('-d, --detach', 'do not wait until the services run');
    addExamples(command, ['tsctl service scale web=5', 'tsctl service scale web=5 worker=20']);
    command.action(async (words: readonly string[], options: Options) => {
      const wishes = words.map(readWish);
      const connection = await cli.connect();
      const changed = new Map<string, string>();
      const scaleOne = async (ref: string): Promise<void> => {
        const replicas = new Map(wishes).get(ref) ?? 0;
        const service = await changeService(cli, connection, ref, (spec) =>
          setReplicas(spec, ref, replicas),
        );
        cli.terminal.out(`${ref} scaled to ${replicas}\n`);
        changed.set(service.id, ref);
      };
      try {
        await forEach(cli, [...new Map(wishes).keys()], scaleOne);
      } finally {
        // What did change is waited for, whatever happened to the others.
        if (options.detach !== true)
          for (const [id, ref] of changed) {
            if (changed.size > 1) cli.terminal.out(`${ref}:\n`);
            await followService(cli, connection, id, { isQuiet: false });
          }
      }
    });
  },
};

function readWish(text: string): readonly [string, number] {
  const [ref, count] = splitPair(text);
  if (ref === '' || !text.includes('='))
    throw new UsageError(`'${text}': write it as SERVICE=REPLICAS`);
  return [ref, parseInteger(`'${text}':`, count, 0, replicasMax)];
}
