/**
 * One shell script that makes the networks of a whole batch of tasks; pure. Starting a process from the
 * daemon costs ten times what it costs from a small shell, and a batch wants one `ip` per namespace.
 */
import { attachLines, failedLines, insideLines, namespaceName } from './ip-commands.ts';
import type { TaskLink } from './ip-commands.ts';
import type { Subnet } from './subnet.ts';

const mark = '::done';
/** Ends a here-document; no line for `ip` is like it. */
const end = 'END';

function section(argv: string, lines: readonly string[], name: string): string {
  return [`${argv} 2>&1 <<'${end}'`, ...lines, end, `echo '${mark}' ${name} $?`].join('\n');
}

/** Standard input for `sh -s`. Names and addresses are our own: nothing of it is a user's. */
export function attachScript(tasks: readonly TaskLink[], bridge: string, subnet: Subnet): string {
  const host = tasks.flatMap((task) => attachLines(task, bridge));
  const inside = tasks.map((task, i) => {
    const argv = `ip -netns ${namespaceName(task.taskId)} -batch -`;
    return section(argv, insideLines(task, subnet), String(i));
  });
  return `${[section('ip -force -batch -', host, 'host'), ...inside].join('\n')}\n`;
}

/** What failed of a script's run, by position of the task, with what ip said of it. */
export function attachFailures(stdout: string, count: number): ReadonlyMap<number, string> {
  const failures = new Map<number, string>();
  const done = new Set<number>();
  let said: string[] = [];
  for (const line of stdout.split('\n')) {
    const [first, name = '', code] = line.split(' ');
    if (first !== mark) {
      if (line !== '') said.push(line);
      continue;
    }
    if (name === 'host') for (const [i, text] of hostFailures(said)) failures.set(i, text);
    else {
      done.add(Number(name));
      if (code !== '0' && !failures.has(Number(name))) failures.set(Number(name), said.join('; '));
    }
    said = [];
  }
  // A script that was cut short has not made the rest.
  for (let i = 0; i < count; i++)
    if (!done.has(i) && !failures.has(i)) failures.set(i, said.join('; ') || 'not made');
  return failures;
}

function hostFailures(said: readonly string[]): ReadonlyMap<number, string> {
  const perTask = attachLines({ taskId: '', address: '0.0.0.0' }, '').length;
  const lines = failedLines(said.join('\n'));
  return new Map([...lines].map(([line, text]) => [Math.floor((line - 1) / perTask), text]));
}
