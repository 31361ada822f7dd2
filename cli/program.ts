/**
 * Reads a command line and runs it. Only the file of the command that was asked for is loaded:
 * start-up time is what people feel.
 */
import { Command } from 'commander';
import { addOpposites, normaliseSwitches } from './boolean-flags.ts';
import type { Cli } from './cli.ts';
import { commandTree, isGroup } from './command-tree.ts';
import type { CommandGroup, CommandNode, LeafCommand } from './command-tree.ts';
import { describeFailure, exitOk } from './failure.ts';
import { globalFlagsWithValue, readGlobals } from './globals.ts';
import type { GlobalOptions } from './globals.ts';
import { nearest } from './suggest.ts';

/** Makes a `Cli` for the global options; called when the command first needs one. */
export type CliFactory = (globals: GlobalOptions) => Cli;

/** Where help and errors go, before there is a `Cli`. */
export type Printer = Pick<Cli['terminal'], 'out' | 'err'>;

/** The words of the command line that are not global flags, e.g. ["service", "ls"]. */
function commandWords(args: readonly string[]): string[] {
  let index = 0;
  while (index < args.length) {
    const word = args[index] ?? '';
    if (!word.startsWith('-')) break;
    index += globalFlagsWithValue.has(word) ? 2 : 1;
  }
  return args.slice(index, index + 2);
}

function find(nodes: readonly CommandNode[], word: string | undefined): CommandNode | undefined {
  return nodes.find((node) => node.name === word || ('alias' in node && node.alias === word));
}

/** The command that the words name; undefined for help, a group alone, or a mistake. */
export function findCommand(args: readonly string[]): LeafCommand | undefined {
  const words = commandWords(args);
  const skipped = words[0] === 'help' ? [] : words;
  const first = find(commandTree, skipped[0]);
  if (first === undefined || !isGroup(first)) return first;
  const second = find(first.commands, skipped[1]);
  return second !== undefined && !isGroup(second) ? second : undefined;
}

function addGroup(
  parent: Command,
  group: CommandGroup,
  printer: Printer,
): Map<CommandNode, Command> {
  const command = settle(parent.command(group.name).summary(group.summary), printer);
  command.description(group.summary).allowExcessArguments(true);
  const made = new Map<CommandNode, Command>([[group, command]]);
  for (const leaf of group.commands) made.set(leaf, addLeaf(command, leaf, printer));
  command.action(() => {
    const unknown = command.args[0];
    if (unknown !== undefined) command.error(unknownCommand(command, unknown));
    command.outputHelp();
  });
  return made;
}

function addLeaf(parent: Command, leaf: LeafCommand, printer: Printer): Command {
  const command = settle(parent.command(leaf.name).summary(leaf.summary), printer);
  command.description(leaf.summary).allowExcessArguments(false);
  if (leaf.alias !== undefined) command.alias(leaf.alias);
  return command;
}

/** No exit from inside commander, and its texts are ours to print. */
function settle(command: Command, printer: Printer): Command {
  return command
    .exitOverride()
    .configureOutput({ writeOut: (text) => printer.out(text), writeErr: () => undefined })
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    .helpOption('--help', 'show this help')
    .helpCommand(false);
}

function unknownCommand(parent: Command, word: string): string {
  const near = nearest(
    word,
    parent.commands.map((command) => command.name()),
  );
  const path = fullName(parent);
  const advice = near === undefined ? `see '${path} --help'` : `did you mean '${path} ${near}'?`;
  return `error: '${word}' is not a command of ${path}: ${advice}`;
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}

/** The whole program, with the flags of `chosen` filled in. */
export async function buildProgram(
  makeCli: CliFactory,
  chosen: readonly LeafCommand[],
  printer: Printer,
): Promise<{ readonly program: Command; readonly made: ReadonlyMap<CommandNode, Command> }> {
  const program = settle(new Command('tsctl'), printer);
  program.description('Runs services on a cluster of hosts.').enablePositionalOptions();
  program.allowExcessArguments(true);
  readGlobals(program);
  program.option('-v, --version', "show the versions, as 'tsctl version' does");
  const made = new Map<CommandNode, Command>();
  for (const node of commandTree) {
    if (isGroup(node))
      for (const [key, value] of addGroup(program, node, printer)) made.set(key, value);
    else made.set(node, addLeaf(program, node, printer));
  }
  program.action(() => {
    const unknown = program.args[0];
    if (unknown !== undefined) program.error(unknownCommand(program, unknown));
    program.outputHelp();
  });
  for (const leaf of chosen) {
    const command = made.get(leaf);
    if (command === undefined) continue;
    const module = (await leaf.load()).command;
    module.configure(
      command,
      lazyCli(() => makeCli(program.opts<GlobalOptions>())),
    );
    addOpposites(command);
  }
  return { program, made };
}

/** The words after the command's own name, with `--flag=false` in a form that commander knows. */
function normalised(args: readonly string[], leaf: LeafCommand, command: Command): string[] {
  const [first = ''] = commandWords(args);
  const start = args.indexOf(first) + (command.parent?.parent === null ? 1 : 2);
  const words = normaliseSwitches(command, args.slice(start), leaf.passesThrough === true);
  return [...args.slice(0, start), ...words];
}

/** The `Cli` is made on first use: after the global options are read. */
function lazyCli(make: () => Cli): Cli {
  let made: Cli | undefined;
  return new Proxy({} as Cli, {
    get: (_, key) => {
      made ??= make();
      return made[key as keyof Cli];
    },
  });
}

/** As hands that know other tools ask for it. */
const asksForVersion = (given: readonly string[]): boolean =>
  given.length === 1 && (given[0] === '--version' || given[0] === '-v');

/** Runs the command line (without node and script); gives the exit code, prints errors. */
export async function runProgram(
  given: readonly string[],
  makeCli: CliFactory,
  printer: Printer,
): Promise<number> {
  const args = asksForVersion(given) ? ['version'] : given;
  try {
    const leaf = findCommand(args);
    const { program, made } = await buildProgram(
      makeCli,
      leaf === undefined ? [] : [leaf],
      printer,
    );
    const command = leaf === undefined ? undefined : made.get(leaf);
    const words =
      leaf === undefined || command === undefined ? [...args] : normalised(args, leaf, command);
    await program.parseAsync(words, { from: 'user' });
    return exitOk;
  } catch (error) {
    const { line, code } = describeFailure(error);
    if (line !== undefined) printer.err(`tsctl: ${line}\n`);
    return code;
  }
}
