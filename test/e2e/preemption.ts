/**
 * Priorities on real hosts: a service fills them with what it reserves, a more important one comes. What runs is asked of
 * containerd itself. The tests are one story told in order on one lab.
 */
import anyTest from 'ava';
import type { TestFn } from 'ava';
import { endsLab, Lab } from '#test/_support/lab';
import type { RuntimeTask } from '#test/_support/lab';
import { poll } from '#test/_support/poll';

const test = anyTest as TestFn<Record<string, never>>;
const loop = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1; done'];
let lab: Lab;
/** Tasks of half a processor that fill both hosts. */
let replicas = 0;

test.before('a lab of two hosts', async () => {
  lab = await Lab.up('preemption', 2, 1);
});

endsLab(test, () => lab);

const keys = (tasks: readonly RuntimeTask[]): ReadonlySet<string> =>
  new Set(tasks.map((task) => `${task.host}/${task.id}/${task.pid}`).toSorted());

interface NodeView {
  readonly description: { readonly resources: { readonly cpuNano: number | string } };
}

async function halvesOf(host: string): Promise<number> {
  const [node] = JSON.parse(await lab.tsctl(['node', 'inspect', host])) as NodeView[];
  return Math.floor(Number(node?.description.resources.cpuNano ?? 0) / 5e8);
}

test.serial('a service fills both hosts with what it reserves; one task more waits', async (t) => {
  replicas = (await halvesOf('host1')) + (await halvesOf('host2'));
  t.true(replicas >= 4, `${replicas} halves of a processor`);
  await lab.tsctl([
    ...['service', 'create', '--name', 'low', '--replicas', String(replicas)],
    ...['--reserve-cpu', '0.5', '--detach', 'busybox:latest', ...loop],
  ]);
  await lab.awaitRunning('low', replicas);
  await lab.tsctl(['service', 'scale', '--detach', `low=${replicas + 1}`]);
  await poll('the one task more says why it waits', async () => {
    const text = await lab.tsctl(['service', 'ps', '--no-trunc', 'low']);
    if (!text.includes('0/2 nodes are available: 2 Insufficient cpu.')) throw new Error(text);
    return text;
  });
  await lab.tsctl(['service', 'scale', '--detach', `low=${replicas}`]);
  t.is((await lab.awaitRunning('low', replicas)).length, replicas);
});

test.serial('a more important service pushes out just enough of it', async (t) => {
  const before = await lab.awaitRunning('low', replicas);
  await lab.tsctl([
    ...['service', 'create', '--name', 'high', '--reserve-cpu', '1', '--priority', '100'],
    ...['--detach', 'busybox:latest', ...loop],
  ]);
  const [high] = await lab.awaitRunning('high', 1);
  const after = await lab.awaitRunning('low', replicas - 2);
  const stayed = keys(before);
  for (const key of keys(after)) t.true(stayed.has(key), 'who stays is not restarted');
  const gone = before.filter((one) => !keys(after).has(`${one.host}/${one.id}/${one.pid}`));
  t.deepEqual(
    gone.map(({ host }) => host),
    [high?.host, high?.host],
    'both victims were on the host that the important one came to',
  );
  const text = await lab.tsctl(['service', 'ps', '--no-trunc', 'low']);
  t.is(text.split('"preempted by high.1"').length - 1, 2, text);
  const waiting = (await lab.tasks('low')).filter(({ nodeId }) => (nodeId ?? '') === '');
  t.is(waiting.length, 2, 'the slots of the victims wait for room');
});

test.serial('one that is no more important than the others waits, and stops nobody', async (t) => {
  const before = keys(await lab.running());
  await lab.tsctl([
    ...['service', 'create', '--name', 'same', '--reserve-cpu', '0.5', '--priority', '0'],
    ...['--detach', 'busybox:latest', ...loop],
  ]);
  await poll('it says why it waits', async () => {
    const text = await lab.tsctl(['service', 'ps', '--no-trunc', 'same']);
    if (!text.includes('0/2 nodes are available: 2 Insufficient cpu.')) throw new Error(text);
    return text;
  });
  t.deepEqual([...keys(await lab.running())], [...before]);
  await lab.tsctl(['service', 'rm', 'same']);
});

test.serial('when the important one goes, the victims are back', async (t) => {
  await lab.tsctl(['service', 'rm', 'high']);
  const back = await lab.awaitRunning('low', replicas);
  t.is(back.length, replicas);
  t.is((await lab.awaitRunning('high', 0)).length, 0);
});
