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
  /** Everything after the first operand belongs to it, flags included. */
  readonly passesThrough?: boolean;
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

const clusterCommands: readonly LeafCommand[] = [
  leaf('status', 'Show how the managers are doing', () => import('./commands/cluster-status.ts')),
  leaf('update', 'Change the settings', () => import('./commands/update.ts')),
  leaf('backup', 'Write the whole state into a file', () => import('./commands/cluster-backup.ts')),
  leaf('rebalance', 'Move tasks so that they lie even', () => import('./commands/rebalance.ts')),
  leaf('rejoin', 'Mend a manager whose log is damaged', () => import('./commands/rejoin.ts')),
  leaf(
    'update-address',
    'Say where this node is now',
    () => import('./commands/update-address.ts'),
  ),
];

const nodeCommands: readonly LeafCommand[] = [
  leaf('ls', 'List the nodes', () => import('./commands/node-ls.ts'), 'list'),
  leaf('inspect', 'Show everything about nodes', () => import('./commands/node-inspect.ts')),
  leaf('ps', 'List the tasks of nodes', () => import('./commands/node-ps.ts')),
  leaf('update', 'Change a node', () => import('./commands/node-update.ts')),
  leaf('promote', 'Make nodes managers', () => import('./commands/node-promote.ts')),
  leaf('demote', 'Make managers workers', () => import('./commands/node-demote.ts')),
  leaf('cordon', 'Keep new tasks away from nodes', () => import('./commands/node-cordon.ts')),
  leaf('uncordon', 'Let nodes take tasks again', () => import('./commands/node-uncordon.ts')),
  leaf('drain', 'Move the tasks of nodes elsewhere', () => import('./commands/node-drain.ts')),
  leaf('rm', 'Remove nodes', () => import('./commands/node-rm.ts'), 'remove'),
];

const serviceCommands: readonly LeafCommand[] = [
  {
    ...leaf('create', 'Create a service', () => import('./commands/service-create.ts')),
    passesThrough: true,
  },
  leaf('ls', 'List the services', () => import('./commands/service-ls.ts'), 'list'),
  leaf('ps', 'List the tasks of services', () => import('./commands/service-ps.ts')),
  leaf('inspect', 'Show everything about services', () => import('./commands/service-inspect.ts')),
  leaf('scale', 'Set the number of replicas', () => import('./commands/service-scale.ts')),
  leaf('update', 'Change a service', () => import('./commands/service-update.ts')),
  leaf('rollback', 'Go back to the spec before', () => import('./commands/service-rollback.ts')),
  leaf('logs', 'Show what tasks wrote', () => import('./commands/service-logs.ts')),
  leaf('rm', 'Remove services', () => import('./commands/service-rm.ts'), 'remove'),
];

const networkCommands: readonly LeafCommand[] = [
  leaf('create', 'Make a network', () => import('./commands/network-create.ts')),
  leaf('ls', 'List the networks', () => import('./commands/network-ls.ts'), 'list'),
  leaf('inspect', 'Show everything about networks', () => import('./commands/network-inspect.ts')),
  leaf('rm', 'Remove networks', () => import('./commands/network-rm.ts'), 'remove'),
];

const imageCommands: readonly LeafCommand[] = [
  leaf('load', 'Bring images of an archive to nodes', () => import('./commands/image-load.ts')),
  leaf('pull', 'Have nodes pull an image', () => import('./commands/image-pull.ts')),
  leaf('ls', 'List the images of nodes', () => import('./commands/image-ls.ts'), 'list'),
  leaf('rm', 'Remove an image from nodes', () => import('./commands/image-rm.ts'), 'remove'),
];

const contextCommands: readonly LeafCommand[] = [
  leaf('ls', 'List the contexts', () => import('./commands/context-ls.ts'), 'list'),
  leaf('use', 'Choose the daemon to talk to', () => import('./commands/context-use.ts')),
  leaf('create', 'Name a daemon', () => import('./commands/context-create.ts')),
  leaf('inspect', 'Show contexts', () => import('./commands/context-inspect.ts')),
  leaf('rm', 'Remove contexts', () => import('./commands/context-rm.ts'), 'remove'),
];

const labCommands: readonly LeafCommand[] = [
  leaf('up', 'Raise a cluster on this machine', () => import('./commands/lab-up.ts')),
  leaf('down', 'Remove a lab', () => import('./commands/lab-down.ts')),
  leaf('ls', 'List the labs', () => import('./commands/lab-ls.ts'), 'list'),
  {
    ...leaf('exec', 'Run a command in a host', () => import('./commands/lab-exec.ts')),
    passesThrough: true,
  },
  leaf('logs', "Show a host's daemon log", () => import('./commands/lab-logs.ts')),
  leaf('fault', 'Break or heal hosts', () => import('./commands/lab-fault.ts')),
  leaf('start', 'Power hosts on', () => import('./commands/lab-start.ts')),
];

const doctorCommands: readonly LeafCommand[] = [
  leaf('network', 'Say what is wrong with networks', () => import('./commands/doctor-network.ts')),
];

export const commandTree: readonly CommandNode[] = [
  leaf('init', 'Make a cluster', () => import('./commands/init.ts')),
  leaf('join', 'Join a cluster', () => import('./commands/join.ts')),
  leaf('join-token', 'Show or rotate a join token', () => import('./commands/join-token.ts')),
  leaf('update', 'Change the cluster: as cluster update', () => import('./commands/update.ts')),
  leaf('unlock-key', 'Show or rotate the unlock key', () => import('./commands/unlock-key.ts')),
  leaf('unlock', 'Unlock this manager', () => import('./commands/unlock.ts')),
  leaf('leave', 'Leave the cluster', () => import('./commands/leave.ts')),
  { name: 'cluster', summary: 'The managers and their state', commands: clusterCommands },
  { name: 'node', summary: 'The hosts of the cluster', commands: nodeCommands },
  { name: 'service', summary: 'What runs on the cluster', commands: serviceCommands },
  { name: 'network', summary: 'How tasks reach each other', commands: networkCommands },
  { name: 'image', summary: 'Images on the nodes', commands: imageCommands },
  { name: 'lab', summary: 'Clusters on this one machine', commands: labCommands },
  { name: 'context', summary: 'The daemons that tsctl knows', commands: contextCommands },
  { name: 'doctor', summary: 'What is wrong, and how to mend it', commands: doctorCommands },
  leaf('why', 'Say why tasks wait, or are where they are', () => import('./commands/why.ts')),
  leaf('simulate', 'Say what would happen if', () => import('./commands/simulate.ts')),
  leaf('info', 'Show the daemon and its cluster', () => import('./commands/info.ts')),
  leaf('version', 'Show the versions', () => import('./commands/version.ts')),
  leaf('completion', 'Print a script for the shell', () => import('./commands/completion.ts')),
];
