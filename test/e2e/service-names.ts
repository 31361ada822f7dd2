/**
 * Names between tasks of real hosts: asked by the tasks' own resolvers, answered by their nodes. One
 * story told in order on one lab.
 */
import test from 'ava';
import { endsLab, Lab } from '#test/_support/lab';
import type { RuntimeTask } from '#test/_support/lab';
import { poll } from '#test/_support/poll';

let lab: Lab;
let execs = 0;

test.before('a lab of three hosts', async () => {
  lab = await Lab.up('names', 3, 1);
});

endsLab(test, () => lab);

const loop = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1; done'];

const create = (name: string, network: string, replicas: number, more: readonly string[] = []) =>
  lab.tsctl([
    ...['service', 'create', '--name', name, '--replicas', String(replicas), '--network', network],
    ...[...more, 'busybox:latest', ...loop],
  ]);

/** What a program in the task prints; '' when it fails. */
async function inside({ host, id }: RuntimeTask, argv: readonly string[]): Promise<string> {
  const exec = ['ctr', '-n', 'tessera', 'tasks', 'exec', '--exec-id', `e${++execs}`, id];
  const { code, stdout } = await lab.tryExec(host, [...exec, ...argv]);
  return code === 0 ? stdout : '';
}

/** The addresses that the task's resolver finds, sorted. */
async function lookUp(task: RuntimeTask, name: string): Promise<readonly string[]> {
  const text = await inside(task, ['nslookup', '-type=a', name]);
  const answer = text
    .split(/\n\s*\n/)
    .slice(1)
    .join('\n');
  return [...answer.matchAll(/Address: (\S+)/g)].map(([, found = '']) => found).toSorted();
}

/** The addresses of the service's running tasks, as the managers have them, sorted. */
async function addressesOf(service: string): Promise<readonly string[]> {
  const tasks = (await lab.tasks(service)).filter(({ status }) => status.state === 'RUNNING');
  const shown = tasks as unknown as {
    readonly networks?: readonly { readonly address: string }[];
  }[];
  return shown.map(({ networks }) => networks?.[0]?.address ?? '').toSorted();
}

let asker: RuntimeTask;

test.serial('a task finds other services of its network by name, on whichever host', async (t) => {
  await lab.tsctl(['network', 'create', 'front']);
  await lab.tsctl(['network', 'create', 'back']);
  await create('web', 'name=front,alias=www', 3);
  await create('asker', 'front', 1, ['--host', 'printer:192.0.2.77']);
  [asker] = (await lab.awaitRunning('asker', 1)) as [RuntimeTask];
  const tasks = await poll('three addresses are known', async () => {
    const found = await lookUp(asker, 'tasks.web');
    return found.length === 3 ? found : undefined;
  });
  t.deepEqual(tasks, await addressesOf('web'));
  const [virtual, ...more] = await lookUp(asker, 'web');
  t.deepEqual(more, []);
  t.false(tasks.includes(virtual ?? ''));
  t.deepEqual(await lookUp(asker, 'www'), [virtual]);
  t.is((await lookUp(asker, '2.web')).length, 1);
  t.deepEqual(await lookUp(asker, '4.web'), []);
  t.regex(await inside(asker, ['cat', '/etc/hosts']), /^192\.0\.2\.77\tprinter$/m);
});

test.serial('what a name stands for can be reached', async (t) => {
  for (const slot of [1, 2, 3])
    t.regex(await inside(asker, ['ping', '-c', '1', '-W', '5', `${slot}.web`]), / 0% packet loss/);
});

test.serial('services of other networks have no name for it', async (t) => {
  await create('hidden', 'back', 1);
  await lab.awaitRunning('hidden', 1);
  t.deepEqual(await lookUp(asker, 'hidden'), []);
  t.deepEqual(await lookUp(asker, 'tasks.hidden'), []);
});

test.serial('with dnsrr the name is the tasks; scaling changes the answer', async (t) => {
  await create('many', 'front', 2, ['--endpoint-mode', 'dnsrr']);
  await lab.awaitRunning('many', 2);
  await poll('two addresses', async () => (await lookUp(asker, 'many')).length === 2);
  await lab.tsctl(['service', 'scale', 'many=1']);
  t.deepEqual(await lookUp(asker, 'many'), await addressesOf('many'));
});

test.serial('a task that was killed is in no answer two seconds later', async (t) => {
  const before = await addressesOf('many');
  const [victim] = (await lab.awaitRunning('many', 1)) as [RuntimeTask];
  await lab.exec(victim.host, ['ctr', '-n', 'tessera', 'tasks', 'kill', '-s', 'KILL', victim.id]);
  await poll(
    'the address is gone',
    async () => {
      const found = await lookUp(asker, 'many');
      return !found.includes(before[0] ?? '') || found.length === 0;
    },
    { deadlineMs: 2_000 },
  );
  await poll('the next one is there', async () => (await lookUp(asker, 'many')).length === 1);
  t.deepEqual(await lookUp(asker, 'many'), await addressesOf('many'));
});

test.serial('an agent that was killed answers again', async (t) => {
  const { host } = asker;
  const pid = (await lab.exec(host, ['cat', '/run/lab/tesserad.pid'])).trim();
  await lab.exec(host, ['kill', '-9', pid]);
  // A host that takes long to start it again has lost its tasks to others meanwhile.
  const addresses = await poll('names are back', async () => {
    const [now] = await lab.runningOf('asker');
    const found = now === undefined ? [] : await lookUp(now, 'tasks.web');
    return found.length === 3 ? found : undefined;
  });
  t.deepEqual(addresses, await addressesOf('web'));
});
