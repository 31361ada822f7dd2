import { readFileSync } from 'node:fs';
import { ControlService } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import { addExamples, collect } from '../flags.ts';
import { specFromFlags } from '../service/create-spec.ts';
import { addCreateListFlags, addSettingFlags } from '../service/flags.ts';
import { followService } from '../service/follow.ts';
import { withRegistryAuth } from '../service/registry-auth.ts';
import { serviceFromFile, withCommandLine } from '../service/service-file.ts';
import { readFromFile } from '../yaml-file-node.ts';

interface Options {
  readonly from?: string;
  readonly detach?: boolean;
  readonly quiet?: boolean;
  readonly withRegistryAuth?: boolean;
}

export const command: CommandModule = {
  configure(command, cli) {
    command
      .argument('[IMAGE]', 'the image of the containers')
      .argument('[CMD...]', "what runs instead of the image's command")
      .passThroughOptions()
      .option('--name <name>', 'name of the service (default: one is made up)')
      .option('--mode <mode>', 'replicated or global (default replicated)')
      .option('--from <file>', 'a service described in YAML; flags go before what it says')
      .option('-d, --detach', 'do not wait until the service runs')
      .option('-q, --quiet', 'print the id only')
      .option('--env-file <file>', 'read environment variables from a file (repeatable)', collect)
      .option('--with-registry-auth', "send the registry's credentials of this machine");
    addCreateListFlags(command);
    addSettingFlags(command);
    addExamples(command, [
      'tsctl service create --name web --replicas 3 --publish mode=host,published=8080,target=80 nginx',
      'tsctl service create --mode global --mount type=bind,src=/var/log,dst=/logs,ro busybox tail -f /logs/syslog',
      'tsctl service create --replicas 3 --spread node.labels.zone --anti-affinity self@node.hostname web:2',
      'tsctl service create --name db --network name=backend,alias=cache,ip=10.1.0.11,ip=10.1.0.12 --replicas 2 redis',
      'tsctl service create --replicas 3 --reserve-cpu 1 --priority 100 --max-unavailable 1 shop:1',
      'tsctl service create --from web.yaml --replicas 5',
      'tsctl service create --limit-memory 64m --constraint node.labels.zone==a -e LEVEL=info app:2',
      '',
      'web.yaml: the long names of the flags, with image and args (what runs instead of its command)',
      '  name: web',
      '  image: web:2',
      '  replicas: 3',
      '  env: {LEVEL: info}',
      '  toleration: ["disk=slow:NoSchedule"]',
      '  spread: [node.labels.zone]',
      '  anti-affinity: [self@node.hostname]',
    ]);
    command.action(async (image: string | undefined, args: readonly string[], options: Options) => {
      const given = { ...options };
      const filed =
        options.from === undefined ? undefined : serviceFromFile(readFromFile(options.from), given);
      const runs = withCommandLine(filed, image, args);
      const sources = { env: cli.env, readFile: (path: string) => readFileSync(path, 'utf8') };
      let spec = specFromFlags(runs.image, runs.args, filed?.flags ?? given, sources);
      if (options.withRegistryAuth === true) spec = withRegistryAuth(spec, cli.env);
      const connection = await cli.connect();
      const answer = await connection.call(ControlService.createService, { spec });
      for (const warning of answer.warnings) cli.terminal.err(`tsctl: warning: ${warning}\n`);
      const id = answer.service?.id ?? '';
      cli.terminal.out(`${id}\n`);
      if (options.detach !== true)
        await followService(cli, connection, id, { isQuiet: options.quiet === true });
    });
  },
};
