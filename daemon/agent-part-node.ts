/** The agent as a part of the daemon: its line to the managers, its storage, and the host under it. */
import { Agent, fileStorage, GrpcManagerLine, ManagerAddresses } from '#agent';
import type { HostFiles, Runtime, TaskNetworks } from '#agent';
import { NodeDescription } from '#proto';
import type { AgentParameters, AgentPart, Basics, MakeAgent } from './ports.ts';
import { version } from './version.ts';

/** A node that leaves gives its tasks this long to stop. */
const drainDeadlineMs = 30_000;
const infoDeadlineMs = 10_000;

/** What containers run on; made once per process, because simulated ones live in it. */
export interface AgentHost {
  readonly runtime: Runtime;
  readonly networks: TaskNetworks;
  readonly files: HostFiles;
  /** Ends what the host keeps open; containers run on. */
  close(): Promise<void>;
}

export type MakeAgentHost = (basics: Basics) => AgentHost;

export function agentMaker(makeHost: MakeAgentHost): MakeAgent {
  let host: AgentHost | undefined;
  return (parameters) => {
    host ??= makeHost(parameters);
    return agentPart(parameters, host);
  };
}

function agentPart(parameters: AgentParameters, host: AgentHost): AgentPart {
  const { random, log, channelFor, managerAddresses, directory } = parameters;
  const addresses = new ManagerAddresses(managerAddresses, random);
  const agent = new Agent({
    ...parameters,
    ...host,
    line: new GrpcManagerLine({ addresses, channelFor, log }),
    storage: fileStorage(directory, log),
    describe: () => describe(parameters.hostname, host.runtime),
  });
  return {
    start: () => {
      agent.start();
      return Promise.resolve();
    },
    stop: () => agent.stop(),
    drainAll: () => agent.drainAll(drainDeadlineMs),
  };
}

async function describe(hostname: string, runtime: Runtime): Promise<NodeDescription> {
  const info = await runtime.info(AbortSignal.timeout(infoDeadlineMs));
  return NodeDescription.create({
    hostname,
    platform: info.platform,
    resources: info.resources,
    tesseraVersion: version,
    runtimeName: info.name,
    runtimeVersion: info.version,
    kernelVersion: info.kernelVersion,
    operatingSystem: info.operatingSystem,
  });
}
