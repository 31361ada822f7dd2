import type { CommandModule } from '../command-tree.ts';
import { addExamples } from '../flags.ts';
import { parseWord } from '../parse/words.ts';

export const command: CommandModule = {
  configure(command, cli) {
    command
      .argument('<SHELL>', 'bash, zsh or fish')
      .description('Print a script that completes commands and flags.');
    addExamples(command, [
      'source <(tsctl completion bash)',
      'tsctl completion fish >~/.config/fish/completions/tsctl.fish',
    ]);
    command.action(async (shell: string) => {
      const { bashScript, describeCommands, fishScript, zshScript } = await import(
        '../completion-scripts.ts'
      );
      const make = parseWord('SHELL', shell, {
        bash: bashScript,
        zsh: zshScript,
        fish: fishScript,
      });
      cli.terminal.out(make(await describeCommands()));
    });
  },
};
