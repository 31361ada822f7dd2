import { readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { AssertionError } from '#lib';
import { TaskState, TaskStateNames, TaskStatus } from '#proto';
import { assertTransition, mayFollow } from '#manager/orchestrator/task-transitions';
import { taskTransitions } from '#manager/orchestrator/task-transitions';
import { aTask } from '#test/_support/objects';

const states = Object.values(TaskState);
const task = (state: TaskState, init = {}) =>
  aTask({
    nodeId: state >= TaskState.ASSIGNED ? 'n1' : '',
    desiredState: TaskState.RUNNING,
    status: TaskStatus.create({ state }),
    ...init,
  });

test('no state goes down, and nothing follows an end', (t) => {
  for (const from of states) {
    for (const to of states) {
      if (to < from) t.false(mayFollow(from, to));
      if (from >= TaskState.COMPLETE && to !== from) t.false(mayFollow(from, to));
    }
    t.true(mayFollow(from, from));
    // REMOVE is only ever desired.
    t.is(mayFollow(from, TaskState.REMOVE), from === TaskState.REMOVE);
  }
});

test('any walk through the table ends within its states and never comes back', (t) => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.nat()), (choices) => {
      let state: TaskState = TaskState.NEW;
      for (const choice of choices) {
        const from: TaskState = state;
        const next: readonly TaskState[] = taskTransitions.flatMap((one) =>
          one.from === from ? one.to : [],
        );
        if (next.length === 0) break;
        state = next[choice % next.length] ?? state;
        t.true(state > from);
      }
      t.true(state >= TaskState.COMPLETE);
    }),
    { seed: 11, numRuns: 200 },
  );
});

const refused = [
  ['goes back', task(TaskState.RUNNING), task(TaskState.STARTING)],
  ['skips the scheduler', task(TaskState.PENDING), task(TaskState.RUNNING)],
  ['is rejected while it runs', task(TaskState.RUNNING), task(TaskState.REJECTED)],
  [
    'is wanted again',
    task(TaskState.RUNNING, { desiredState: TaskState.SHUTDOWN }),
    task(TaskState.RUNNING),
  ],
  ['changes its node', task(TaskState.RUNNING), task(TaskState.RUNNING, { nodeId: 'n2' })],
  ['changes its slot', task(TaskState.RUNNING), task(TaskState.RUNNING, { slot: 2 })],
  ['changes its service', task(TaskState.RUNNING), task(TaskState.RUNNING, { serviceId: 'x' })],
  ['is assigned nowhere', task(TaskState.PENDING), task(TaskState.ASSIGNED, { nodeId: '' })],
] as const;
for (const [what, old, next] of refused) {
  test(`a task that ${what} is refused`, (t) => {
    t.throws(() => assertTransition(old, next), { instanceOf: AssertionError });
  });
}

test('a task may be assigned, skip steps, and be ended without a node', (t) => {
  t.notThrows(() => assertTransition(task(TaskState.PENDING), task(TaskState.ASSIGNED)));
  t.notThrows(() => assertTransition(task(TaskState.ASSIGNED), task(TaskState.RUNNING)));
  const unwanted = { desiredState: TaskState.SHUTDOWN, nodeId: '' };
  const ended = task(TaskState.SHUTDOWN, unwanted);
  t.notThrows(() => assertTransition(task(TaskState.PENDING, unwanted), ended));
});

test('docs/task-states.md shows the table as it is', (t) => {
  const page = new URL('../../../docs/task-states.md', import.meta.url);
  const name = (state: TaskState): string => TaskStateNames[state] ?? '';
  const rows = taskTransitions.map(
    ({ from, owner, to }) => `| ${name(from)} | ${owner} | ${to.map(name).join(', ')} |`,
  );
  const text = readFileSync(page, 'utf8');
  const expected = text.replace(
    /(\|---\|---\|---\|\n)[^]*?\n(\n## Desired state)/,
    (_, head: string, tail: string) => `${head}${rows.join('\n')}\n${tail}`,
  );
  if (process.env['UPDATE'] === '1') writeFileSync(page, expected);
  else t.is(text, expected, 'run this test with UPDATE=1');
  t.true(expected.includes('| RUNNING | agent | COMPLETE, SHUTDOWN, FAILED |'));
});
