/** A real host: containerd, its networks, its files. */
import { join } from 'node:path';
import { hostFiles } from '#agent';
import { createContainerdRuntime } from '#agent/containerd/index';
import { NameServer } from '#agent/dns/name-server-node';
import { Mesh, nftHost } from '#agent/mesh/index';
import { BridgeNetworks, hostRoutes } from '#agent/network/index';
import { kernelHost, Overlay } from '#agent/overlay/index';
import type { MakeAgentHost } from './agent-part-node.ts';
import type { Options } from './options.ts';

export function containerdHost(options: Options): MakeAgentHost {
  return async (basics, signal) => {
    const running = await createContainerdRuntime(
      {
        ...basics,
        socketPath: options.containerdSocket,
        namespace: options.containerdNamespace,
        dataDir: options.dataDirectory,
        cgroupParent: options.cgroupParent,
      },
      signal,
    );
    const overlay = new Overlay({
      ...basics,
      host: kernelHost(),
      log: basics.log.child({ module: 'overlay' }),
    });
    const names = new NameServer(basics);
    const mesh = new Mesh({
      ...basics,
      host: nftHost(),
      log: basics.log.child({ module: 'mesh' }),
    });
    return {
      runtime: running.runtime,
      networks: new BridgeNetworks({
        ...basics,
        ...(options.taskSubnet === undefined ? {} : { subnets: [options.taskSubnet] }),
        // Gone after a reboot, as the namespaces are.
        statePath: join(options.runDirectory, 'networks.json'),
        overlay,
        hostPorts: mesh,
      }),
      // Bridges before names: the name server listens on their addresses.
      networkConsumers: [overlay, mesh, names],
      files: hostFiles(options.dataDirectory),
      routes: hostRoutes,
      close: async () => {
        names.close();
        mesh.close();
        await overlay.stop();
        await running.stop();
      },
    };
  };
}
