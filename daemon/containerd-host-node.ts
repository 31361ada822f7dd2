/** A real host: containerd, its networks, its files. */
import { join } from 'node:path';
import { hostFiles } from '#agent';
import { createContainerdRuntime } from '#agent/containerd/index';
import { NetworkDoctor, probingHost } from '#agent/doctor/index';
import { NameServer } from '#agent/dns/name-server-node';
import { Mesh, nftHost } from '#agent/mesh/index';
import { BridgeNetworks, hostHasIpv6, hostRoutes } from '#agent/network/index';
import { kernelHost, Overlay } from '#agent/overlay/index';
import { fileKeyStore, kernelWireGuard, WireGuard } from '#agent/wireguard/index';
import type { MakeAgentHost } from './agent-part-node.ts';
import type { Options } from './options.ts';

export function containerdHost(options: Options): MakeAgentHost {
  return async (basics, signal) => {
    const wireGuardLog = basics.log.child({ module: 'wireguard' });
    const wireGuard = await WireGuard.open({
      ...basics,
      host: kernelWireGuard(),
      store: fileKeyStore(basics.directory, wireGuardLog),
      keyPeriodMs: options.networkKeyPeriodMs,
      log: wireGuardLog,
    });
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
      tunnel: wireGuard,
      log: basics.log.child({ module: 'overlay' }),
    });
    const names = new NameServer(basics);
    const meshLog = basics.log.child({ module: 'mesh' });
    const mesh = new Mesh({ ...basics, host: nftHost([], meshLog), log: meshLog });
    const doctor = new NetworkDoctor({ ...basics, host: probingHost(), overlay, mesh });
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
      // Tunnels before bridges, bridges before names: the name server listens on their addresses.
      networkConsumers: [wireGuard, overlay, mesh, names, doctor],
      networkExaminer: doctor,
      // As it is now: when that changes, the daemon has to be started again.
      hasIpv6: hostHasIpv6(),
      genericResources: options.genericResources,
      files: hostFiles(options.dataDirectory),
      routes: hostRoutes,
      tunnelKeys: () => wireGuard.toldKeys,
      close: async () => {
        names.close();
        mesh.close();
        await overlay.stop();
        await wireGuard.stop();
        await running.stop();
      },
    };
  };
}
