/** Container objects and their file systems in containerd: what could run. Idempotent by id. */
import * as wire from '#proto/containerd';
import { ClusterError } from '#lib';
import type { Logger } from '#lib';
import { snapshotter } from '../images/image-store-node.ts';
import type { ResolvedImage } from '../images/image-store-node.ts';
import { isAlreadyThere, isNotFound, unless } from './connection-node.ts';
import type { ContainerdConnection } from './connection-node.ts';
import type { OciSpec } from './oci-types.ts';

export interface ContainerObject {
  readonly id: string;
  readonly image: ResolvedImage;
  readonly spec: OciSpec;
  readonly labels: Readonly<Record<string, string>>;
  readonly tty: boolean;
}

/** What `tasks.Create` needs of a container. */
export interface Prepared {
  readonly mounts: readonly wire.Mount[];
  readonly tty: boolean;
}

export interface Listed {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
}

const shimRuntime = 'io.containerd.runc.v2';
const specType = 'types.containerd.io/opencontainers/runtime-spec/1/Spec';
/**
 * Keeps a container's file system from the collector until the container object names it, in place
 * of a lease: docs/decisions/0081. `remove` and `sweep` take it away.
 */
const rootLabel = 'containerd.io/gc.root';
const ttyLabel = 'tessera.tty';

export class ContainerObjects {
  readonly #containerd: ContainerdConnection;
  readonly #log: Logger;

  constructor(containerd: ContainerdConnection, log: Logger) {
    this.#containerd = containerd;
    this.#log = log;
  }

  /** A writable file system on top of the image; undefined when the image's is not there any more. */
  async prepare(
    key: string,
    image: ResolvedImage,
    signal: AbortSignal,
  ): Promise<readonly wire.Mount[] | undefined> {
    const labels = { [rootLabel]: 'container' };
    const request = { snapshotter, key, parent: image.rootSnapshot, labels };
    const { prepare } = wire.SnapshotsService;
    try {
      return (await this.#containerd.call(prepare, request, { signal })).mounts;
    } catch (error) {
      if (isAlreadyThere(error)) return await this.#mounts(key, signal);
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async create(object: ContainerObject, signal: AbortSignal): Promise<void> {
    const { id, image, spec, labels, tty } = object;
    const container = wire.Container.create({
      id,
      labels: tty ? { ...labels, [ttyLabel]: 'true' } : labels,
      image: image.name,
      runtime: wire.ContainerRuntime.create({ name: shimRuntime }),
      spec: wire.Any.create({ typeUrl: specType, value: Buffer.from(JSON.stringify(spec)) }),
      snapshotter,
      snapshotKey: id,
    });
    const { create } = wire.ContainersService;
    await unless(isAlreadyThere, this.#containerd.call(create, { container }, { signal }));
  }

  /** What `prepare` and `create` knew. NOT_FOUND. */
  async recall(id: string, signal: AbortSignal): Promise<Prepared> {
    try {
      const { get } = wire.ContainersService;
      const { container } = await this.#containerd.call(get, { id }, { signal });
      const mounts = await this.#mounts(id, signal);
      return { mounts, tty: container?.labels[ttyLabel] === 'true' };
    } catch (error) {
      if (!isNotFound(error)) throw error;
      throw new ClusterError('NOT_FOUND', `no container ${id} on this host`, { cause: error });
    }
  }

  /** Those that this adapter made. */
  async list(signal: AbortSignal): Promise<readonly Listed[]> {
    const all = await this.#list(signal);
    return all
      .filter(({ id, snapshotKey }) => id.includes('.') && snapshotKey === id)
      .map(({ id, labels }) => ({ id, labels: withoutOurs(labels) }));
  }

  /** Empty for one that is gone. */
  async labels(id: string): Promise<Readonly<Record<string, string>>> {
    try {
      const { container } = await this.#containerd.call(wire.ContainersService.get, { id });
      return withoutOurs(container?.labels ?? {});
    } catch {
      return {};
    }
  }

  async remove(id: string, signal: AbortSignal): Promise<void> {
    const { delete: remove } = wire.ContainersService;
    await unless(isNotFound, this.#containerd.call(remove, { id }, { signal }));
    await this.#removeSnapshot(id, signal);
  }

  /** Removes file systems that a killed agent prepared and never gave a container. */
  async sweep(signal: AbortSignal): Promise<void> {
    const used = new Set((await this.#list(signal)).map((container) => container.snapshotKey));
    const request = { snapshotter, filters: [`labels.${JSON.stringify(rootLabel)}`] };
    const { list } = wire.SnapshotsService;
    for await (const { info } of this.#containerd.stream(list, request, { signal }))
      for (const { name } of info) {
        if (used.has(name)) continue;
        this.#log.info('file system without a container removed', { key: name });
        await this.#removeSnapshot(name, signal);
      }
  }

  async #list(signal: AbortSignal): Promise<readonly wire.Container[]> {
    const { list } = wire.ContainersService;
    return (await this.#containerd.call(list, { filters: [] }, { signal })).containers;
  }

  async #mounts(key: string, signal: AbortSignal): Promise<readonly wire.Mount[]> {
    const { mounts } = wire.SnapshotsService;
    return (await this.#containerd.call(mounts, { snapshotter, key }, { signal })).mounts;
  }

  async #removeSnapshot(key: string, signal: AbortSignal): Promise<void> {
    const { remove } = wire.SnapshotsService;
    await unless(isNotFound, this.#containerd.call(remove, { snapshotter, key }, { signal }));
  }
}

function withoutOurs(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { [ttyLabel]: _, ...rest } = labels;
  return rest;
}
