/** The agent as a part of the daemon: its line to the managers, its storage, and the host under it. */
import { Agent, fileStorage, genericCounts, ManagerConnections, ManagerAddresses } from '#agent';
import type {
  GenericResources,
  HostFiles,
  NetworkConsumer,
  NetworkExaminer,
  Runtime,
  TaskNetworks,
} from '#agent';
import { backoffMs, ClusterError, messageOf, sleep } from '#lib';
import { NodeDescription } from '#proto';
import type { TunnelKey } from '#proto';
import type { AgentParameters, AgentPart, Basics, MakeAgent } from './ports.ts';
import { version } from './version.ts';

/** A node that leaves gives its tasks this long to stop. */
const drainDeadlineMs = 30_000;
const infoDeadlineMs = 10_000;
/** Named volumes that a node tells of. */
const volumesMax = 1_000;
const hostRetry = { baseMs: 250, maxMs: 5_000, jitter: 0.3 } as const;

/** What containers run on. */
export interface AgentHost {
  readonly runtime: Runtime;
  readonly networks: TaskNetworks;
  /** Told, in this order, of the networks the node takes part in. */
  readonly networkConsumers: readonly NetworkConsumer[];
  /** False on a host without IPv6; default true. */
  readonly hasIpv6?: boolean;
  /** Looks at the networks when the managers ask. */
  readonly networkExaminer?: NetworkExaminer;
  /** What else the host has that tasks may reserve; default nothing. */
  readonly genericResources?: GenericResources;
  readonly files: HostFiles;
  /** CIDRs that the host has routes to; without it: none. */
  readonly routes?: () => Promise<readonly string[]>;
  /** What other nodes need to send it packets of encrypted networks; without it: none are. */
  readonly tunnelKeys?: () => readonly TunnelKey[];
  /** Ends what the host keeps open; containers run on. */
  close(): Promise<void>;
}

/** Rejects while the host is not ready, as when containerd does not answer: it is asked again. */
export type MakeAgentHost = (
  basics: Basics & { readonly nodeId: string; readonly directory: string },
  signal: AbortSignal,
) => Promise<AgentHost>;

export function agentMaker(makeHost: MakeAgentHost): MakeAgent {
  return (parameters) => new HostedAgent(parameters, makeHost);
}

/** Waits for the host's runtime, then runs the agent on it. */
class HostedAgent implements AgentPart {
  readonly #parameters: AgentParameters;
  readonly #makeHost: MakeAgentHost;
  readonly #stopping = new AbortController();
  #booting: Promise<void> = Promise.resolve();
  #host: AgentHost | undefined;
  #agent: Agent | undefined;
  #problem = '';

  constructor(parameters: AgentParameters, makeHost: MakeAgentHost) {
    this.#parameters = parameters;
    this.#makeHost = makeHost;
  }

  get problem(): string {
    return this.#problem;
  }

  start(): Promise<void> {
    this.#booting = this.#boot().catch((error: unknown) => {
      if (this.#stopping.signal.aborted) return;
      this.#problem = messageOf(error);
      this.#parameters.log.error('the agent cannot start', { err: error });
    });
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new ClusterError('CANCELLED', 'the agent is stopping'));
    await this.#booting;
    await this.#agent?.stop();
    await this.#host?.close();
  }

  async drainAll(): Promise<void> {
    if (this.#agent === undefined)
      throw new ClusterError(
        'RUNTIME_UNAVAILABLE',
        'the container runtime does not answer: what still runs there has to be stopped by hand',
      );
    await this.#agent.drainAll(drainDeadlineMs);
  }

  async #boot(): Promise<void> {
    const host = await this.#untilHost();
    const { random, log, managerAddresses, directory } = this.#parameters;
    const addresses = new ManagerAddresses(managerAddresses, random);
    this.#host = host;
    this.#agent = new Agent({
      ...this.#parameters,
      ...host,
      line: new ManagerConnections({ ...this.#parameters, addresses }),
      storage: fileStorage(directory, log),
      describe: () => describe(this.#parameters, host),
    });
    this.#agent.start();
  }

  async #untilHost(): Promise<AgentHost> {
    const { clock, random, log } = this.#parameters;
    const { signal } = this.#stopping;
    for (let attempt = 0; ; attempt++) {
      signal.throwIfAborted();
      try {
        const host = await this.#makeHost(this.#parameters, signal);
        this.#problem = '';
        return host;
      } catch (error) {
        signal.throwIfAborted();
        this.#problem = `this host is not ready for containers: ${messageOf(error)}`;
        log.warn('this host is not ready for containers', { reason: messageOf(error) });
        await sleep(clock, backoffMs(hostRetry, attempt, random), signal);
      }
    }
  }
}

async function describe(
  { hostname, dataPathAddress, log }: AgentParameters,
  { runtime, files, routes, tunnelKeys, genericResources = new Map(), hasIpv6 = true }: AgentHost,
): Promise<NodeDescription> {
  const info = await runtime.info(AbortSignal.timeout(infoDeadlineMs));
  const known = await routes?.().catch((error: unknown) => {
    log.warn('the routes of this host are not known', { reason: messageOf(error) });
    return undefined;
  });
  const volumes = await files.listVolumes().catch((error: unknown) => {
    log.warn('the volumes of this host are not known', { reason: messageOf(error) });
    return [];
  });
  return NodeDescription.create({
    hostname,
    dataPathAddress,
    routes: known ?? [],
    volumes: volumes.slice(0, volumesMax),
    isIpv6Off: !hasIpv6,
    tunnelKeys: [...(tunnelKeys?.() ?? [])],
    platform: info.platform,
    resources: { ...info.resources, generic: genericCounts(genericResources) },
    tesseraVersion: version,
    runtimeName: info.name,
    runtimeVersion: info.version,
    kernelVersion: info.kernelVersion,
    operatingSystem: info.operatingSystem,
  });
}
