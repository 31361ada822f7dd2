import type { Clock } from '#lib';
import { ClusterError, sleep } from '#lib';
import { PortConfig } from '#proto';
import type {
  ListeningSockets,
  NetworkAttachment,
  NetworkRequest,
  TaskNetworks,
} from './network-port.ts';

const firstDynamicPort = 30_000;
/** Addresses of one simulated host. */
const addressesMax = 4_000;

/** Whatever port is asked for: somebody listens, and nobody waits. */
class EveryPort extends Map<string, number> {
  override has(): boolean {
    return true;
  }
}
const everyPort: ListeningSockets = new EveryPort();

/** The networks of a simulated host; they outlive the agent. */
export class SimulatedNetworks implements TaskNetworks {
  /** What a look at the sockets of a process shows; by default every port listens. */
  socketsOf: (pid: number) => ListeningSockets = () => everyPort;
  readonly #clock: Clock;
  readonly #attachments = new Map<string, NetworkAttachment>();
  #next = 2;
  #boot = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  start(_signal: AbortSignal): Promise<void> {
    return Promise.resolve();
  }

  async attach(request: NetworkRequest, signal: AbortSignal): Promise<NetworkAttachment> {
    const boot = this.#boot;
    await sleep(this.#clock, 2, signal);
    if (boot !== this.#boot)
      throw new ClusterError('RUNTIME_UNAVAILABLE', 'the host lost power meanwhile');
    const known = this.#attachments.get(request.taskId);
    if (known !== undefined) return known;
    if (this.#attachments.size >= addressesMax)
      throw new ClusterError('LIMIT_EXCEEDED', 'no address is free on the default network');
    const ports = request.ports.map((port) => this.#publish(port));
    const number = this.#next++ % 65_000;
    const attachment: NetworkAttachment = {
      taskId: request.taskId,
      namespacePath: `/run/netns/ts-${request.taskId}`,
      address: request.networks[0]?.address ?? `10.200.${number >> 8}.${number & 255}`,
      links: [],
      ports,
    };
    this.#attachments.set(request.taskId, attachment);
    return attachment;
  }

  async detach(taskId: string, signal: AbortSignal): Promise<void> {
    await sleep(this.#clock, 2, signal);
    this.#attachments.delete(taskId);
  }

  list(_signal: AbortSignal): Promise<readonly NetworkAttachment[]> {
    return Promise.resolve(this.peek());
  }

  async sockets(pid: number): Promise<ListeningSockets> {
    await sleep(this.#clock, 1);
    return this.socketsOf(pid);
  }

  peek(): readonly NetworkAttachment[] {
    return [...this.#attachments.values()];
  }

  /** The host lost power: namespaces are gone. */
  reboot(): void {
    this.#boot++;
    this.#attachments.clear();
  }

  #publish(port: PortConfig): PortConfig {
    const taken = new Set(
      [...this.#attachments.values()].flatMap(({ ports }) =>
        ports.map(({ protocol, publishedPort }) => `${publishedPort}/${protocol}`),
      ),
    );
    let { publishedPort } = port;
    if (publishedPort === 0) {
      publishedPort = firstDynamicPort;
      while (taken.has(`${publishedPort}/${port.protocol}`)) publishedPort++;
    }
    if (taken.has(`${publishedPort}/${port.protocol}`))
      throw new ClusterError('FAILED_PRECONDITION', `port ${publishedPort} is already in use`);
    return PortConfig.create({ ...port, publishedPort });
  }
}
