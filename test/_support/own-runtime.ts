/** A containerd of the test's own with the adapter on it, and the busybox image loaded. */
import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { TestFn } from 'ava';
import { silentLogger, silentMetrics } from '#lib';
import { systemClock } from '#lib/clock-node';
import { systemRandom } from '#lib/random-node';
import type { ContainerPlan, ContainerState } from '#agent';
import { createContainerdRuntime } from '#agent/containerd/index';
import type { CreateRuntimeOptions, RunningRuntime } from '#agent/containerd/index';
import { LogOptions, LogStream } from '#proto';
import { poll } from '#test/_support/poll';
import { startContainerd } from '#test/_support/private-containerd';
import type { PrivateContainerd } from '#test/_support/private-containerd';
import { busyboxImage } from '../../scripts/busybox-image.ts';
import { buildImage, ociArchive } from '../../scripts/image-archive.ts';

let instanceNumber = 0;
export const noAbort = new AbortController().signal;

export class OwnRuntime {
  readonly containerd: PrivateContainerd;
  readonly cgroupParent = `/tessera-test-${process.pid}-${++instanceNumber}`;
  readonly #running: RunningRuntime[] = [];

  constructor(containerd: PrivateContainerd) {
    this.containerd = containerd;
  }

  static async open(): Promise<OwnRuntime> {
    const own = new OwnRuntime(await startContainerd());
    const { runtime } = await own.agent();
    const archive = await ociArchive([await buildImage(busyboxImage(['busybox:latest']))]);
    await runtime.images.load(Readable.from([archive]), '', noAbort);
    return own;
  }

  get dataDir(): string {
    return join(this.containerd.folder, 'data');
  }

  /**
   * The adapter as a newly started agent has it. It sweeps: whoever calls this while another agent may
   * be in the middle of a `create` takes that one's file system away.
   */
  async agent(options: Partial<CreateRuntimeOptions> = {}): Promise<RunningRuntime> {
    const running = await createContainerdRuntime(
      {
        socketPath: this.containerd.socketPath,
        dataDir: this.dataDir,
        cgroupParent: this.cgroupParent,
        clock: systemClock(),
        random: systemRandom(),
        log: silentLogger,
        metrics: silentMetrics,
        ...options,
      },
      noAbort,
    );
    this.#running.push(running);
    return running;
  }

  async close(): Promise<void> {
    for (const running of this.#running) await running.stop();
    await this.containerd.stop();
    removeCgroups(this.cgroupParent);
  }
}

/** One containerd with one agent for all tests of a file, closed after them. When it does not open, each test that awaits it fails. */
export function commonAgent(test: TestFn): {
  readonly opened: Promise<OwnRuntime>;
  readonly agentOpened: Promise<RunningRuntime>;
} {
  const opened = OwnRuntime.open();
  const agentOpened = opened.then((own) => own.agent());
  // Nobody awaits it yet: until a test does, a failure is not an unhandled one.
  agentOpened.catch(() => undefined);
  test.after.always(async () => {
    await (await opened).close();
  });
  return { opened, agentOpened };
}

function removeCgroups(parent: string): void {
  for (const controller of ['', ...readdirSync('/sys/fs/cgroup')]) {
    const group = join('/sys/fs/cgroup', controller, parent);
    if (!existsSync(group)) continue;
    for (const entry of readdirSync(group, { withFileTypes: true }))
      if (entry.isDirectory()) rmdirSync(join(group, entry.name));
    rmdirSync(group);
  }
}

let taskNumber = 0;

/** A plan that runs `script` with sh. */
export function shellPlan(script: string, init: Partial<ContainerPlan> = {}): ContainerPlan {
  const taskId = init.taskId ?? `task${process.pid}x${++taskNumber}`;
  const containerName = init.containerName ?? 'main';
  return {
    id: `${taskId}.${containerName}`,
    taskId,
    containerName,
    image: 'busybox:latest',
    args: ['sh', '-c', script],
    env: ['PATH=/bin'],
    workingDirectory: '',
    user: '',
    groups: [],
    hostname: 'box',
    mounts: [],
    isRootReadOnly: false,
    capabilityAdd: [],
    capabilityDrop: [],
    tty: false,
    sysctls: {},
    limits: undefined,
    reservations: undefined,
    networkNamespacePath: '',
    labels: {},
    ...init,
  };
}

export async function stateOf(
  { runtime }: RunningRuntime,
  id: string,
): Promise<ContainerState | undefined> {
  return (await runtime.list(noAbort)).find((state) => state.id === id);
}

export async function linesOf(
  { runtime }: RunningRuntime,
  id: string,
  options: Partial<LogOptions> = {},
): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { line, stream } of runtime.logs(id, LogOptions.create(options), noAbort))
    found.push(`${stream === LogStream.STDERR ? '!' : ''}${Buffer.from(line).toString()}`);
  return found;
}

/** Runs to the end; output and exit code. The container is removed. */
export async function runToEnd(
  running: RunningRuntime,
  plan: ContainerPlan,
): Promise<{ readonly lines: readonly string[]; readonly exitCode: number | undefined }> {
  await running.runtime.create(plan, noAbort);
  await running.runtime.start(plan.id, noAbort);
  const state = await poll(`exit of ${plan.id}`, async () => {
    const seen = await stateOf(running, plan.id);
    return seen?.phase === 'exited' ? seen : undefined;
  });
  await running.runtime.remove(plan.id, noAbort);
  const lines = await linesOf(running, plan.id);
  await running.runtime.removeLogs(plan.id);
  return { lines, exitCode: state.exitCode };
}
