/**
 * Reads a command line and runs it. Only the file of the command that was asked for is loaded:
 * start-up time is what people feel.
 */
import { Command, CommanderError } from 'commander';
import { ClusterError, messageOf } from '#lib';
import { UsageError } from './cli.ts';
import type { Cli } from './cli.ts';
import { commandTree, isGroup } from './command-tree.ts';
import type { CommandGroup, CommandNode, LeafCommand } from './command-tree.ts';
import { globalFlagsWithValue, readGlobals } from './globals.ts';
import type { GlobalOptions } from './globals.ts';

export const exitOk = 0;
export const exitError = 1;
export const exitUsage = 2;

/** Makes a `Cli` for the global options; called once, before the command's file is loaded. */
export type CliFactory = (globals: GlobalOptions) => Cli;

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

function addGroup(parent: Command, group: CommandGroup): Map<CommandNode, Command> {
  const command = settle(parent.command(group.name).summary(group.summary));
  command.description(group.summary).allowExcessArguments(true);
  const made = new Map<CommandNode, Command>([[group, command]]);
  for (const leaf of group.commands) made.set(leaf, addLeaf(command, leaf));
  command.action(() => {
    const unknown = command.args[0];
    if (unknown !== undefined) command.error(unknownCommand(command, unknown));
    command.outputHelp();
  });
  return made;
}

function addLeaf(parent: Command, leaf: LeafCommand): Command {
  const command = settle(parent.command(leaf.name).summary(leaf.summary));
  command.description(leaf.summary).allowExcessArguments(false);
  if (leaf.alias !== undefined) command.alias(leaf.alias);
  return command;
}

/** No exit from inside commander, and its texts are ours to print. */
function settle(command: Command): Command {
  return command
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
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

/** The candidate that a slip of the finger may have meant: at most two edits away. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, edits: editDistance(word, candidate) }))
    .filter(({ candidate, edits }) => edits <= Math.min(2, Math.floor(candidate.length / 2) + 1))
    .sort((a, b) => a.edits - b.edits);
  return ranked[0]?.candidate;
}

/** Insertions, deletions, replacements and swaps of neighbours between two words. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    const line = [i];
    rows.push(line);
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, at(i - 2, j - 2) + 1);
      line.push(best);
    }
  }
  return at(a.length, b.length);
}

/** The whole program, with the flags of `chosen` filled in. */
export async function buildProgram(
  makeCli: CliFactory,
  chosen: readonly LeafCommand[],
): Promise<Command> {
  const program = settle(new Command('tsctl'));
  program.description('Runs services on a cluster of hosts.').enablePositionalOptions();
  program.allowExcessArguments(true);
  readGlobals(program);
  const made = new Map<CommandNode, Command>();
  for (const node of commandTree) {
    if (isGroup(node)) for (const [key, value] of addGroup(program, node)) made.set(key, value);
    else made.set(node, addLeaf(program, node));
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
  }
  return program;
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

/** Runs the command line (without node and script); gives the exit code, prints errors. */
export async function runProgram(
  args: readonly string[],
  makeCli: CliFactory,
  printError: (line: string) => void,
): Promise<number> {
  try {
    const leaf = findCommand(args);
    const program = await buildProgram(makeCli, leaf === undefined ? [] : [leaf]);
    await program.parseAsync([...args], { from: 'user' });
    return exitOk;
  } catch (error) {
    const { line, code } = describeFailure(error);
    if (line !== undefined) printError(`tsctl: ${line}\n`);
    return code;
  }
}

/** What is printed for whatever was thrown, and the exit code. */
export function describeFailure(error: unknown): { line: string | undefined; code: number } {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return { line: undefined, code: exitOk };
    return { line: oneLine(usageText(error)), code: exitUsage };
  }
  if (error instanceof UsageError) return { line: oneLine(error.message), code: exitUsage };
  if (error instanceof ClusterError) return { line: oneLine(error.message), code: exitError };
  return { line: `internal error: ${oneLine(messageOf(error))}`, code: exitError };
}

const oneLine = (text: string): string => text.trim().replaceAll(/\s*\n\s*/g, ' ');

/** commander's words, without its prefix, with its suggestion as part of the line. */
function usageText(error: CommanderError): string {
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = /\(Did you mean (.*)\?\)/.exec(rest.join(' '))?.[1];
  return suggestion === undefined ? first : `${first}: did you mean ${suggestion}?`;
}
