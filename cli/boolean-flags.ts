/**
 * docker's users write `--detach=false` and `-d=true`. commander has no such form for flags that are on
 * or off, so it is turned into `--detach` or `--no-detach` before parsing; what comes after the
 * operand of a command that passes the rest through (`service create IMAGE CMD...`) is untouched.
 */
import { Option } from 'commander';
import type { Command } from 'commander';

const isSwitch = (option: Option): boolean =>
  !option.required && !option.optional && !option.negate && option.long !== '--help';

/** Gives every on-off flag of the command its hidden opposite. */
export function addOpposites(command: Command): void {
  const known = new Set(command.options.map((option) => option.long));
  for (const option of command.options.filter(isSwitch)) {
    const opposite = `--no-${option.long?.slice(2)}`;
    if (option.long !== undefined && !known.has(opposite))
      command.addOption(new Option(opposite).hideHelp());
  }
}

function findOption(command: Command, word: string): Option | undefined {
  return command.options.find((option) => option.short === word || option.long === word);
}

/** `words`: what follows the command's name. `passesThrough`: it ends at the first operand. */
export function normaliseSwitches(
  command: Command,
  words: readonly string[],
  passesThrough: boolean,
): string[] {
  const out: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--' || (passesThrough && !word.startsWith('-')))
      return [...out, ...words.slice(at)];
    const [, name = '', value = ''] = /^(-[^=]+)=(true|false)$/.exec(word) ?? [];
    const option = findOption(command, name === '' ? word : name);
    if (name !== '' && option !== undefined && isSwitch(option))
      out.push(value === 'true' ? name : `--no-${option.long?.slice(2)}`);
    else {
      out.push(word);
      if (option?.required === true) out.push(...words.slice(at + 1, ++at + 1));
    }
  }
  return out;
}
