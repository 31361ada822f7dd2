/** Completion scripts, made from the commands themselves: they know every command and flag. */
import { buildProgram } from './program.ts';
import { commandTree, isGroup } from './command-tree.ts';
import type { CommandNode, LeafCommand } from './command-tree.ts';

export interface CommandWords {
  /** "" for tsctl itself, "service create" for a command below. */
  readonly path: string;
  readonly summary: string;
  /** Commands below it, and its flags. */
  readonly words: readonly string[];
}

const neverUsed = (): never => {
  throw new Error('nothing runs while commands are described');
};

/** Every command with what may follow it. */
export async function describeCommands(): Promise<readonly CommandWords[]> {
  const leaves = commandTree.flatMap((node): readonly LeafCommand[] =>
    isGroup(node) ? node.commands : [node],
  );
  const { program, made } = await buildProgram(neverUsed, leaves, {
    out: neverUsed,
    err: neverUsed,
  });
  const flagsOf = (node: CommandNode): string[] =>
    (made.get(node)?.options ?? [])
      .filter((option) => !option.hidden && option.long !== undefined)
      .map((option) => option.long ?? '');
  const entries: CommandWords[] = [
    {
      path: '',
      summary: program.description(),
      words: [
        ...commandTree.map((node) => node.name),
        ...program.options.map((option) => option.long ?? ''),
      ],
    },
  ];
  for (const node of commandTree) {
    const below = isGroup(node) ? node.commands : [];
    const words = isGroup(node) ? below.map((leaf) => leaf.name) : flagsOf(node);
    entries.push({ path: node.name, summary: node.summary, words });
    for (const leaf of below)
      entries.push({
        path: `${node.name} ${leaf.name}`,
        summary: leaf.summary,
        words: flagsOf(leaf),
      });
  }
  return entries;
}

const caseLines = (commands: readonly CommandWords[], indent: string): string =>
  commands.map(({ path, words }) => `${indent}"${path}") words="${words.join(' ')}" ;;`).join('\n');

export function bashScript(commands: readonly CommandWords[]): string {
  return `# bash completion of tsctl: source <(tsctl completion bash)
_tsctl() {
  local current=\${COMP_WORDS[COMP_CWORD]} path="" words="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in -*) continue ;; esac
    [ "$(echo "$path" | wc -w)" -ge 2 ] && break
    path="\${path:+$path }$word"
  done
  case $path in
${caseLines(commands, '  ')}
  *) case \${path%% *} in
${caseLines(
  commands.filter(({ path }) => !path.includes(' ') && path !== ''),
  '    ',
)}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _tsctl tsctl
`;
}

export function zshScript(commands: readonly CommandWords[]): string {
  return `#compdef tsctl
# zsh completion of tsctl: source <(tsctl completion zsh)
autoload -U +X bashcompinit && bashcompinit
${bashScript(commands).split('\n').slice(1).join('\n')}`;
}

export function fishScript(commands: readonly CommandWords[]): string {
  const lines = ['# fish completion of tsctl', 'complete -c tsctl -f'];
  for (const { path, summary } of commands) {
    if (path === '') continue;
    const [first = '', second] = path.split(' ');
    const name = second ?? first;
    const seen = commands
      .filter((other) => other.path.startsWith(`${first} `))
      .map((other) => other.path.split(' ')[1]);
    const when =
      second === undefined
        ? '__fish_use_subcommand'
        : `__fish_seen_subcommand_from ${first}; and not __fish_seen_subcommand_from ${seen.join(' ')}`;
    lines.push(`complete -c tsctl -n '${when}' -a ${name} -d '${summary.replaceAll("'", '')}'`);
  }
  for (const { path, words } of commands) {
    const names = path.split(' ').filter((word) => word !== '');
    if (names.length === 0) continue;
    const when = names.map((name) => `__fish_seen_subcommand_from ${name}`).join('; and ');
    for (const word of words.filter((text) => text.startsWith('--')))
      lines.push(`complete -c tsctl -n '${when}' -l ${word.slice(2)}`);
  }
  return `${lines.join('\n')}\n`;
}
