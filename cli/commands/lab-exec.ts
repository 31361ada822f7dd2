import { spawn } from 'node:child_process';
import { ClusterError } from '#lib';
import type { Cli } from '../cli.ts';
import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { enterCommand } from '../lab/host-node.ts';
import { hostNumber } from '../lab/names.ts';
import { loadLab } from '../lab/state-node.ts';
import { addNameFlag, requireRoot } from '../lab/tools.ts';
import type { NameOption } from '../lab/tools.ts';

const signalExitCodes: Readonly<Record<string, number>> = {
  SIGINT: 130,
  SIGKILL: 137,
  SIGTERM: 143,
};

export const command: CommandModule = {
  configure(command, cli) {
    addNameFlag(command)
      .description('Run a command inside a host; its exit code is passed on.')
      .argument('<HOST>', 'host1, host2, ...')
      .argument('[CMD...]', 'default: a shell')
      .passThroughOptions();
    addExamples(command, [
      'tsctl lab exec host2 -- ctr -n tessera containers ls',
      'tsctl lab exec host1 -- tsctl node ls',
      'tsctl lab exec host3',
    ]);
    command.action(async (host: string, given: readonly string[], options: NameOption) => {
      const words = given[0] === '--' ? given.slice(1) : given;
      requireRoot();
      const lab = loadLab(cli.labRoot, options.name);
      const inside = words.length > 0 ? words : ['/bin/sh'];
      const line = enterCommand(lab.name, hostNumber(host, lab.hostCount), inside);
      cli.setExitCode(await runInside(cli, line));
    });
  },
};

function runInside(cli: Cli, [command = '', ...args]: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: 'inherit',
      env: {
        ...cli.env,
        PATH: `${cli.installDir}/bin:${cli.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin'}`,
        // Inside, tsctl means the daemon of that host, whatever context is in use outside.
        TESSERA_HOST: 'unix:///run/tessera/tessera.sock',
        TESSERA_CONTEXT: undefined,
        TESSERA_INSTALL_DIR: undefined,
      },
    });
    child.on('error', (cause) =>
      reject(new ClusterError('FAILED_PRECONDITION', `cannot run ${command}`, { cause })),
    );
    child.on('exit', (code, signal) => resolve(code ?? signalExitCodes[signal ?? ''] ?? 128));
  });
}
