import { readFileSync } from 'node:fs';
import { messageOf } from '#lib';
import { LocalService } from '#proto';
import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { checkFormat } from '../output/list.ts';

export const command: CommandModule = {
  configure(command, cli) {
    command.option('--format <format>', 'table or json');
    addExamples(command, ['tsctl version']);
    command.action(async (options: { readonly format?: string }) => {
      const format = checkFormat(options.format);
      const file = readFileSync(`${cli.installDir}/package.json`, 'utf8');
      const client = (JSON.parse(file) as { version: string }).version;
      const node = process.versions.node;
      let server: string | undefined;
      let problem = '';
      try {
        server = (await (await cli.connect()).call(LocalService.info)).tesseraVersion;
      } catch (error) {
        problem = messageOf(error);
      }
      if (format === 'json') {
        cli.terminal.out(`${JSON.stringify({ client, node, server: server ?? null })}\n`);
        return;
      }
      cli.terminal.out(`Client: ${client} (Node ${node}, ${process.arch})\n`);
      if (server === undefined) cli.terminal.err(`tsctl: no server: ${problem}\n`);
      else cli.terminal.out(`Server: ${server}\n`);
    });
  },
};
