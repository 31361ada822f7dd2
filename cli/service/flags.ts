/** Gives commander the flags of `service create` and `service update`. */
import { Option } from 'commander';
import type { Command } from 'commander';
import { collect } from '../flags.ts';
import { lists } from './lists.ts';
import { longName, settings } from './settings.ts';

export function addSettingFlags(command: Command): void {
  for (const { flag, value, help } of settings) {
    command.addOption(new Option(value === undefined ? flag : `${flag} ${value}`, help));
    // The other way round: --read-only=false.
    if (value === undefined)
      command.addOption(new Option(`--no-${longName(flag).slice(2)}`).hideHelp());
  }
}

export function addCreateListFlags(command: Command): void {
  for (const { flag, value, help } of lists)
    command.option(`${flag} ${value}`, `${help} (repeatable)`, collect);
}

export function addUpdateListFlags(command: Command): void {
  for (const { flag, value, key, help } of lists) {
    const long = longName(flag);
    command.option(`${long}-add ${value}`, `add or replace: ${help} (repeatable)`, collect);
    command.option(`${long}-rm ${key}`, `remove by ${key.slice(1, -1)} (repeatable)`, collect);
  }
}
