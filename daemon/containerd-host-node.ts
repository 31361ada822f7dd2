/** A real host: containerd, its networks, its files. */
import { hostFiles } from '#agent';
import type { NetworkAttachment, TaskNetworks } from '#agent';
import { createContainerdRuntime } from '#agent/containerd/index';
import type { MakeAgentHost } from './agent-part-node.ts';
import type { Options } from './options.ts';

export function containerdHost(options: Options): MakeAgentHost {
  return async (basics, signal) => {
    const { runtime, stop } = await createContainerdRuntime(
      {
        ...basics,
        socketPath: options.containerdSocket,
        namespace: options.containerdNamespace,
        dataDir: options.dataDirectory,
        cgroupParent: options.cgroupParent,
      },
      signal,
    );
    return {
      runtime,
      networks: new HostNetwork(),
      files: hostFiles(options.dataDirectory),
      close: stop,
    };
  };
}

/** Tasks share the host's own network. */
class HostNetwork implements TaskNetworks {
  readonly #attachments = new Map<string, NetworkAttachment>();

  start(): Promise<void> {
    return Promise.resolve();
  }
  attach({ taskId, ports }: Parameters<TaskNetworks['attach']>[0]): Promise<NetworkAttachment> {
    const attachment = { taskId, namespacePath: '', address: '', ports };
    this.#attachments.set(taskId, attachment);
    return Promise.resolve(attachment);
  }
  detach(taskId: string): Promise<void> {
    this.#attachments.delete(taskId);
    return Promise.resolve();
  }
  list(): Promise<readonly NetworkAttachment[]> {
    return Promise.resolve([...this.#attachments.values()]);
  }
}
