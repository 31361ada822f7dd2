import { SimulatedFiles, SimulatedNetworks, SimulatedRuntime } from '#agent';
import type { AgentHost } from './agent-part-node.ts';
import type { Basics } from './ports.ts';

/** A host that runs nothing: for tests of many daemons in one process, and for figures of scale. */
export function simulatedHost({ clock, random }: Basics): AgentHost {
  return {
    runtime: new SimulatedRuntime({ clock, random: random.fork('runtime') }),
    networks: new SimulatedNetworks(clock),
    files: new SimulatedFiles(),
    close: () => Promise.resolve(),
  };
}
