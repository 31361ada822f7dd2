/**
 * What every adapter of the `Runtime` port promises. Run by the simulated one in the unit tests and by
 * containerd's in e2e, both in real time. Containers say what they do twice: by their arguments for a
 * real runtime, by `SIM_*` in their environment for the simulated one.
 */
import type { TestFn } from 'ava';
import { ClusterError } from '#lib';
import type { ErrorCode } from '#lib';
import { LogOptions } from '#proto';
import type { ContainerPlan, ContainerState, Runtime } from '#agent';
import { poll } from '#test/_support/poll';

export interface RuntimeUnderTest {
  readonly runtime: Runtime;
  /** An image that is on the host, with sh and sleep in it. */
  readonly image: string;
  /** A network namespace for the containers; empty = the host's. */
  readonly networkNamespacePath: string;
}

const forever = { args: ['sleep', '100000'], env: ['SIM_STOP_AFTER_MS=1'] };
const polite = {
  args: ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1 & wait; done'],
  env: ['SIM_STOP_AFTER_MS=1'],
};
const stubborn = {
  args: ['sh', '-c', 'trap "" TERM; while :; do sleep 1; done'],
  env: ['SIM_STOP_AFTER_MS=never'],
};
const failing = {
  args: ['sh', '-c', 'echo out; echo err >&2; exit 3'],
  env: ['SIM_EXIT_AFTER_MS=1', 'SIM_EXIT_CODE=3'],
};
const missingCommand = { args: ['/no/such/command'], env: ['SIM_START_ERROR=no such file'] };

type Behaviour = typeof forever;

/** Registers the tests with `test`; `open` is asked once, before the first. */
export function runtimeContract(test: TestFn, open: () => Promise<RuntimeUnderTest>): void {
  const opened = open();
  opened.catch(() => undefined);
  const { signal } = new AbortController();
  let number = 0;

  /** A created container of its own for each test. */
  const create = async (behaviour: Behaviour, init: Partial<ContainerPlan> = {}) => {
    const under = await opened;
    const taskId = `contract${++number}`;
    const plan = planOf(under, taskId, behaviour, init);
    await under.runtime.create(plan, signal);
    return { runtime: under.runtime, plan, id: plan.id };
  };
  const started = async (behaviour: Behaviour) => {
    const made = await create(behaviour);
    const exits: ContainerState[] = [];
    made.runtime.onExit((state) => {
      if (state.id === made.id) exits.push(state);
    });
    const { pid } = await made.runtime.start(made.id, signal);
    return { ...made, pid, exits };
  };

  test('a created container is listed with its labels and runs nothing', async (t) => {
    const { runtime, plan, id } = await create(forever);
    const state = await find(runtime, id);
    t.is(state?.phase, 'created');
    t.is(state?.pid, 0);
    t.is(state?.taskId, plan.taskId);
    t.is(state?.containerName, 'main');
    t.is(state?.labels['tessera.test'], 'yes');
    await runtime.remove(id, signal);
  });

  test('creating a container twice is creating it once', async (t) => {
    const { runtime, plan, id } = await create(forever);
    await runtime.create(plan, signal);
    t.is((await runtime.list(signal)).filter((state) => state.id === id).length, 1);
    await runtime.remove(id, signal);
  });

  test('a container of an image that is not there is refused', async (t) => {
    const image = 'localhost/no-such-image:1';
    await refused(t, 'IMAGE_NOT_FOUND', create(forever, { image }));
  });

  test('a started container runs under the pid that start tells', async (t) => {
    const { runtime, id, pid } = await started(forever);
    t.true(pid > 0);
    const state = await find(runtime, id);
    t.is(state?.phase, 'running');
    t.is(state?.pid, pid);
    await runtime.remove(id, signal);
  });

  test('starting a running container again changes nothing', async (t) => {
    const { runtime, id, pid } = await started(forever);
    t.deepEqual(await runtime.start(id, signal), { pid });
    await runtime.remove(id, signal);
  });

  test('starting a container that does not exist is NOT_FOUND', async (t) => {
    const { runtime } = await opened;
    await refused(t, 'NOT_FOUND', runtime.start('nobody.main', signal));
  });

  test('starting a command that does not exist is RUNTIME_ERROR', async (t) => {
    const { runtime, id } = await create(missingCommand);
    await refused(t, 'RUNTIME_ERROR', runtime.start(id, signal));
    await runtime.remove(id, signal);
    t.is(await find(runtime, id), undefined);
  });

  test('an exit is told with its code, and listed until the container is removed', async (t) => {
    const { runtime, id, exits } = await started(failing);
    await poll('the exit', () => exits.length > 0);
    t.is(exits[0]?.phase, 'exited');
    t.is(exits[0]?.exitCode, 3);
    const listed = await find(runtime, id);
    t.is(listed?.phase, 'exited');
    t.is(listed?.exitCode, 3);
    t.true((listed?.exitedAtMs ?? 0) > 0);
    await runtime.remove(id, signal);
  });

  test('SIGTERM ends a container that listens to it', async (t) => {
    const { runtime, id, exits } = await started(polite);
    // Again and again: the first may come before the shell has set its trap.
    await poll('the exit', async () => {
      await runtime.kill(id, 'SIGTERM', signal);
      return exits.length > 0;
    });
    t.is((await find(runtime, id))?.exitCode, 0);
    await runtime.remove(id, signal);
  });

  test('SIGKILL ends a container that does not, with 137', async (t) => {
    const { runtime, id, exits } = await started(stubborn);
    await runtime.kill(id, 'SIGKILL', signal);
    await poll('the exit', () => exits.length > 0);
    t.is(exits[0]?.exitCode, 137);
    await runtime.kill(id, 'SIGKILL', signal);
    await runtime.remove(id, signal);
  });

  test('signals to containers that are gone are fine', async (t) => {
    const { runtime } = await opened;
    await t.notThrowsAsync(runtime.kill('nobody.main', 'SIGTERM', signal));
  });

  test('removing a running container ends it; removing it again is fine', async (t) => {
    const { runtime, id } = await started(forever);
    await runtime.remove(id, signal);
    t.is(await find(runtime, id), undefined);
    await t.notThrowsAsync(runtime.remove(id, signal));
  });

  test('logs outlive their container until they are removed', async (t) => {
    const { runtime, id, exits } = await started(failing);
    await poll('the exit', () => exits.length > 0);
    await runtime.remove(id, signal);
    t.true((await lines(runtime, id)).length > 0);
    t.is((await lines(runtime, id, 1)).length, 1);
    await runtime.removeLogs(id);
    await refused(t, 'NOT_FOUND', lines(runtime, id));
  });

  test('an aborted call is given up', async (t) => {
    const { runtime } = await opened;
    const reason = new ClusterError('CANCELLED', 'no longer wanted');
    await t.throwsAsync(runtime.list(AbortSignal.abort(reason)));
  });

  test('an image on the host is found, another is not', async (t) => {
    const { runtime, image } = await opened;
    t.true((await runtime.images.find(image, signal))?.digest.startsWith('sha256:'));
    t.is(await runtime.images.find('localhost/no-such-image:1', signal), undefined);
  });

  test('an image in use is only removed by force', async (t) => {
    const { runtime, plan, id } = await create(forever);
    await refused(t, 'IN_USE', runtime.images.remove(plan.image, false, signal));
    await runtime.remove(id, signal);
  });

  test('the host tells what it has', async (t) => {
    const { runtime } = await opened;
    const info = await runtime.info(signal);
    t.is(info.platform.os, 'linux');
    t.true(info.resources.cpuNano > 0);
    t.true(info.resources.memoryBytes > 0);
  });
}

function planOf(
  under: RuntimeUnderTest,
  taskId: string,
  behaviour: Behaviour,
  init: Partial<ContainerPlan>,
): ContainerPlan {
  return {
    id: `${taskId}.main`,
    taskId,
    containerName: 'main',
    image: under.image,
    args: behaviour.args,
    env: ['PATH=/bin:/usr/bin', ...behaviour.env],
    workingDirectory: '/',
    user: '',
    groups: [],
    hostname: taskId,
    mounts: [],
    isRootReadOnly: false,
    capabilityAdd: [],
    capabilityDrop: [],
    tty: false,
    sysctls: {},
    limits: undefined,
    reservations: undefined,
    networkNamespacePath: under.networkNamespacePath,
    labels: { 'tessera.task.id': taskId, 'tessera.test': 'yes' },
    ...init,
  };
}

async function find(runtime: Runtime, id: string): Promise<ContainerState | undefined> {
  const states = await runtime.list(new AbortController().signal);
  return states.find((state) => state.id === id);
}

async function lines(runtime: Runtime, id: string, tail?: number): Promise<readonly string[]> {
  const options = LogOptions.create(tail === undefined ? {} : { tail });
  const found: string[] = [];
  for await (const { line } of runtime.logs(id, options, new AbortController().signal))
    found.push(new TextDecoder().decode(line));
  return found;
}

async function refused(
  t: { is(a: unknown, b: unknown, message?: string): boolean; fail(message: string): void },
  code: ErrorCode,
  work: Promise<unknown>,
): Promise<void> {
  try {
    await work;
    t.fail(`expected ${code}, but it succeeded`);
  } catch (error) {
    if (error instanceof ClusterError) t.is(error.code, code, error.message);
    else t.fail(`expected ${code}, got ${String(error)}`);
  }
}
