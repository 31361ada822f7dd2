import type { Clock, Ms, Random } from '#lib';
import { ClusterError, sleep } from '#lib';
import type { LogOptions, Resources } from '#proto';
import { LogStream, Platform, Resources as ResourcesMessage } from '#proto';
import type { ContainerPlan, ContainerState, LogRecord, Runtime, RuntimeInfo } from './port.ts';
import { SimulatedImages } from './simulated-images.ts';

export interface SimulatedRuntimeOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Bounds of the time that one call takes, drawn at random; default 1..20 ms. */
  readonly callMs?: readonly [Ms, Ms];
  readonly resources?: Resources;
}

/** What a container does by itself and on signals; chosen by `behaviourOf`. */
export interface SimulatedBehaviour {
  /** Exits by itself after this long with `exitCode`; undefined = runs on. */
  readonly exitAfterMs?: Ms;
  readonly exitCode?: number;
  /** Ends by SIGTERM and the like after this long; undefined = ignores all but SIGKILL. */
  readonly stopAfterMs?: Ms;
  /** `start` is refused with this text. */
  readonly startError?: string;
}

interface Container {
  readonly plan: ContainerPlan;
  phase: ContainerState['phase'];
  pid: number;
  exitCode: number | undefined;
  exitedAtMs: number;
}

const wellBehaved: SimulatedBehaviour = { stopAfterMs: 5 };
const firstPid = 1000;
/** As long as containerd takes for it. */
const takenAwayMs: Ms = 2_000;

/**
 * A host's container runtime in memory: same seed, same story. It outlives the agent, as the real
 * one does; `reboot` is a power cut of the host.
 *
 * Behaviour comes from `behaviourOf`, or else from the environment of the container:
 * `SIM_EXIT_AFTER_MS`, `SIM_EXIT_CODE`, `SIM_STOP_AFTER_MS` (`never` ignores), `SIM_START_ERROR`.
 */
export class SimulatedRuntime implements Runtime {
  readonly images: SimulatedImages;
  behaviourOf: (plan: ContainerPlan) => SimulatedBehaviour = behaviourOfEnvironment;
  /** Every call fails with RUNTIME_UNAVAILABLE while true; containers run on. */
  isDown = false;
  /** Exits are not told while true; they are when it is set back and `tellMissed` is called. */
  isDeaf = false;
  readonly #options: SimulatedRuntimeOptions;
  readonly #containers = new Map<string, Container>();
  readonly #logs = new Map<string, LogRecord[]>();
  readonly #handlers = new Set<(state: ContainerState) => void>();
  #missed: ContainerState[] = [];
  #nextPid = firstPid;
  /** Counts reboots: what was asked of the host before one is not done after it. */
  #boot = 0;
  /** Under way. */
  readonly #starts = new Set<{ readonly id: string; isCut: boolean }>();
  /** By container id, until when what a start that was cut short has left is taken away; monotonic. */
  readonly #takenAwayAtMs = new Map<string, Ms>();

  constructor(options: SimulatedRuntimeOptions) {
    this.#options = options;
    this.images = new SimulatedImages(options.clock, options.random.fork('images'), (name) =>
      [...this.#containers.values()].some(({ plan }) => plan.image === name),
    );
  }

  async info(signal: AbortSignal): Promise<RuntimeInfo> {
    await this.#call(signal);
    return {
      name: 'simulated',
      version: '1.0',
      platform: Platform.create({ os: 'linux', architecture: 'amd64' }),
      resources:
        this.#options.resources ??
        ResourcesMessage.create({ cpuNano: 4_000_000_000, memoryBytes: 8 * 2 ** 30, pids: 32_768 }),
      kernelVersion: '6.1.0',
      operatingSystem: 'Simulated Linux',
    };
  }

  async create(plan: ContainerPlan, signal: AbortSignal): Promise<void> {
    await this.#call(signal);
    if (this.#containers.has(plan.id)) return;
    if (!this.images.has(plan.image))
      throw new ClusterError('IMAGE_NOT_FOUND', `image ${plan.image} is not on this host`);
    this.#containers.set(plan.id, {
      plan,
      phase: 'created',
      pid: 0,
      exitCode: undefined,
      exitedAtMs: 0,
    });
  }

  async start(id: string, signal: AbortSignal): Promise<{ readonly pid: number }> {
    await this.#startCall(id, signal);
    const container = this.#containers.get(id);
    if (container === undefined) throw missing(id);
    if (container.phase !== 'created') return { pid: container.pid };
    if ((this.#takenAwayAtMs.get(id) ?? 0) > this.#options.clock.monotonic())
      throw new ClusterError('IN_USE', `an earlier start of ${id} is still being taken away`);
    const behaviour = this.behaviourOf(container.plan);
    if (behaviour.startError !== undefined)
      throw new ClusterError('RUNTIME_ERROR', behaviour.startError);
    container.phase = 'running';
    container.pid = this.#nextPid++;
    this.#write(id, `started ${container.plan.args.join(' ')}`);
    if (behaviour.exitAfterMs !== undefined)
      this.#exitLater(id, container, behaviour.exitAfterMs, behaviour.exitCode ?? 0);
    const { pid } = container;
    // The answer may come after the word of the exit.
    await this.#call(signal);
    return { pid };
  }

  async kill(id: string, name: string, signal: AbortSignal): Promise<void> {
    await this.#call(signal);
    const container = this.#containers.get(id);
    if (container?.phase !== 'running') return;
    if (name === 'SIGKILL') {
      this.#exitLater(id, container, 1, 137);
      return;
    }
    const { stopAfterMs, exitCode } = this.behaviourOf(container.plan);
    if (stopAfterMs !== undefined) this.#exitLater(id, container, stopAfterMs, exitCode ?? 0);
  }

  async remove(id: string, signal: AbortSignal): Promise<void> {
    await this.#call(signal);
    const container = this.#containers.get(id);
    if (container?.phase === 'running') this.#exit(id, container, 137);
    this.#containers.delete(id);
  }

  async list(signal: AbortSignal): Promise<readonly ContainerState[]> {
    await this.#call(signal);
    return this.peek();
  }

  onExit(handler: (state: ContainerState) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  async *logs(id: string, options: LogOptions, signal: AbortSignal): AsyncGenerator<LogRecord> {
    await this.#call(signal);
    const all = this.#logs.get(id);
    if (all === undefined) throw missing(id);
    const since = all.filter(({ atMs }) => atMs >= options.sinceMs);
    yield* options.tail === undefined ? since : since.slice(since.length - options.tail);
    for (let at = all.length; options.follow && this.#containers.has(id); ) {
      if (at < all.length) yield all[at++] as LogRecord;
      else await sleep(this.#options.clock, 100, signal);
    }
  }

  removeLogs(id: string): Promise<void> {
    this.#logs.delete(id);
    return Promise.resolve();
  }

  /** All containers at once, ascending by id; takes no time. */
  peek(): readonly ContainerState[] {
    return [...this.#containers.keys()].toSorted().map((id) => this.#state(id));
  }

  /** Containers that have logs. */
  get logIds(): readonly string[] {
    return [...this.#logs.keys()].toSorted();
  }

  /** The process of a running container ends by itself. */
  exit(id: string, exitCode: number): void {
    const container = this.#containers.get(id);
    if (container?.phase === 'running') this.#exit(id, container, exitCode);
  }

  /** The caller's process was killed: starts under way are cut short, as by containerd. */
  hangUp(): void {
    for (const start of this.#starts) {
      start.isCut = true;
      const container = this.#containers.get(start.id);
      if (container?.phase !== 'created') continue;
      container.phase = 'lost';
      this.#takenAwayAtMs.set(start.id, this.#options.clock.monotonic() + takenAwayMs);
    }
    this.#starts.clear();
  }

  /** The host lost power: processes are gone without an exit, container objects stay as made. */
  reboot(): void {
    this.#boot++;
    this.#missed = [];
    this.#starts.clear();
    this.#takenAwayAtMs.clear();
    for (const [id, container] of this.#containers)
      this.#containers.set(id, {
        plan: container.plan,
        phase: container.phase === 'created' ? 'created' : 'lost',
        pid: 0,
        exitCode: undefined,
        exitedAtMs: 0,
      });
  }

  /** Tells the exits that happened while nobody could hear, as a reconnect does. */
  tellMissed(): void {
    for (const state of this.#missed.splice(0)) this.#tell(state);
  }

  #state(id: string): ContainerState {
    const container = this.#containers.get(id);
    if (container === undefined) throw missing(id);
    const { plan, phase, pid, exitCode, exitedAtMs } = container;
    const { taskId, containerName, labels } = plan;
    return { id, taskId, containerName, labels, phase, pid, exitCode, exitedAtMs };
  }

  #exitLater(id: string, container: Container, delayMs: Ms, exitCode: number): void {
    const { pid } = container;
    this.#options.clock.after(delayMs, () => {
      const isSame = this.#containers.get(id) === container && container.pid === pid;
      if (isSame && container.phase === 'running') this.#exit(id, container, exitCode);
    });
  }

  #exit(id: string, container: Container, exitCode: number): void {
    container.phase = 'exited';
    container.pid = 0;
    container.exitCode = exitCode;
    container.exitedAtMs = this.#options.clock.now();
    this.#write(id, `exited ${exitCode}`);
    const state = this.#state(id);
    if (this.isDeaf) this.#missed.push(state);
    else this.#options.clock.after(0, () => this.#tell(state));
  }

  #tell(state: ContainerState): void {
    const times = this.#options.random.next() < 0.1 ? 2 : 1;
    for (let time = 0; time < times; time++) for (const handler of this.#handlers) handler(state);
  }

  #write(id: string, text: string): void {
    const line = new TextEncoder().encode(text);
    const record = { stream: LogStream.STDOUT, atMs: this.#options.clock.now(), line };
    const logs = this.#logs.get(id);
    if (logs === undefined) this.#logs.set(id, [record]);
    else logs.push(record);
  }

  /** The part of a start that can be cut short. */
  async #startCall(id: string, signal: AbortSignal): Promise<void> {
    const start = { id, isCut: false };
    this.#starts.add(start);
    try {
      await this.#call(signal);
    } finally {
      this.#starts.delete(start);
    }
    if (start.isCut) throw new ClusterError('CANCELLED', 'the caller went meanwhile');
  }

  async #call(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { clock, random } = this.#options;
    const [least, most] = this.#options.callMs ?? [1, 20];
    const tookMs = least + (most - least) * random.next();
    const boot = this.#boot;
    if (most > 0) await sleep(clock, tookMs);
    if (boot !== this.#boot)
      throw new ClusterError('RUNTIME_UNAVAILABLE', 'the host lost power meanwhile');
    // Given up half-way: it may have been done all the same.
    if (signal.aborted && random.next() < 0.5) throw signal.reason;
    if (this.isDown)
      throw new ClusterError('RUNTIME_UNAVAILABLE', 'the container runtime does not answer');
  }
}

function missing(id: string): ClusterError {
  return new ClusterError('NOT_FOUND', `container ${id} does not exist`);
}

function behaviourOfEnvironment(plan: ContainerPlan): SimulatedBehaviour {
  const read = (name: string): string | undefined =>
    plan.env.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
  const exitAfter = read('SIM_EXIT_AFTER_MS');
  const exitCode = read('SIM_EXIT_CODE');
  const stopAfter = read('SIM_STOP_AFTER_MS');
  const startError = read('SIM_START_ERROR');
  return {
    ...(exitAfter === undefined ? {} : { exitAfterMs: Number(exitAfter) }),
    ...(exitCode === undefined ? {} : { exitCode: Number(exitCode) }),
    ...(startError === undefined ? {} : { startError }),
    ...(stopAfter === undefined
      ? wellBehaved
      : stopAfter === 'never'
        ? {}
        : { stopAfterMs: Number(stopAfter) }),
  };
}
