import type {
  LogCipher,
  MemberId,
  MemoryDisk,
  Membership,
  Observer,
  RaftMessage,
  RaftNodeOptions,
} from 'raft-ts';
import type { Clock, Entry, StateMachine, Transport } from 'raft-ts';
import { memoryDisk, RaftNode } from 'raft-ts';
import { seededRandom } from '#lib';
import { VirtualClock } from '#test/_support/virtual-clock';

/** A state machine that is the list of what was applied. */
class ListMachine implements StateMachine {
  values: string[] = [];
  memberships: { readonly ids: readonly number[]; readonly index: number }[] = [];

  apply(entry: Entry): void {
    this.values.push(new TextDecoder().decode(entry.data));
  }

  membershipChanged(membership: Membership, index: number): void {
    this.memberships.push({ ids: membership.members.map(({ id }) => id), index });
  }

  async *snapshot(): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode(JSON.stringify(this.values));
  }

  async restore(_: unknown, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    let text = '';
    for await (const chunk of chunks) text += new TextDecoder().decode(chunk);
    this.values = JSON.parse(text) as string[];
  }
}

export interface Member {
  readonly node: RaftNode;
  readonly machine: ListMachine;
}

/** Members in one process on a virtual clock, joined by links of 1 ms that can be cut. */
export class Cluster {
  readonly clock = new VirtualClock();
  readonly members = new Map<MemberId, Member>();
  readonly disks = new Map<MemberId, MemoryDisk>();
  readonly failures: string[] = [];
  readonly roles: string[] = [];
  readonly sent: RaftMessage[] = [];
  readonly #cut = new Set<MemberId>();
  readonly #busyUntil = new Map<MemberId, number>();
  readonly #options: RaftNodeOptions;

  constructor(options: RaftNodeOptions = {}) {
    this.#options = options;
  }

  static async of(count: number, options: RaftNodeOptions = {}): Promise<Cluster> {
    const cluster = new Cluster(options);
    const bootstrap = voters(count);
    for (const { id } of bootstrap.members) await cluster.start(id, { bootstrap });
    return cluster;
  }

  async start(
    id: MemberId,
    more: {
      readonly bootstrap?: Membership;
      readonly observer?: Observer;
      readonly cipher?: LogCipher;
    } = {},
  ): Promise<Member> {
    const disk = this.disks.get(id) ?? memoryDisk();
    this.disks.set(id, disk);
    const machine = new ListMachine();
    const node = await RaftNode.open({
      id,
      clock: this.#clockOf(id),
      random: seededRandom(id),
      transport: this.#transport(),
      disk,
      stateMachine: machine,
      options: this.#options,
      observer: {
        failed: ({ code }) => this.failures.push(`${id} ${code}`),
        roleChanged: ({ role, term }) => this.roles.push(`${id} ${role} ${term}`),
        ...more.observer,
      },
      ...(more.bootstrap === undefined ? {} : { bootstrap: more.bootstrap }),
      ...(more.cipher === undefined ? {} : { cipher: more.cipher }),
    });
    const member = { node, machine };
    this.members.set(id, member);
    return member;
  }

  /** The process ends without a word; its disk stays. */
  kill(id: MemberId): void {
    const member = this.members.get(id);
    this.members.delete(id);
    void member?.node.stop();
  }

  cut(id: MemberId): void {
    this.#cut.add(id);
  }

  heal(): void {
    this.#cut.clear();
  }

  /** The timers of this member that are due within `ms` come only then. */
  delay(id: MemberId, ms: number): void {
    this.#busyUntil.set(id, this.clock.monotonic() + ms);
  }

  #clockOf(id: MemberId): Clock {
    const clock: Clock = this.clock;
    return {
      ...(clock.soon !== undefined && { soon: (fn: () => void) => clock.soon?.(fn) }),
      monotonic: () => clock.monotonic(),
      after: (delayMs, fn) => {
        const late = (): void => {
          const leftMs = (this.#busyUntil.get(id) ?? 0) - clock.monotonic();
          if (leftMs > 0) timer = clock.after(leftMs, fn);
          else fn();
        };
        let timer = clock.after(delayMs, late);
        return { cancel: () => timer.cancel() };
      },
    };
  }

  get(id: MemberId): Member {
    const member = this.members.get(id);
    if (member === undefined) throw new Error(`member ${id} is not running`);
    return member;
  }

  /** The leader that is not cut off, once there is one that has committed in its term. */
  async leader(): Promise<Member> {
    const find = (): Member | undefined =>
      [...this.members]
        .filter(([id]) => !this.#cut.has(id))
        .map(([, member]) => member)
        .find(({ node }) => {
          const { role, commitIndex, lastIndex } = node.status();
          return role === 'leader' && commitIndex === lastIndex;
        });
    await this.clock.until(() => find() !== undefined, 10_000, 'a leader');
    const leader = find();
    if (leader === undefined) throw new Error('the leader is gone');
    return leader;
  }

  /** Ids of the running members, without `id`. */
  others(id: MemberId): readonly MemberId[] {
    return [...this.members.keys()].filter((one) => one !== id);
  }

  #transport(): Transport {
    const isCut = (message: RaftMessage): boolean =>
      this.#cut.has(message.from) || this.#cut.has(message.to);
    return {
      send: (message) => {
        this.sent.push(message);
        if (isCut(message)) return;
        this.clock.after(1, () => this.members.get(message.to)?.node.receive(message));
      },
      sendSnapshot: async (header, meta, chunks) => {
        const to = this.members.get(header.to);
        if (isCut(header) || to === undefined) throw new Error('unreachable');
        await to.node.receiveSnapshot(header, meta, chunks);
      },
    };
  }
}

export function voters(count: number): Membership {
  const ids = Array.from({ length: count }, (_, i) => i + 1);
  return { members: ids.map((id) => ({ id, role: 'voter', context: `m${id}` })) };
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
