import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { faults, injectFault } from '../lab/lab-node.ts';
import type { Fault } from '../lab/lab-node.ts';
import { addNameFlag, labTools } from '../lab/tools.ts';
import type { NameOption } from '../lab/tools.ts';
import { parseWord } from '../parse/words.ts';

const faultTable = Object.fromEntries(faults.map((fault) => [fault, fault] as const));

export const command: CommandModule = {
  configure(command, cli) {
    addNameFlag(command)
      .argument('<FAULT>', faults.join(', '))
      .argument('<HOST...>', 'host1, host2, ...')
      .addHelpText(
        'after',
        `
Faults:
  kill   power cut: SIGKILL to every process of the host, containers included
  stop   tesserad freezes (SIGSTOP); containers run on
  cont   tesserad goes on
  cut    the host's network cable is pulled
  heal   undoes all of the above: boots, plugs in, goes on`,
      );
    addExamples(command, ['tsctl lab fault kill host2', 'tsctl lab fault heal host2']);
    command.action(async (word: string, hosts: readonly string[], options: NameOption) => {
      const fault: Fault = parseWord('FAULT', word, faultTable);
      for (const host of hosts) await injectFault(options.name, fault, host, labTools(cli));
    });
  },
};
