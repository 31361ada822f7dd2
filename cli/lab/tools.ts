/** What the lab's commands share: their tools out of the `Cli`, and the --name flag. */
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import type { LabTools } from './lab-node.ts';
import { defaultLabName } from './names.ts';

export function labTools(cli: Cli): LabTools {
  return {
    root: cli.labRoot,
    installDir: cli.installDir,
    clock: cli.clock,
    contexts: cli.contexts,
    connectTo: (host) => cli.connectTo(host),
    say: (line) => cli.terminal.out(`${line}\n`),
    signal: cli.signal,
  };
}

export interface NameOption {
  readonly name: string;
}

export function addNameFlag(command: Command): Command {
  return command.option('--name <name>', 'the lab', defaultLabName);
}
