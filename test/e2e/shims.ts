/** How the shim of an ended container goes, on a containerd of the tests' own: nothing of it stays, nothing it had to write is lost. */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerPlan, ContainerState } from '#agent';
import { endShim, parentOf } from '#agent/containerd/shim-node';
import { systemClock } from '#lib/clock-node';
import { commonAgent, linesOf, noAbort, shellPlan, stateOf } from '#test/_support/own-runtime';
import { runsInOwnNamespaces } from '#test/_support/own-namespaces';
import { poll } from '#test/_support/poll';
import { whyNoContainerd } from '#test/_support/private-containerd';

const missing = whyNoContainerd();

if (missing !== undefined)
  test('this machine can run containers', (t) => {
    t.fail(`shims cannot be tested: this ${missing}`);
  });
else if (runsInOwnNamespaces(test, import.meta.url)) {
  const { opened, agentOpened } = commonAgent(test);

  /** Runs `last` once, when it is told to end, and not before: its shim is looked for until then. */
  const untilTold = (last: string, init: Partial<ContainerPlan> = {}): ContainerPlan =>
    shellPlan(`trap 'trap "" TERM; ${last}' TERM; while :; do sleep 0.05; done`, init);

  async function tell({ id }: ContainerPlan, exits: readonly ContainerState[]): Promise<void> {
    const { runtime } = await agentOpened;
    const told = async (): Promise<boolean> => {
      // Again and again: the first may come before the shell has set its trap.
      await runtime.kill(id, 'SIGTERM', noAbort);
      return exits.length > 0;
    };
    await poll(`the exit of ${id}`, told, { everyMs: 1 });
  }

  const bundleOf = async (id: string): Promise<string> =>
    join((await opened).containerd.folder, 'state/io.containerd.runtime.v2.task/tessera', id);

  async function start(plan: ContainerPlan) {
    const { runtime } = await agentOpened;
    const exits: ContainerState[] = [];
    runtime.onExit((state) => {
      if (state.id === plan.id) exits.push(state);
    });
    await runtime.create(plan, noAbort);
    const { pid } = await runtime.start(plan.id, noAbort);
    const shim = parentOf(pid);
    if (shim === undefined) throw new Error(`${plan.id} ended before it was looked at`);
    const bundle = await bundleOf(plan.id);
    const socket = readFileSync(join(bundle, 'address'), 'utf8').replace('unix://', '');
    return { pid, shim, exits, bundle, socket };
  }

  /** One that waits for its parent to hear of its end has no arguments any more. */
  const isRunning = (pid: number): boolean =>
    existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';

  async function nothingIsLeft(
    t: ExecutionContext,
    id: string,
    { bundle, socket, shim }: Awaited<ReturnType<typeof start>>,
  ): Promise<void> {
    t.is(await stateOf(await agentOpened, id), undefined);
    t.false(existsSync(bundle), 'bundle');
    t.false(existsSync(socket), 'socket');
    t.true(await poll('the end of the shim', () => !isRunning(shim)));
    const own = await opened;
    const groups = ['', ...readdirSync('/sys/fs/cgroup')].map((controller) =>
      join('/sys/fs/cgroup', controller, own.cgroupParent, id),
    );
    t.deepEqual(groups.filter(existsSync), [], 'control groups');
    t.false(own.containerd.ctr('tasks', 'ls').includes(id), 'task');
    t.false(readFileSync('/proc/mounts', 'utf8').includes(bundle), 'mounts');
  }

  test('nothing is left of a container that had ended, and its exit is told as it was', async (t) => {
    const agent = await agentOpened;
    const plan = untilTold('exit 3');
    const started = await start(plan);
    await tell(plan, started.exits);
    await agent.runtime.remove(plan.id, noAbort);
    await nothingIsLeft(t, plan.id, started);
    // containerd's events come in order: what it says of the first comes before the end of the second.
    const later = untilTold('exit 0');
    await tell(later, (await start(later)).exits);
    await agent.runtime.remove(later.id, noAbort);
    t.deepEqual([...new Set(started.exits.map(({ exitCode }) => exitCode))], [3]);
    await agent.runtime.remove(plan.id, noAbort);
  });

  test('what a container said last is whole in its log when it is removed at once', async (t) => {
    const agent = await agentOpened;
    const lines = 20_000;
    const plan = untilTold(`seq 1 ${lines}; exec seq 1 ${lines} >&2`);
    const started = await start(plan);
    await tell(plan, started.exits);
    await agent.runtime.remove(plan.id, noAbort);
    await nothingIsLeft(t, plan.id, started);
    const said = await linesOf(agent, plan.id);
    t.is(said.filter((line) => line.startsWith('!')).at(-1), `!${lines}`);
    t.is(said.length, 2 * lines);
  });

  test('a shim goes on while its task has another container', async (t) => {
    const agent = await agentOpened;
    const taskId = `beside${process.pid}`;
    const first = untilTold('exit 0', { taskId, containerName: 'init' });
    const second = shellPlan('sleep 1000', { taskId, containerName: 'main' });
    const ended = await start(first);
    await tell(first, ended.exits);
    const running = await start(second);
    t.is(running.shim, ended.shim);
    await agent.runtime.remove(first.id, noAbort);
    t.true(isRunning(running.shim));
    t.is((await stateOf(agent, second.id))?.pid, running.pid);
    await agent.runtime.kill(second.id, 'SIGKILL', noAbort);
    await poll('the exit', () => running.exits.length > 0);
    await agent.runtime.remove(second.id, noAbort);
    await nothingIsLeft(t, second.id, running);
  });

  test('a process that is not that shim is not asked; nor one that still writes', async (t) => {
    const agent = await agentOpened;
    const plan = shellPlan('sleep 1000');
    const { pid, shim } = await start(plan);
    const clock = systemClock();
    const asked = { containerId: plan.id, pid: shim, outputPrefix: '/nowhere' };
    t.false(await endShim({ ...asked, containerId: 'other.main' }, clock, noAbort));
    t.false(await endShim({ ...asked, pid }, clock, noAbort), 'the container itself');
    t.false(await endShim({ ...asked, pid: 2 ** 22 + 1 }, clock, noAbort), 'nobody');
    const outputPrefix = join((await opened).dataDir, 'logs', `${plan.id}.`);
    t.false(await endShim({ ...asked, outputPrefix }, clock, noAbort), 'its output is open');
    t.is((await stateOf(agent, plan.id))?.pid, pid);
    await agent.runtime.remove(plan.id, noAbort);
  });
}
