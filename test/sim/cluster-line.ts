/** The lines of a simulated cluster: Raft between managers, sessions from agents to managers. */
import { ClusterError } from '#lib';
import type { AgentMessage, CallContext, ManagerMessage } from '#proto';
import { NodeRole, RaftJoinRequest, RaftLeaveRequest, SnapshotChunk } from '#proto';
import type { ManagerLine, SessionHandlers, SessionLink, WorkLink } from '#agent';
import type { ManagerAddresses } from '#agent';
import type { ManagerTransport } from '#manager';
import type { MembershipClient } from '#manager/joining';
import { toSnapshotHeader, toWire } from '#manager/replication/raft-wire';
import type { MemberAddress } from '#manager/replication/raft-wire';
import { Channel } from '#manager/work/channel';
import type { MemberId, RaftMessage, SnapshotMeta } from 'raft-ts';
import type { SimHost } from './cluster-host.ts';
import type { SimStream } from './cluster-network.ts';
import type { SimProcess } from './sim-process.ts';

const queueMax = 100_000;

/** What the lines need to know of the world. */
export interface Hosts {
  byAddress(address: string): SimHost | undefined;
}

export function callerContext(host: SimHost, signal = new AbortController().signal): CallContext {
  const role = host.isManager ? NodeRole.MANAGER : NodeRole.WORKER;
  return { caller: { kind: 'node', nodeId: host.id, role }, address: host.address, signal };
}

function unavailable(address: string): ClusterError {
  return new ClusterError('UNAVAILABLE', `nothing answers at ${address}`);
}

/** An agent's sessions, over streams that can be cut. */
export class SimManagerLine implements ManagerLine {
  readonly #host: SimHost;
  readonly #process: SimProcess;
  readonly #hosts: Hosts;
  readonly #addresses: ManagerAddresses;

  constructor(host: SimHost, process: SimProcess, hosts: Hosts, addresses: ManagerAddresses) {
    this.#host = host;
    this.#process = process;
    this.#hosts = hosts;
    this.#addresses = addresses;
  }

  openSession(handlers: SessionHandlers): SessionLink {
    const address = this.#addresses.pick();
    const target = this.#hosts.byAddress(address);
    const stream = this.#host.network.open(this.#host.id, target?.id ?? address);
    const requests = new Channel<AgentMessage>(queueMax);
    let isClosed = false;
    const close = (error: unknown): void => {
      if (isClosed) return;
      isClosed = true;
      this.#addresses.failed(address, error);
      handlers.onClose(error);
    };
    stream.attach('client', { onClose: (error) => this.#process.deliver(() => close(error)) });
    stream.send('server', () => this.#accept(target, stream, requests, address));
    const receive = (message: ManagerMessage): void => {
      if (isClosed) return;
      if (message.body?.kind === 'session') {
        this.#addresses.update(message.body.session.managerAddresses);
        this.#addresses.worked(address);
      }
      handlers.onMessage(message);
    };
    this.#receivers.set(stream, (message) => this.#process.deliver(() => receive(message)));
    return {
      send: (message) => {
        if (!isClosed) stream.send('server', () => requests.tryPush(message));
      },
      close: () => {
        if (isClosed) return;
        isClosed = true;
        stream.end('client', new ClusterError('CANCELLED', 'the agent has hung up'));
      },
    };
  }

  readonly #receivers = new WeakMap<SimStream, (message: ManagerMessage) => void>();

  openWork(_signal: AbortSignal): WorkLink {
    throw new ClusterError('UNIMPLEMENTED', 'no work in this world');
  }

  /** The manager's side of the stream. */
  #accept(
    target: SimHost | undefined,
    stream: SimStream,
    requests: Channel<AgentMessage>,
    address: string,
  ): void {
    const server = target?.process;
    const manager = target?.manager;
    if (server?.isAlive !== true || manager === undefined) {
      stream.end('server', unavailable(address));
      return;
    }
    const controller = new AbortController();
    stream.attach('server', {
      onClose: (error) =>
        server.deliver(() => {
          controller.abort(error);
          requests.end();
        }),
    });
    server.deliver(() => {
      const context = callerContext(this.#host, controller.signal);
      void this.#serve(server, stream, () =>
        manager.handlers.dispatcher.session(requests, context),
      );
    });
  }

  async #serve(
    server: SimProcess,
    stream: SimStream,
    answer: () => AsyncIterable<ManagerMessage>,
  ): Promise<void> {
    const receive = this.#receivers.get(stream);
    let error: unknown = new ClusterError('UNAVAILABLE', 'the manager ended the session');
    try {
      for await (const message of answer()) {
        if (!server.isAlive) return;
        stream.send('client', () => receive?.(message));
      }
    } catch (thrown) {
      error = thrown;
    }
    if (server.isAlive) stream.end('server', error);
  }
}

/** Raft's messages may be lost when a link is cut; nothing else is. */
export function simTransport(
  host: SimHost,
  process: SimProcess,
  hosts: Hosts,
  addressOf: (id: MemberId) => MemberAddress | undefined,
): ManagerTransport {
  const { clock, network } = host;
  const reach = (address: string): SimHost | undefined => {
    const target = hosts.byAddress(address);
    return target === undefined || network.isCut(host.id, target.id) ? undefined : target;
  };
  const post = (address: string, message: RaftMessage): void => {
    clock.after(network.delayMs(), () => {
      const target = process.isAlive ? reach(address) : undefined;
      const receiver = target?.process;
      receiver?.deliver(() => {
        const { caller } = callerContext(host);
        // Refused as on a real link: the sender hears nothing of it.
        try {
          target?.manager?.handlers.raftTransport.receive({ messages: [toWire(message)] }, caller);
        } catch (error) {
          if (!(error instanceof ClusterError)) throw error;
        }
      });
    });
  };
  return {
    send: (message) => {
      const address = addressOf(message.to)?.address;
      if (address !== undefined && process.isAlive) post(address, message);
    },
    sendSnapshot: async (header, meta, chunks) => {
      await clock.wait(network.delayMs());
      const manager = reach(addressOf(header.to)?.address ?? '')?.manager;
      if (manager === undefined) throw unavailable('that manager');
      const parts = snapshotParts(header, meta, chunks);
      await process.guard(
        manager.handlers.raftTransport.installSnapshot(parts, callerContext(host)),
      );
    },
    probe: async (address) => {
      await clock.wait(network.delayMs());
      if (reach(address)?.manager === undefined) throw unavailable(address);
    },
    close: () => undefined,
  };
}

/** Passed on to the leader by whoever is asked, as the daemon does. */
export function simMembershipClient(
  host: SimHost,
  process: SimProcess,
  hosts: Hosts,
): MembershipClient {
  const { clock, network } = host;
  const leaderAt = (address: string): SimHost => {
    const asked = hosts.byAddress(address);
    const leader =
      asked?.manager?.isLeader() === true ? address : asked?.manager?.leader()?.address;
    const target = leader === undefined ? undefined : hosts.byAddress(leader);
    if (target?.manager === undefined || network.isCut(host.id, target.id))
      throw unavailable(address);
    return target;
  };
  return {
    join: async (address, self, raftId) => {
      await clock.wait(network.delayMs());
      const request = RaftJoinRequest.create({ address: self, raftId });
      const membership = leaderAt(address).manager?.handlers.raftMembership;
      if (membership === undefined) throw unavailable(address);
      return process.guard(membership.join(request, callerContext(host)));
    },
    report: async (address) => {
      await clock.wait(network.delayMs());
      const target = hosts.byAddress(address);
      const membership = target?.manager?.handlers.raftMembership;
      if (membership === undefined || network.isCut(host.id, target?.id ?? host.id))
        throw unavailable(address);
      return process.guard(membership.getManagerReport({}, callerContext(host)));
    },
    leave: async (address, force) => {
      await clock.wait(network.delayMs());
      const membership = leaderAt(address).manager?.handlers.raftMembership;
      if (membership === undefined) throw unavailable(address);
      const request = RaftLeaveRequest.create({ force });
      return process.guard(membership.leave(request, callerContext(host)));
    },
  };
}

async function* snapshotParts(
  header: RaftMessage,
  meta: SnapshotMeta,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<SnapshotChunk> {
  const first = toSnapshotHeader(header, meta);
  yield SnapshotChunk.create({ part: { kind: 'header', header: first } });
  for await (const chunk of chunks) yield SnapshotChunk.create({ part: { kind: 'chunk', chunk } });
}
