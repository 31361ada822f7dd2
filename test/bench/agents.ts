/**
 * `make bench ONLY=agents [AGENTS=10000 TASKS=100000]`: one real leader (a process of `tesserad`: TLS, Raft, an
 * encrypted log on disk) pinned to one processor, and thousands of lean agents in another process, each joined
 * with the token and connected with its own certificate. Places all tasks, then watches the heartbeats.
 */
import { execFile, fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Availability, ContainerSpec, ControlService, CreateServiceRequest } from '#proto';
import { GetJoinTokensRequest, InitRequest, ListNodesRequest, LocalService } from '#proto';
import { ReplicatedMode, ResourceRequirements, Resources, ServiceSpec, TaskSpec } from '#proto';
import { UpdateNodeRequest } from '#proto';
import { DaemonProcess } from '#test/_support/daemon-process';
import { freePort } from '#test/_support/free-port';
import { coresBetween, usageOf } from './agents/leader.ts';
import type { Usage } from './agents/leader.ts';
import type { FleetCommand, FleetReport } from './agents/fleet.ts';
import type { Row } from './row.ts';

const agentCount = Number(process.env['AGENTS'] ?? 10_000);
const taskCount = Number(process.env['TASKS'] ?? 100_000);
const serviceCount = Math.min(100, taskCount);
const steadyMs = 30_000;
/** After the last task runs, before the heartbeats are measured. */
const settleMs = 10_000;
const phaseDeadlineMs = 300_000;
/** Between two lines about a phase that takes long. */
const tellPeriodMs = 10_000;

const run = promisify(execFile);

class Fleet {
  readonly child: ChildProcess;
  report: FleetReport | undefined;
  #exit: string | undefined;

  constructor() {
    const execArgv = ['--max-semi-space-size=64'];
    this.child = fork(join(import.meta.dirname, 'agents/fleet.ts'), [], { execArgv });
    this.child.on('message', (report: FleetReport) => {
      this.report = report;
    });
    this.child.on('exit', (code) => {
      this.#exit = `the fleet has ended with ${code}`;
    });
  }

  tell(command: FleetCommand): void {
    this.child.send(command);
  }

  /** Milliseconds until `isSo`; breaks when the fleet does, or at the deadline. */
  async until(what: string, isSo: (report: FleetReport) => boolean): Promise<number> {
    const startedAt = performance.now();
    let tellAt = startedAt + tellPeriodMs;
    for (;;) {
      const { report } = this;
      if (performance.now() > tellAt) {
        tellAt += tellPeriodMs;
        console.log(`    until ${what}: ${JSON.stringify(report)}`);
      }
      if (report !== undefined && isSo(report)) return performance.now() - startedAt;
      if (this.#exit !== undefined) throw new Error(`${what}: ${this.#exit}`);
      if (performance.now() - startedAt > phaseDeadlineMs)
        throw new Error(`${what}: not within ${phaseDeadlineMs} ms: ${JSON.stringify(report)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async close(): Promise<void> {
    if (this.#exit !== undefined) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}

/** Every thread of the process runs on this processor alone; false where that cannot be had. */
async function pin(pid: number, processor: number): Promise<boolean> {
  return await run('taskset', ['-acp', String(processor), String(pid)]).then(
    () => true,
    () => false,
  );
}

function specOf(number: number): ServiceSpec {
  const replicas = Math.ceil((taskCount - number) / serviceCount);
  const reservations = Resources.create({ cpuNano: 1e8, memoryBytes: 64 * 2 ** 20 });
  const container = ContainerSpec.create({
    image: 'registry.example/team/application:1.2.3',
    args: ['serve', '--port', '8080'],
    env: ['LOG_LEVEL=info', 'REGION=north', 'FEATURES=a,b,c'],
  });
  return ServiceSpec.create({
    name: `application-${number}`,
    mode: { kind: 'replicated', replicated: ReplicatedMode.create({ replicas }) },
    task: TaskSpec.create({
      containers: [container],
      resources: ResourceRequirements.create({ reservations }),
    }),
  });
}

/** The leader's own node takes no tasks: its agent is no part of the measurement. */
async function pauseOwnNode(leader: DaemonProcess): Promise<void> {
  const { nodes } = await leader.call(ControlService.listNodes, ListNodesRequest.create());
  for (const { id, spec } of nodes) {
    if (spec === undefined) continue;
    const paused = { ...spec, availability: Availability.PAUSE };
    await leader.call(
      ControlService.updateNode,
      UpdateNodeRequest.create({ ref: id, spec: paused }),
    );
  }
}

interface Phase {
  readonly ms: number;
  readonly before: Usage;
  readonly after: Usage;
}

function log(what: string, { ms, before, after }: Phase): void {
  console.log(
    `  ${what}: ${(ms / 1000).toFixed(1)} s, leader ${(after.cpuSeconds - before.cpuSeconds).toFixed(1)} s of processor` +
      ` (${(after.gcSeconds - before.gcSeconds).toFixed(2)} s of it the collector),` +
      ` ${Math.round(after.residentMib)} MiB (heap ${Math.round(after.heapMib)}), longest stall ${Math.round(after.stallMs)} ms`,
  );
}

async function measure(leader: DaemonProcess, fleet: Fleet, metricsPort: number): Promise<Row[]> {
  const phase = async (what: string, work: () => Promise<number>): Promise<Phase> => {
    const before = await usageOf(metricsPort);
    const ms = await work();
    const done = { ms, before, after: await usageOf(metricsPort) };
    log(what, done);
    return done;
  };
  const { tokens } = await leader.call(ControlService.getJoinTokens, GetJoinTokensRequest.create());
  const port = Number(leader.address.split(':')[1]);
  const command = { port, token: tokens?.worker ?? '', count: agentCount };
  fleet.tell({ ...command, kind: 'join' });
  const joining = await phase(`${agentCount} agents joined`, () =>
    fleet.until('agents join', ({ joined }) => joined === agentCount),
  );
  fleet.tell({ ...command, kind: 'open' });
  const opening = await phase(`${agentCount} sessions opened`, () =>
    fleet.until('sessions open', ({ counts }) => counts.sessions === agentCount),
  );
  let assignedMs = 0;
  const placing = await phase(`${taskCount} tasks assigned and running`, async () => {
    const startedAt = performance.now();
    for (let number = 0; number < serviceCount; number++) {
      const request = CreateServiceRequest.create({ spec: specOf(number) });
      await leader.call(ControlService.createService, request, phaseDeadlineMs);
    }
    await fleet.until('all assigned', ({ counts }) => counts.assigned >= taskCount);
    assignedMs = performance.now() - startedAt;
    await fleet.until('all running', ({ counts }) => counts.running >= taskCount);
    return performance.now() - startedAt;
  });
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  const steady = await phase(`${steadyMs / 1000} s of heartbeats`, async () => {
    await new Promise((resolve) => setTimeout(resolve, steadyMs));
    return steadyMs;
  });
  const { broken = 0, lastError = '' } = fleet.report?.counts ?? {};
  if (broken > 0) console.log(`  ${broken} sessions broke and were opened again: ${lastError}`);
  const residentMib = Math.max(
    ...[joining, opening, placing, steady].map((one) => one.after.residentMib),
  );
  const name = `${agentCount} agents, ${taskCount} tasks`;
  const isFull = agentCount >= 10_000 && taskCount >= 100_000;
  const row = (what: string, unit: string, value: number, max?: number): Row => ({
    name: `${name}: ${what}`,
    unit,
    ours: value,
    peer: null,
    ratio: null,
    bar: max === undefined || !isFull ? null : `<= ${max} ${unit}`,
    ok: max === undefined || !isFull ? null : value <= max,
  });
  return [
    row('joined with the token', 's', joining.ms / 1000),
    row('sessions opened', 's', opening.ms / 1000),
    row('all assigned', 's', assignedMs / 1000, 60),
    row('all reported RUNNING, durable', 's', placing.ms / 1000, 60),
    row(
      'processor time of the leader for that',
      's',
      placing.after.cpuSeconds - placing.before.cpuSeconds,
    ),
    row(
      'heartbeats, processors of the leader',
      'cores',
      coresBetween(steady.before, steady.after),
      0.5,
    ),
    row('resident memory of the leader', 'MiB', residentMib, 1.5 * 1024),
    row('longest stall while sessions open', 'ms', opening.after.stallMs),
    row('longest stall while tasks are placed', 'ms', placing.after.stallMs, 100),
    row('longest stall in the steady state', 'ms', steady.after.stallMs, 100),
    row('sessions that broke', '', broken),
  ];
}

export async function bench(): Promise<Row[]> {
  const jobs: (() => unknown)[] = [];
  try {
    const metricsPort = await freePort();
    const flags = ['--metrics', `127.0.0.1:${metricsPort}`];
    const leader = await DaemonProcess.start(
      { teardown: (job) => void jobs.push(job) },
      'leader',
      flags,
    );
    const fleet = new Fleet();
    jobs.push(() => fleet.close());
    const isPinned = (await pin(leader.pid, 0)) && (await pin(fleet.child.pid ?? 0, 1));
    console.log(`  the leader has ${isPinned ? 'one processor' : 'whatever processors there are'}`);
    await leader.call(
      LocalService.init,
      InitRequest.create({ advertiseAddress: leader.address, listenAddress: leader.address }),
    );
    await pauseOwnNode(leader);
    return await measure(leader, fleet, metricsPort);
  } finally {
    for (const job of jobs.toReversed()) await job();
  }
}
