/**
 * The default task network: a bridge with NAT, a namespace with one pair per task. Changes that are
 * asked for while others are being made wait and go together: one `ip -batch` and one `nft -f` for all.
 */
import { readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError, durationBuckets, messageOf } from '#lib';
import type { Clock, Histogram, Logger, Metrics } from '#lib';
import type {
  ListeningSockets,
  NetworkAttachment,
  NetworkRequest,
  TaskNetworks,
} from '../runtime/network-port.ts';
import type { Overlay, TaskLink } from '../overlay/index.ts';
import { runCommand } from '../containerd/command-node.ts';
import { Shell } from '../containerd/shell-node.ts';
import { attachFailures, attachScript } from './attach-script.ts';
import { BatchQueue } from './batch-queue.ts';
import { chooseSubnet, mustRun, setUpBridge } from './bridge-setup-node.ts';
import { isPortFree } from './host-ports-node.ts';
import {
  clearLines,
  detachLines,
  linkName,
  namespaceName,
  namespacePrefix,
} from './ip-commands.ts';
import { socketsOf } from './listening-sockets-node.ts';
import { isOnBridge, publishPorts, takeBackPorts } from './overlay-ports.ts';
import type { HostPorts } from './overlay-ports.ts';
import { portTaken, PublishedPorts } from './published-ports.ts';
import { fullTable, portChange, tableName } from './rules.ts';
import { loadState, saveState } from './state-node.ts';
import { addressNumber, AddressPool, contains, parseSubnet, subnetText } from './subnet.ts';
import type { Subnet } from './subnet.ts';

export interface BridgeNetworksOptions {
  /** Default `tessera0`. */
  readonly bridge?: string;
  /**
   * Subnets to choose from, in this order; one = exactly that one. Default: 10.200.0.0/16 and the
   * nineteen after it.
   */
  readonly subnets?: readonly string[];
  /** Publishes mode=host ports of tasks with networks. */
  readonly hostPorts?: HostPorts;
  /** Where tasks with networks get their links; without it they are refused. */
  readonly overlay?: Overlay;
  /** The file that remembers attachments; on a file system that is empty after a reboot. */
  readonly statePath: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

const defaultSubnets = Array.from({ length: 20 }, (_, i) => `10.${200 + i}.0.0/16`);
const namespaceFolder = '/run/netns';
/** The kernel's number of the file system that namespaces are files of (NSFS_MAGIC). */
const namespaceFileSystem = 0x6e73_6673;
/** Changes applied together at most; the rest waits for the next batch. */
const batchMax = 128;
/** Changes that wait at most; more is refused. */
const queueMax = 4_096;

type Change =
  | {
      readonly kind: 'attach';
      readonly request: NetworkRequest;
      readonly links: readonly TaskLink[];
    }
  | { readonly kind: 'detach'; readonly taskId: string }
  /** A link of the task is gone. */
  | { readonly kind: 'mend'; readonly taskId: string };

type AttachChange = Extract<Change, { readonly kind: 'attach' }>;

export class BridgeNetworks implements TaskNetworks {
  readonly #options: BridgeNetworksOptions;
  readonly #bridge: string;
  readonly #attachments = new Map<string, NetworkAttachment>();
  readonly #ports = new PublishedPorts();
  readonly #queue: BatchQueue<Change, NetworkAttachment | undefined>;
  readonly #seconds: Histogram;
  readonly #shell = new Shell();
  #network: { readonly subnet: Subnet; readonly pool: AddressPool } | undefined;

  constructor(options: BridgeNetworksOptions) {
    this.#options = options;
    this.#bridge = options.bridge ?? 'tessera0';
    this.#seconds = options.metrics.histogram(
      'tessera_network_batch_seconds',
      'Time that a batch of changes to task networks took.',
      durationBuckets,
    );
    options.metrics.observedGauge(
      'tessera_network_attachments',
      'Tasks with a network on this host.',
      () => this.#attachments.size,
    );
    this.#queue = new BatchQueue({ batchMax, queueMax, apply: (batch) => this.#apply(batch) });
  }

  async start(signal: AbortSignal): Promise<void> {
    const { subnets = defaultSubnets, statePath, log } = this.#options;
    const subnet = await chooseSubnet(subnets, this.#bridge, signal);
    const pool = new AddressPool(subnet);
    const state = await loadState(statePath);
    const isSame = state !== undefined && contains(parseSubnet(state.subnet), subnet.base);
    const known = isSame ? state.attachments : [];
    await setUpBridge(this.#bridge, subnet, signal);
    for (const attachment of known) {
      const hasAddress = isOnBridge(attachment) && attachment.address !== '';
      const isInSubnet = contains(subnet, addressNumber(attachment.address) ?? 0);
      if (hasAddress && !isInSubnet) continue;
      const { namespacePath } = attachment;
      if (namespacePath !== '' && !(await isNamespace(namespacePath))) continue;
      this.#attachments.set(attachment.taskId, attachment);
      if (hasAddress) pool.reserve(attachment.address);
      this.#ports.take(attachment.taskId, attachment.ports);
    }
    this.#network = { subnet, pool };
    await this.#repair(subnet, signal);
    const linked = [...this.#attachments.values()].filter(({ links }) => links.length > 0);
    const links = new Map(linked.map((one) => [one.taskId, one.links]));
    this.#options.overlay?.start(links, (taskId) => {
      // What is not mended is found again by the overlay's next look.
      this.#queue
        .add({ kind: 'mend', taskId }, new AbortController().signal)
        .catch((error: unknown) => log.warn('link not mended', { taskId, err: messageOf(error) }));
    });
    // What does not hold yet is tried on; tasks run meanwhile.
    void publishPorts(this.#options.hostPorts, this.#options.clock, linked);
    log.info('task network is up', {
      bridge: this.#bridge,
      subnet: subnetText(subnet),
      attachments: this.#attachments.size,
    });
  }

  async attach(request: NetworkRequest, signal: AbortSignal): Promise<NetworkAttachment> {
    const { overlay } = this.#options;
    const { taskId, networks } = request;
    const known = this.#attachments.get(taskId);
    if (networks.length > 0 && overlay === undefined)
      throw new ClusterError('INTERNAL', `task ${taskId} has networks, and this host has none`);
    const links =
      known?.links ??
      (networks.length === 0 ? [] : await overlay?.linksFor(taskId, networks, signal));
    const change = { kind: 'attach', request, links: links ?? [] } as const;
    const attachment = await this.#queue.add(change, signal);
    if (attachment !== undefined) return attachment;
    throw new ClusterError('INTERNAL', `attaching task ${request.taskId} gave nothing`);
  }

  async detach(taskId: string, signal: AbortSignal): Promise<void> {
    await this.#queue.add({ kind: 'detach', taskId }, signal);
  }

  list(_signal: AbortSignal): Promise<readonly NetworkAttachment[]> {
    return Promise.resolve([...this.#attachments.values()]);
  }

  sockets(pid: number): Promise<ListeningSockets> {
    return socketsOf(pid);
  }

  /** Rules and ports anew, lost links back on the bridge, namespaces nobody knows away. */
  async #repair(subnet: Subnet, signal: AbortSignal): Promise<void> {
    const attachments = [...this.#attachments.values()];
    const names = new Set(attachments.map(({ taskId }) => namespaceName(taskId)));
    const present = await readdir(namespaceFolder).catch(() => []);
    const lines = [
      ...attachments
        .filter(({ links }) => links.length === 0)
        .map(({ taskId }) => `link set dev ${linkName(taskId)} master ${this.#bridge} up`),
      ...present
        .filter((name) => name.startsWith(namespacePrefix) && !names.has(name))
        .map((name) => `netns delete ${name}`),
    ];
    await runCommand(['ip', '-force', '-batch', '-'], { stdin: `${lines.join('\n')}\n`, signal });
    await mustRun(
      ['nft', '-f', '-'],
      signal,
      fullTable(this.#bridge, subnet, attachments.filter(isOnBridge)),
    );
    await this.#save(subnet);
  }

  /** Never throws: each change has its own outcome. */
  async #apply(
    batch: readonly Change[],
  ): Promise<readonly (NetworkAttachment | undefined | ClusterError)[]> {
    const { clock } = this.#options;
    const startedMs = clock.monotonic();
    try {
      const network = this.#network;
      if (network === undefined)
        throw new ClusterError('FAILED_PRECONDITION', 'the task network has not been started');
      const detached = batch.flatMap((change) => (change.kind === 'detach' ? [change.taskId] : []));
      await this.#detachAll(detached, network.subnet);
      for (const change of batch) if (change.kind === 'mend') await this.#mend(change.taskId);
      const asked = batch.filter((change) => change.kind === 'attach');
      const outcomes = await this.#attachAll(asked, network);
      return batch.map((change) =>
        change.kind === 'attach' ? outcomes.get(change.request.taskId) : undefined,
      );
    } catch (error) {
      const failure =
        error instanceof ClusterError
          ? error
          : new ClusterError('RUNTIME_ERROR', messageOf(error), { cause: error });
      return batch.map(() => failure);
    } finally {
      this.#seconds.observe((clock.monotonic() - startedMs) / 1_000);
    }
  }

  async #detachAll(taskIds: readonly string[], subnet: Subnet): Promise<void> {
    const gone = [...new Set(taskIds)].flatMap((taskId) => this.#attachments.get(taskId) ?? []);
    if (gone.length === 0) return;
    for (const { taskId } of gone) this.#attachments.delete(taskId);
    takeBackPorts(this.#options.hostPorts, gone);
    const change = portChange('delete', gone.filter(isOnBridge));
    if (change !== '') await this.#nft(change);
    await this.#ip(gone.flatMap(({ taskId }) => detachLines(taskId)));
    for (const { taskId, address, ports, links } of gone) {
      if (links.length === 0) this.#network?.pool.release(address);
      else this.#options.overlay?.detached(taskId, links);
      this.#ports.release(taskId, ports);
    }
    await this.#save(subnet);
  }

  /** Makes what of its links is missing; what is there complains and stays. */
  async #mend(taskId: string): Promise<void> {
    const task = this.#attachments.get(taskId);
    if (task === undefined || this.#network === undefined) return;
    const stdin = attachScript([task], this.#bridge, this.#network.subnet, '-force -batch -');
    await this.#shell.run(['sh', '-s'], { stdin });
    this.#options.log.warn('a task had lost a link, made anew', { taskId });
    this.#options.overlay?.attached(taskId, task.links);
  }

  async #attachAll(
    asked: readonly AttachChange[],
    network: { readonly subnet: Subnet; readonly pool: AddressPool },
  ): Promise<ReadonlyMap<string, NetworkAttachment | ClusterError>> {
    const outcomes = new Map<string, NetworkAttachment | ClusterError>();
    const fresh: NetworkAttachment[] = [];
    for (const change of asked) {
      const { request } = change;
      const known = outcomes.get(request.taskId) ?? this.#attachments.get(request.taskId);
      const outcome = known ?? (await this.#admit(change, network.pool));
      outcomes.set(request.taskId, outcome);
      if (known === undefined && !(outcome instanceof ClusterError)) fresh.push(outcome);
    }
    if (fresh.length === 0) return outcomes;
    for (const attachment of fresh) this.#attachments.set(attachment.taskId, attachment);
    const failures = await this.#saveAndBuild(fresh, network.subnet);
    for (const attachment of fresh) {
      const failure = failures.get(attachment.taskId);
      if (failure !== undefined) outcomes.set(attachment.taskId, failure);
    }
    const failed = fresh.filter(({ taskId }) => failures.has(taskId)).map(({ taskId }) => taskId);
    if (failed.length > 0) await this.#detachAll(failed, network.subnet);
    return outcomes;
  }

  /** On disk before in the kernel: what is made and not remembered would stay for ever. */
  async #saveAndBuild(
    fresh: readonly NetworkAttachment[],
    subnet: Subnet,
  ): Promise<ReadonlyMap<string, ClusterError>> {
    try {
      await this.#save(subnet);
      const built = fresh.filter(({ namespacePath }) => namespacePath !== '');
      return await this.#build(built, subnet);
    } catch (error) {
      // Whoever asks again must not be given what was not made.
      const taskIds = fresh.map(({ taskId }) => taskId);
      await this.#detachAll(taskIds, subnet).catch((failure: unknown) => {
        const err = messageOf(failure);
        this.#options.log.warn('attachments that were not made are left half-way', {
          taskIds,
          err,
        });
      });
      throw error;
    }
  }

  /** Address and ports, or why not. */
  async #admit(
    { request, links }: AttachChange,
    pool: AddressPool,
  ): Promise<NetworkAttachment | ClusterError> {
    const { taskId, mode } = request;
    // What it listens on is the host's own port, without our doing.
    if (links.length === 0 && mode === 'host')
      return { taskId, namespacePath: '', address: '', links, ports: [] };
    try {
      const ports = this.#ports.take(taskId, request.ports);
      try {
        for (const port of ports)
          if (!(await isPortFree(port))) throw portTaken(port, 'by another process');
        const namespacePath = join(namespaceFolder, namespaceName(taskId));
        const address = links[0]?.address ?? (mode === 'none' ? '' : pool.take());
        return { taskId, namespacePath, address, links, ports };
      } catch (error) {
        this.#ports.release(taskId, ports);
        throw error;
      }
    } catch (error) {
      if (error instanceof ClusterError) return error;
      return new ClusterError('RUNTIME_ERROR', messageOf(error), { cause: error });
    }
  }

  /** Namespaces, pairs, addresses, ports; resolves to what failed, by task. */
  async #build(
    fresh: readonly NetworkAttachment[],
    subnet: Subnet,
  ): Promise<ReadonlyMap<string, ClusterError>> {
    const failures = new Map<string, ClusterError>();
    const first = await this.#attach(fresh, subnet);
    if (first.size > 0) {
      // Something of the same name was left over, most likely.
      const again = [...first.keys()];
      await this.#ip(again.flatMap(clearLines));
      for (const [{ taskId }, said] of await this.#attach(again, subnet))
        failures.set(
          taskId,
          new ClusterError('RUNTIME_ERROR', `network of task ${taskId}: ${said}`),
        );
    }
    const made = fresh.filter(({ taskId }) => !failures.has(taskId));
    for (const { taskId, links } of made)
      if (links.length > 0) this.#options.overlay?.attached(taskId, links);
    const change = portChange('add', made.filter(isOnBridge));
    if (change !== '') await this.#nft(change);
    const { hostPorts, clock } = this.#options;
    for (const [taskId, failure] of await publishPorts(hostPorts, clock, made))
      failures.set(taskId, failure);
    return failures;
  }

  async #attach(
    tasks: readonly NetworkAttachment[],
    subnet: Subnet,
  ): Promise<ReadonlyMap<NetworkAttachment, string>> {
    if (tasks.length === 0) return new Map();
    const stdin = attachScript(tasks, this.#bridge, subnet);
    const { stdout } = await this.#shell.run(['sh', '-s'], { stdin });
    const failures = new Map<NetworkAttachment, string>();
    for (const [i, said] of attachFailures(stdout, tasks)) {
      const task = tasks[i];
      if (task !== undefined) failures.set(task, said);
    }
    return failures;
  }

  /** Lines that may fail: what they would take away can be gone. */
  async #ip(lines: readonly string[]): Promise<void> {
    await this.#shell.run(['ip', '-force', '-batch', '-'], { stdin: `${lines.join('\n')}\n` });
  }

  /** One transaction; when someone has flushed our table, all of it again. */
  async #nft(change: string): Promise<void> {
    const { exitCode, stderr } = await this.#shell.run(['nft', '-f', '-'], { stdin: change });
    if (exitCode === 0 || this.#network === undefined) return;
    this.#options.log.warn('rules of the task network were not as expected, made anew', {
      table: tableName,
      err: stderr.trim(),
    });
    const table = fullTable(
      this.#bridge,
      this.#network.subnet,
      [...this.#attachments.values()].filter(isOnBridge),
    );
    await mustRun(['nft', '-f', '-'], new AbortController().signal, table);
  }

  async #save(subnet: Subnet): Promise<void> {
    await saveState(this.#options.statePath, {
      subnet: subnetText(subnet),
      attachments: [...this.#attachments.values()],
    });
  }
}

/** A name in /run/netns may be left of a namespace that went with a reboot. */
async function isNamespace(path: string): Promise<boolean> {
  try {
    return (await statfs(path)).type === namespaceFileSystem;
  } catch {
    return false;
  }
}
