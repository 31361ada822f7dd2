/** What the lab's commands share: their tools out of the `Cli`, and the --name flag. */
import type { Command } from 'commander';
import { ClusterError } from '#lib';
import type { Cli } from '../cli.ts';
import type { LabTools } from './lab-node.ts';
import { defaultLabName } from './names.ts';

/** What is needed to change a lab; PERMISSION_DENIED for anyone but root. */
export function labTools(cli: Cli): LabTools {
  requireRoot();
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

export function requireRoot(): void {
  if (process.getuid?.() !== 0)
    throw new ClusterError('PERMISSION_DENIED', 'the lab needs root: run tsctl as root');
}

export interface NameOption {
  readonly name: string;
}

export function addNameFlag(command: Command): Command {
  return command.option('--name <name>', 'the lab', defaultLabName);
}
