import test from 'ava';
import { ContainerSpec, TaskSpec, TaskState } from '#proto';
import type { ContainerState } from '#agent';
import { nextStep } from '#agent/task/planner';
import { container, image, told, viewOf } from '#test/_support/task-views';
import type { Known } from '#test/_support/task-views';

const { ACCEPTED, PREPARING, READY, STARTING, RUNNING, COMPLETE, SHUTDOWN, FAILED } = TaskState;
const created = container('created');
const running = container('running');
const lost = container('lost');
const lostAgain = { ...lost, labels: { 'tessera.start.attempt': '3' } };
const pod = {
  spec: TaskSpec.create({
    initContainers: [
      ContainerSpec.create({ name: 'init1', image: 'web:1' }),
      ContainerSpec.create({ name: 'init2', image: 'web:1' }),
    ],
    containers: [
      ContainerSpec.create({ name: 'a', image: 'web:1' }),
      ContainerSpec.create({ name: 'b', image: 'web:1' }),
    ],
  }),
};
const podCreated = ['init1', 'init2', 'a', 'b'].map((name) => container('created', name));
/** The pod with some of its containers in other phases. */
const podWith = (...changed: readonly ContainerState[]): readonly ContainerState[] =>
  podCreated.map(
    (state) => changed.find(({ containerName }) => containerName === state.containerName) ?? state,
  );
const podRunning = podWith(
  container('exited', 'init1', 0),
  container('exited', 'init2', 0),
  container('running', 'a'),
  container('running', 'b'),
);

const gone = 'container is gone: the host or its container runtime was restarted';

const table: readonly (readonly [string, Known, string])[] = [
  ['a new task is accepted', { isBare: true }, 'status ACCEPTED'],
  ['then prepared', { isBare: true, state: ACCEPTED }, 'status PREPARING'],
  ['the image comes first', { isBare: true, state: PREPARING }, 'image main'],
  [
    'then volumes',
    {
      state: PREPARING,
      isBare: true,
      view: { images: new Map([['web:1', { ...image, volumes: ['/data'] }]]) },
    },
    'volumes',
  ],
  ['then the network', { state: PREPARING, view: { network: undefined } }, 'attach'],
  ['then its files', { state: PREPARING, view: { files: undefined } }, 'files'],
  ['then its container', { state: PREPARING }, 'create main'],
  ['then it is ready', { state: PREPARING, containers: [created] }, 'status READY'],
  [
    'a task that is to be ready waits there',
    { state: READY, desired: READY, containers: [created] },
    'idle',
  ],
  [
    'a ready task whose container was lost is prepared again',
    { state: READY, desired: READY },
    'create main',
  ],
  [
    'a ready task that is to run starts',
    { state: READY, containers: [created] },
    'status STARTING',
  ],
  ['starting starts', { state: STARTING, containers: [created] }, 'start main'],
  ['what has started runs', { state: STARTING, containers: [running] }, 'status RUNNING'],
  ['a running task needs nothing', { state: RUNNING, containers: [running] }, 'idle'],
  [
    'a container found running is not prepared again',
    { state: ACCEPTED, isBare: true, containers: [running] },
    'status STARTING',
  ],
  [
    'containers made before the network was lost are made anew',
    { state: PREPARING, containers: [created], view: { network: undefined } },
    'remove main',
  ],
  [
    'the same while starting',
    { state: STARTING, containers: [created], view: { network: undefined } },
    'remove main',
  ],
  [
    'an exit with 0 completes the task',
    { state: RUNNING, containers: [container('exited', 'main', 0)] },
    'status COMPLETE',
  ],
  [
    'another exit fails it',
    { state: RUNNING, containers: [container('exited', 'main', 137)] },
    'status FAILED: non-zero exit (137)',
  ],
  [
    'an exit before the start was told counts too',
    { state: STARTING, containers: [container('exited', 'main', 1)] },
    'status FAILED: non-zero exit (1)',
  ],
  ['a running task whose container is gone failed', { state: RUNNING }, `status FAILED: ${gone}`],
  [
    'a host that restarted has containers that do not run: failed',
    { state: RUNNING, containers: [created] },
    `status FAILED: ${gone}`,
  ],
  [
    'a container that was lost while it was started is made anew',
    { state: STARTING, containers: [lost] },
    'remove main',
  ],
  [
    'also by an agent that remembers the assignment alone',
    { state: ACCEPTED, isBare: true, containers: [lost] },
    'remove main',
  ],
  [
    'but not for ever',
    { state: STARTING, containers: [lostAgain] },
    'status FAILED: container was lost while it was started, 3 times',
  ],
  [
    'the others of its pod run on meanwhile',
    {
      state: STARTING,
      task: pod,
      containers: podRunning.map((state) =>
        state.containerName === 'b' ? container('lost', 'b') : state,
      ),
    },
    'remove b',
  ],
  [
    'a running task whose container was lost failed',
    { state: RUNNING, containers: [lost] },
    `status FAILED: ${gone}`,
  ],
  [
    'a task that is to stop and whose container was lost is shut down',
    { state: STARTING, desired: SHUTDOWN, containers: [lost] },
    'status SHUTDOWN',
  ],
  [
    'a task that is to stop gets its signal',
    { state: RUNNING, desired: SHUTDOWN, containers: [running] },
    'signal main SIGQUIT',
  ],
  [
    'the signal of the spec goes before that of the image',
    {
      state: RUNNING,
      desired: SHUTDOWN,
      containers: [running],
      task: {
        spec: TaskSpec.create({
          containers: [ContainerSpec.create({ image: 'web:1', stopSignal: 'SIGUSR1' })],
        }),
      },
    },
    'signal main SIGUSR1',
  ],
  [
    'what was resolved at creation goes before both',
    {
      state: RUNNING,
      desired: SHUTDOWN,
      containers: [
        {
          ...running,
          labels: { 'tessera.stop.signal': 'SIGINT', 'tessera.stop.grace-ms': '5' },
        },
      ],
    },
    'signal main SIGINT',
  ],
  [
    'then it has its grace',
    {
      state: RUNNING,
      desired: SHUTDOWN,
      containers: [running],
      view: { signalledAtMs: new Map([['main', 95_000]]) },
    },
    'wait 105000',
  ],
  [
    'then it is killed',
    {
      state: RUNNING,
      desired: SHUTDOWN,
      containers: [running],
      view: { signalledAtMs: new Map([['main', 90_000]]) },
    },
    'signal main SIGKILL',
  ],
  [
    'and killed again when it does not go',
    {
      state: RUNNING,
      desired: SHUTDOWN,
      containers: [running],
      view: {
        signalledAtMs: new Map([['main', 10_000]]),
        killedAtMs: new Map([['main', 90_000]]),
      },
    },
    'signal main SIGKILL',
  ],
  [
    'stopped is shutdown whatever the exit code was',
    { state: RUNNING, desired: SHUTDOWN, containers: [container('exited', 'main', 143)] },
    'status SHUTDOWN',
  ],
  ['what never started is shut down at once', { desired: SHUTDOWN }, 'status SHUTDOWN'],
  [
    'a finished task whose status is not saved waits',
    { state: FAILED, containers: [running], view: { isStatusSaved: false } },
    'signal main SIGQUIT',
  ],
  ['the status is saved first', { state: FAILED, view: { isStatusSaved: false } }, 'save'],
  [
    'then its containers go',
    { state: SHUTDOWN, containers: [container('exited', 'main', 0)] },
    'remove main',
  ],
  ['then its network', { state: COMPLETE }, 'detach'],
  ['then there is nothing to do', { state: COMPLETE, view: { network: undefined } }, 'idle'],
  [
    'a dropped task is stopped with grace',
    { state: RUNNING, containers: [running], view: { isDropped: true } },
    'signal main SIGQUIT',
  ],
  ['its logs go last', { view: { isDropped: true, network: undefined } }, 'clean'],
  [
    'then it is forgotten',
    { view: { isDropped: true, network: undefined, isCleaned: true } },
    'forget',
  ],
  ['all containers of a pod are made first', { state: PREPARING, task: pod }, 'create init1'],
  [
    'init containers start one',
    { state: STARTING, task: pod, containers: podCreated },
    'start init1',
  ],
  [
    'by one',
    { state: STARTING, task: pod, containers: podWith(container('running', 'init1')) },
    'idle',
  ],
  [
    'the next when the first is over',
    { state: STARTING, task: pod, containers: podWith(container('exited', 'init1', 0)) },
    'start init2',
  ],
  [
    'the others after them',
    {
      state: STARTING,
      task: pod,
      containers: podWith(container('exited', 'init1', 0), container('exited', 'init2', 0)),
    },
    'start a',
  ],
  [
    'an init container that fails fails the task',
    { state: STARTING, task: pod, containers: podWith(container('exited', 'init1', 9)) },
    'status FAILED: init container init1: non-zero exit (9)',
  ],
  [
    'a pod runs when all run',
    { state: STARTING, task: pod, containers: podRunning },
    'status RUNNING',
  ],
  [
    'when one of a pod fails the others are stopped',
    {
      state: RUNNING,
      task: pod,
      containers: podRunning.map((state) =>
        state.containerName === 'b' ? container('exited', 'b', 2) : state,
      ),
    },
    'signal a SIGQUIT',
  ],
  [
    'when one of a pod is done the others go on',
    {
      state: RUNNING,
      task: pod,
      containers: podRunning.map((state) =>
        state.containerName === 'b' ? container('exited', 'b', 0) : state,
      ),
    },
    'idle',
  ],
];

for (const [title, known, expected] of table)
  test(title, (t) => {
    t.is(told(nextStep(viewOf(known), 100_000)), expected);
  });

test('a status never goes back, whatever is there', (t) => {
  const states = Object.values(TaskState);
  const phases = [[], [created], [running], [lost], [container('exited', 'main', 0)]];
  const wishes = [READY, RUNNING, SHUTDOWN, TaskState.REMOVE];
  for (const state of states)
    for (const containers of phases)
      for (const desired of wishes)
        for (const isBare of [true, false]) {
          const step = nextStep(viewOf({ state, containers, desired, isBare }), 0);
          if (step.kind === 'status') t.true(step.status.state > state);
        }
});
