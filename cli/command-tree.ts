/** Every command of `tsctl`: its name, one line about it, and the file that is loaded to run it. */
import type { Command } from 'commander';
import type { Cli } from './cli.ts';

/** What a file in commands/ exports as `command`: its arguments, flags, examples and action. */
export interface CommandModule {
  configure(command: Command, cli: Cli): void;
}

export interface LeafCommand {
  readonly name: string;
  readonly alias?: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly command: CommandModule }>;
}

export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly LeafCommand[];
}

export type CommandNode = LeafCommand | CommandGroup;

export const isGroup = (node: CommandNode): node is CommandGroup => 'commands' in node;

type Load = LeafCommand['load'];

const leaf = (name: string, summary: string, load: Load, alias?: string): LeafCommand =>
  alias === undefined ? { name, summary, load } : { name, summary, load, alias };

const nodeCommands: readonly LeafCommand[] = [
  leaf('ls', 'List the nodes', () => import('./commands/node-ls.ts'), 'list'),
];

const labCommands: readonly LeafCommand[] = [
  leaf('up', 'Raise a cluster on this machine', () => import('./commands/lab-up.ts')),
  leaf('down', 'Remove a lab', () => import('./commands/lab-down.ts')),
  leaf('ls', 'List the labs', () => import('./commands/lab-ls.ts'), 'list'),
  leaf('exec', 'Run a command in a host', () => import('./commands/lab-exec.ts')),
  leaf('logs', "Show a host's daemon log", () => import('./commands/lab-logs.ts')),
  leaf('fault', 'Break or heal a host', () => import('./commands/lab-fault.ts')),
  leaf('start', 'Power hosts on', () => import('./commands/lab-start.ts')),
];

export const commandTree: readonly CommandNode[] = [
  leaf('init', 'Make a cluster', () => import('./commands/init.ts')),
  leaf('join', 'Join a cluster', () => import('./commands/join.ts')),
  { name: 'node', summary: 'The hosts of the cluster', commands: nodeCommands },
  { name: 'lab', summary: 'Clusters on this one machine', commands: labCommands },
];
