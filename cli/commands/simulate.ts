import { ControlService, SimulateResponse, toJson } from '#proto';
import { UsageError } from '../cli.ts';
import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { formatOf } from '../output/list.ts';
import { describedCluster } from '../service/simulation-file.ts';
import { addStepFlags } from '../service/simulation-steps.ts';
import { simulationText } from '../service/simulation-text.ts';
import { readFromFile } from '../yaml-file-node.ts';

interface Options {
  readonly from?: string;
  readonly format?: string;
}

/** A large cluster is played through in some seconds. */
const deadlineMs = 120_000;

export const command: CommandModule = {
  configure(command, cli) {
    const steps = addStepFlags(command);
    command.description(
      'Say what would happen if. Steps may be repeated; each is played to its end before the next.',
    );
    command
      .option('--from <file>', 'a cluster described in YAML instead of the live one')
      .option('--format <format>', 'table or json');
    addExamples(command, [
      'tsctl simulate --drain host2',
      'tsctl simulate --lose zone=a --add-nodes 2,cpu=8,memory=16GiB,label=zone=b',
      'tsctl simulate --scale web=30 --remove host3',
      'tsctl simulate --from plan.yaml --scale web=10',
      '',
      'plan.yaml: nodes by their size, services by the flags of service create',
      '  nodes:',
      '    - {name: a, count: 3, cpu: 4, memory: 8GiB, labels: {zone: a}}',
      '  services:',
      '    - {name: web, replicas: 6, reserve-cpu: 0.5, spread: [node.labels.zone]}',
    ]);
    command.action(async (options: Options) => {
      const format = formatOf(options.format, ['table', 'json']);
      if (steps.length === 0 && options.from === undefined)
        throw new UsageError(
          'nothing to simulate: give --drain, --remove, --lose, --add-nodes, --scale, or --from',
        );
      const cluster =
        options.from === undefined ? undefined : describedCluster(readFromFile(options.from));
      const connection = await cli.connect();
      const request = { steps, cluster };
      const answer = await connection.call(ControlService.simulate, request, { deadlineMs });
      if (format === 'table') cli.terminal.out(simulationText(answer));
      else cli.terminal.out(`${JSON.stringify(toJson(SimulateResponse, answer), undefined, 2)}\n`);
    });
  },
};
