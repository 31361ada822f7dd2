import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { changeService } from '../service/change.ts';
import { addSettingFlags, addUpdateListFlags } from '../service/flags.ts';
import { followService } from '../service/follow.ts';
import { withRegistryAuth } from '../service/registry-auth.ts';
import { namesById } from '../service/lookup.ts';
import { namesOthers, withNames } from '../service/network-lists.ts';
import { changedSpec } from '../service/update-spec.ts';

interface Options {
  readonly detach?: boolean;
  readonly quiet?: boolean;
  readonly rollback?: boolean;
  readonly withRegistryAuth?: boolean;
}

export const command: CommandModule = {
  configure(command, cli) {
    command
      .argument('<SERVICE>', 'name or id')
      .option('--image <image>', 'another image')
      .option('--args <command>', "what runs instead of the image's command")
      .option('--force', 'replace every task even if nothing changes')
      .option('--rollback', 'go back to the spec before')
      .option('-d, --detach', 'do not wait until the update is through')
      .option('-q, --quiet', 'no progress')
      .option('--with-registry-auth', "send the registry's credentials of this machine");
    addUpdateListFlags(command);
    addSettingFlags(command);
    addExamples(command, [
      'tsctl service update --image app:2 web',
      'tsctl service update --priority 0 --max-unavailable 25% batch',
      'tsctl service update --env-add LEVEL=debug --env-rm OLD web',
      'tsctl service update --limit-memory 128m --update-parallelism 2 web',
      'tsctl service update --network-add name=backend,alias=db --network-rm old web',
      'tsctl service update --rollback web',
    ]);
    command.action(async (ref: string, options: Options) => {
      const connection = await cli.connect();
      // Flags speak of networks and services by their names, a stored spec by their ids.
      const names = namesOthers({ ...options }) ? await namesById(connection) : new Map();
      const service = await changeService(cli, connection, ref, (spec) => {
        if (options.rollback === true) return 'rollback';
        const changed = changedSpec(withNames(spec, names), { ...options }, cli.env);
        return options.withRegistryAuth === true ? withRegistryAuth(changed, cli.env) : changed;
      });
      cli.terminal.out(`${service.id}\n`);
      if (options.detach !== true)
        await followService(cli, connection, service.id, {
          isQuiet: options.quiet === true,
          isRollback: options.rollback === true,
        });
    });
  },
};
