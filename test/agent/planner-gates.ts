/** When the planner looks at a task's published ports: before RUNNING, and before its stop signal. */
import test from 'ava';
import { TaskState } from '#proto';
import { nextStep } from '#agent/task/planner';
import type { TaskView } from '#agent/task/task-view';
import { container, told, viewOf } from '#test/_support/task-views';
import type { Known } from '#test/_support/task-views';

const { STARTING, RUNNING, SHUTDOWN } = TaskState;
const created = container('created');
const running = container('running');

/** At 100,000 ms a container runs whose port was looked at for the first time `forMs` ago. */
const looked = (
  reason: 'start' | 'stop',
  forMs: number,
  seen: { readonly closed?: readonly string[]; readonly waiting?: number; readonly agoMs?: number },
): Partial<TaskView> => ({
  targets: ['80/tcp'],
  portLook: {
    reason,
    firstAtMs: 100_000 - forMs,
    atMs: 100_000 - (seen.agoMs ?? 0),
    closed: seen.closed ?? [],
    waiting: seen.waiting ?? 0,
  },
});
const closed = ['80/tcp'];
const starting = { state: STARTING, containers: [running] };
const stopping = { state: RUNNING, desired: SHUTDOWN, containers: [running] };

const gates: readonly (readonly [string, Known, string])[] = [
  ['a task with ports is looked at', { ...starting, view: { targets: closed } }, 'look start'],
  [
    'its container starts first',
    { state: STARTING, containers: [created], view: { targets: closed } },
    'start main',
  ],
  [
    'it is RUNNING once they listen',
    { ...starting, view: looked('start', 0, {}) },
    'status RUNNING',
  ],
  ['until then it waits', { ...starting, view: looked('start', 0, { closed }) }, 'wait 100005'],
  [
    'and is looked at again, less often with time',
    { ...starting, view: looked('start', 800, { closed, agoMs: 10 }) },
    'wait 100088.75',
  ],
  [
    'when the pause is over',
    { ...starting, view: looked('start', 800, { closed, agoMs: 100 }) },
    'look start',
  ],
  [
    'after ten seconds it is RUNNING even so',
    { ...starting, view: looked('start', 10_000, { closed, agoMs: 100 }) },
    'status RUNNING',
  ],
  [
    'one that exits meanwhile has failed',
    {
      state: STARTING,
      containers: [container('exited', 'main', 3)],
      view: looked('start', 5, { closed }),
    },
    'status FAILED: non-zero exit (3)',
  ],
  [
    'one that is to stop meanwhile is looked at as such',
    { ...stopping, state: STARTING, view: looked('start', 5, { closed }) },
    'look stop',
  ],
  [
    'who waits at its ports is let in first',
    { ...stopping, view: looked('stop', 0, { waiting: 2 }) },
    'wait 100005',
  ],
  ['then it is told to stop', { ...stopping, view: looked('stop', 20, {}) }, 'signal main SIGQUIT'],
  [
    'after a second it is told even so',
    { ...stopping, view: looked('stop', 1_000, { waiting: 2 }) },
    'signal main SIGQUIT',
  ],
  [
    'a host that was away brings its rules up to date before that',
    { ...stopping, view: { ...looked('stop', 20, {}), mayBeLedTo: true } },
    'idle',
  ],
  [
    'also for a task that the managers have dropped',
    { ...stopping, view: { mayBeLedTo: true, isDropped: true } },
    'idle',
  ],
  [
    'but not for one that has got its signal',
    { ...stopping, view: { mayBeLedTo: true, signalledAtMs: new Map([['main', 99_000]]) } },
    'wait 109000',
  ],
  [
    'nor for one of which nothing runs',
    { ...stopping, containers: [container('exited')], view: { mayBeLedTo: true } },
    'status SHUTDOWN',
  ],
  [
    'once told it is not looked at again',
    {
      ...stopping,
      view: { ...looked('start', 9_000, {}), signalledAtMs: new Map([['main', 99_000]]) },
    },
    'wait 109000',
  ],
];

for (const [title, known, expected] of gates)
  test(title, (t) => {
    t.is(told(nextStep(viewOf(known), 100_000)), expected);
  });

test('who started a task hears that nobody listens', (t) => {
  const step = nextStep(
    viewOf({ ...starting, view: looked('start', 10_000, { closed }) }),
    100_000,
  );
  t.is(
    step.kind === 'status' && step.status.message,
    'started; nothing listens on 80/tcp after 10 s',
  );
});
