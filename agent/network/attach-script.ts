/**
 * One shell script that makes the networks of a whole batch of tasks; pure. Starting a process from the
 * daemon costs ten times what it costs from a small shell, and a batch wants one `ip` per namespace.
 */
import { familyMark, forwardingLine } from '../overlay/task-links.ts';
import { attachLines, failedLines, insideLines, namespaceName } from './ip-commands.ts';
import type { TaskPlace } from './ip-commands.ts';
import type { Subnet } from './subnet.ts';

const mark = '::done';
/** Ends a here-document; no line for `ip` is like it. */
const end = 'END';

function section(argv: string, lines: readonly string[], name: string): string {
  return [`${argv} 2>&1 <<'${end}'`, ...lines, end, `echo '${mark}' ${name} $?`].join('\n');
}

/**
 * Standard input for `sh -s`. Names and addresses are our own: nothing of it is a user's. With `-force`
 * a line that fails inside a namespace does not end it: part of it is there already.
 */
export function attachScript(
  tasks: readonly TaskPlace[],
  bridge: string,
  subnet: Subnet,
  ending: '-batch -' | '-force -batch -' = '-batch -',
): string {
  const host = tasks.flatMap((task) => attachLines(task, bridge));
  const sections = tasks.flatMap((task, i) => {
    const lines = insideLines(task, subnet);
    const isV6 = (line: string): boolean => line.startsWith(familyMark);
    const v6 = lines.filter(isV6).map((line) => line.slice(familyMark.length));
    const of = (family: string) => `ip${family} -netns ${namespaceName(task.taskId)} ${ending}`;
    return [
      section(
        of(''),
        lines.filter((line) => !isV6(line)),
        String(i),
      ),
      ...(v6.length === 0 ? [] : [section(of(' -6'), v6, String(i))]),
    ];
  });
  // Before the task starts: it is reached from its first moment on.
  const ports = tasks.flatMap(({ links }) => links.map(forwardingLine));
  const parts = [
    section('ip -force -batch -', host, 'host'),
    ...(ports.length === 0 ? [] : [section('bridge -force -batch -', ports, 'ports')]),
    ...sections,
  ];
  return `${parts.join('\n')}\n`;
}

/** What failed of a script's run, by position of the task, with what ip said of it. */
export function attachFailures(
  stdout: string,
  tasks: readonly TaskPlace[],
): ReadonlyMap<number, string> {
  const failures = new Map<number, string>();
  const done = new Set<number>();
  let said: string[] = [];
  for (const line of stdout.split('\n')) {
    const [first, name = '', code] = line.split(' ');
    if (first !== mark) {
      if (line !== '') said.push(line);
      continue;
    }
    const owners = ownersOf[name]?.(tasks);
    if (owners !== undefined) {
      for (const [line, text] of failedLines(said.join('\n'))) {
        const i = owners[line - 1];
        if (i !== undefined && !failures.has(i)) failures.set(i, text);
      }
    } else {
      done.add(Number(name));
      if (code !== '0' && !failures.has(Number(name))) failures.set(Number(name), said.join('; '));
    }
    said = [];
  }
  // A script that was cut short has not made the rest.
  for (let i = 0; i < tasks.length; i++)
    if (!done.has(i) && !failures.has(i)) failures.set(i, said.join('; ') || 'not made');
  return failures;
}

/** Whose the lines of the sections on the host are, by position of the task. */
const ownersOf: Readonly<Record<string, (tasks: readonly TaskPlace[]) => readonly number[]>> = {
  host: (tasks) => tasks.flatMap((task, i) => attachLines(task, '').map(() => i)),
  ports: (tasks) => tasks.flatMap(({ links }, i) => links.map(() => i)),
};
