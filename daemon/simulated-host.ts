import { SimulatedFiles, SimulatedNetworks, SimulatedRuntime } from '#agent';
import type { AgentHost, MakeAgentHost } from './agent-part-node.ts';
import type { Basics } from './ports.ts';

/**
 * A host that runs nothing: for tests of many daemons in one process, and for figures of scale. It
 * outlives the agents on it, as a real host does; not the process.
 */
export function simulatedHost(): MakeAgentHost {
  let host: AgentHost | undefined;
  return (basics) => {
    host ??= make(basics);
    return Promise.resolve(host);
  };
}

function make({ clock, random }: Basics): AgentHost {
  return {
    runtime: new SimulatedRuntime({ clock, random: random.fork('runtime') }),
    networks: new SimulatedNetworks(clock),
    networkConsumers: [],
    files: new SimulatedFiles(),
    close: () => Promise.resolve(),
  };
}
