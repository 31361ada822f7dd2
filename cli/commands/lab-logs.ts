import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { sleep } from '#lib';
import { UsageError } from '../cli.ts';
import type { Cli } from '../cli.ts';
import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { logFiles } from '../lab/lab-node.ts';
import { addNameFlag } from '../lab/tools.ts';
import type { NameOption } from '../lab/tools.ts';

interface Options extends NameOption {
  readonly follow?: boolean;
  readonly daemon?: string;
}

export const command: CommandModule = {
  configure(command, cli) {
    addNameFlag(command)
      .description("Show what a host's daemons wrote.")
      .argument('<HOST>', 'host1, host2, ...')
      .option('-f, --follow', 'go on as more is written')
      .option('--daemon <name>', 'tesserad, containerd or init', 'tesserad');
    addExamples(command, ['tsctl lab logs host1 -f', 'tsctl lab logs host1 --daemon containerd']);
    command.action(async (host: string, options: Options) => {
      const files = logFiles(cli.labRoot, options.name, host);
      const file = files.find((path) => path.endsWith(`/${options.daemon}.log`));
      if (file === undefined)
        throw new UsageError(`--daemon '${options.daemon}': use tesserad, containerd or init`);
      await printFile(cli, file, options.follow === true);
    });
  },
};

const chunkBytes = 64 << 10;

async function printFile(cli: Cli, path: string, follow: boolean): Promise<void> {
  const buffer = Buffer.alloc(chunkBytes);
  let at = 0;
  for (;;) {
    if (existsSync(path)) at = printFrom(cli, path, at, buffer);
    if (!follow || cli.signal.aborted) return;
    try {
      await sleep(cli.clock, 100, cli.signal);
    } catch {
      return;
    }
  }
}

function printFrom(cli: Cli, path: string, from: number, buffer: Buffer): number {
  let at = statSync(path).size < from ? 0 : from;
  const file = openSync(path, 'r');
  try {
    for (;;) {
      const count = readSync(file, buffer, 0, buffer.length, at);
      if (count === 0) return at;
      cli.terminal.out(buffer.toString('utf8', 0, count));
      at += count;
    }
  } finally {
    closeSync(file);
  }
}
