import type { CommandModule } from '../command-tree.ts';
import { addListFlags } from '../flags.ts';
import { allLabs, contextName, labStatus } from '../lab/lab-node.ts';
import { hostName, subnet } from '../lab/names.ts';
import { printList } from '../output/list.ts';
import type { ListOptions } from '../output/list.ts';
import { ago } from '../output/words.ts';

export const command: CommandModule = {
  configure(command, cli) {
    addListFlags(command, ['tsctl lab ls', 'tsctl lab ls -q']);
    command.action(async (options: ListOptions) => {
      const names = await allLabs(cli.labRoot);
      const items = names.map((name) => ({ name, ...labStatus(cli.labRoot, name) }));
      printList(cli, options, {
        heads: ['NAME', 'STATE', 'HOSTS', 'MANAGERS', 'SUBNET', 'CONTEXT', 'CREATED'],
        items,
        row: ({ name, lab, hosts }) => {
          if (lab === undefined) return [name, 'damaged', '', '', '', '', ''];
          const on = hosts.filter((host) => host.isOn).length;
          return [
            name,
            lab.phase,
            `${on}/${lab.hostCount}`,
            String(lab.managerCount),
            subnet(lab.index),
            contextName(name),
            ago(cli.clock.now(), lab.createdAtMs),
          ];
        },
        id: ({ name }) => name,
        name: ({ name }) => name,
        json: ({ name, lab, hosts }) => ({
          ...lab,
          name,
          phase: lab?.phase ?? 'damaged',
          hosts: hosts.map(({ host, isOn }) => ({ name: hostName(host), isOn })),
        }),
      });
    });
  },
};
