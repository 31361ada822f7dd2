/**
 * What was attached, in a file on a file system that goes with the kernel's memory (/run), so that
 * file and kernel forget together at a reboot.
 */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { PortConfig } from '#proto';
import type { NetworkAttachment } from '../runtime/network-port.ts';

const portSchema = v.object({
  name: v.string(),
  protocol: v.number(),
  targetPort: v.number(),
  publishedPort: v.number(),
  mode: v.number(),
  hostIp: v.string(),
});
const linkSchema = v.object({
  networkId: v.string(),
  link: v.string(),
  bridge: v.string(),
  device: v.string(),
  mtu: v.number(),
  address: v.string(),
  subnet: v.string(),
  gateway: v.string(),
  addressV6: v.string(),
  subnetV6: v.string(),
  gatewayV6: v.string(),
  isDefault: v.boolean(),
});
const stateSchema = v.object({
  /** The subnet the addresses are from. */
  subnet: v.string(),
  attachments: v.array(
    v.object({
      taskId: v.string(),
      namespacePath: v.string(),
      address: v.string(),
      // Written by a version without networks: none.
      links: v.optional(v.array(linkSchema), []),
      ports: v.array(portSchema),
    }),
  ),
});

export interface NetworkState {
  readonly subnet: string;
  readonly attachments: readonly NetworkAttachment[];
}

/** Undefined when there is none, or none that can be read: then everything is made anew. */
export async function loadState(path: string): Promise<NetworkState | undefined> {
  try {
    const { subnet, attachments } = v.parse(stateSchema, JSON.parse(await readFile(path, 'utf8')));
    return {
      subnet,
      attachments: attachments.map((attachment) => ({
        ...attachment,
        ports: attachment.ports.map((port) => PortConfig.create(port as Partial<PortConfig>)),
      })),
    };
  } catch {
    return undefined;
  }
}

/** Atomic; not synced, because after a power cut there is nothing left to describe. */
export async function saveState(path: string, state: NetworkState): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const handle = await open(`${path}.new`, 'w', 0o600);
  try {
    await handle.writeFile(JSON.stringify(state));
  } finally {
    await handle.close();
  }
  await rename(`${path}.new`, path);
}
