import type { MemberId, RaftMessage, SnapshotMeta, Transport } from 'raft-ts';
import type { Random } from '#lib';
import type { SimMember } from './raft-member.ts';
import type { VirtualClock } from '#test/_support/virtual-clock';

export interface NetworkFaults {
  /** Of a thousand messages, how many are lost, or arrive twice. */
  lossPerMille: number;
  duplicatePerMille: number;
  /** Each message takes from `delayMinMs` to `delayMaxMs`: different delays reorder. */
  delayMinMs: number;
  delayMaxMs: number;
}

export const calmNetwork: NetworkFaults = {
  lossPerMille: 0,
  duplicatePerMille: 0,
  delayMinMs: 1,
  delayMaxMs: 3,
};

/** Links between all members; each direction can be cut on its own. */
export class SimNetwork {
  readonly #clock: VirtualClock;
  readonly #random: Random;
  readonly #members: ReadonlyMap<MemberId, SimMember>;
  readonly #trace: (text: string) => void;
  readonly #cut = new Set<string>();
  faults: NetworkFaults = { ...calmNetwork };

  constructor(
    clock: VirtualClock,
    random: Random,
    members: ReadonlyMap<MemberId, SimMember>,
    trace: (text: string) => void,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#members = members;
    this.#trace = trace;
  }

  cut(from: MemberId, to: MemberId): void {
    this.#cut.add(`${from}>${to}`);
  }

  /** No member of one side reaches the other, in both directions. */
  split(side: readonly MemberId[], others: readonly MemberId[]): void {
    for (const a of side) {
      for (const b of others) {
        this.cut(a, b);
        this.cut(b, a);
      }
    }
  }

  heal(): void {
    this.#cut.clear();
  }

  transport(from: MemberId, isAlive: () => boolean): Transport {
    return {
      send: (message) => {
        if (isAlive()) this.#send(message);
      },
      sendSnapshot: (header, meta, chunks, signal) =>
        this.#sendSnapshot(from, header, meta, chunks, signal),
    };
  }

  #delayMs(): number {
    const { delayMinMs, delayMaxMs } = this.faults;
    return delayMinMs + (this.#random.below(1000) / 1000) * (delayMaxMs - delayMinMs);
  }

  #isLost(from: MemberId, to: MemberId): boolean {
    return this.#cut.has(`${from}>${to}`) || this.#random.below(1000) < this.faults.lossPerMille;
  }

  #send(message: RaftMessage): void {
    const isTwice = this.#random.below(1000) < this.faults.duplicatePerMille;
    for (let copy = 0; copy < (isTwice ? 2 : 1); copy++) {
      const isLost = this.#isLost(message.from, message.to);
      const delayMs = this.#delayMs();
      if (!isLost) this.#clock.after(delayMs, () => this.#arrive(message));
    }
  }

  #arrive(message: RaftMessage): void {
    const member = this.#members.get(message.to);
    const node = member?.node;
    if (member === undefined || !node) return;
    this.#trace(describe(message));
    member.deliver(() => node.receive(message));
  }

  async #sendSnapshot(
    from: MemberId,
    header: RaftMessage,
    meta: SnapshotMeta,
    chunks: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    await this.#clock.wait(this.#delayMs() * 3);
    const member = this.#members.get(header.to);
    const node = member?.node;
    if (signal.aborted || !node || member.isPaused || this.#isLost(from, header.to)) {
      throw new Error('the snapshot did not arrive');
    }
    this.#trace(`snapshot ${from}>${header.to} ${meta.index}/${meta.term}`);
    const isCutShort = this.#isLost(from, header.to);
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    // A receiver that is killed meanwhile never answers.
    await Promise.race([node.receiveSnapshot(header, meta, stream(parts, isCutShort)), aborted]);
    if (this.#isLost(header.to, from)) throw new Error('the answer did not arrive');
  }
}

async function* stream(
  parts: readonly Uint8Array[],
  isCutShort: boolean,
): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    yield part;
    if (isCutShort) throw new Error('the stream was cut');
  }
}

function describe(message: RaftMessage): string {
  const { kind, from, to, term } = message;
  const head = `${kind} ${from}>${to} t${term}`;
  switch (message.kind) {
    case 'append': {
      const { previousIndex, previousTerm, entries, commit } = message;
      return `${head} ${previousIndex}/${previousTerm}+${entries.length} c${commit}`;
    }
    case 'append-response':
      return `${head} ${message.isRejected ? 'no' : 'ok'} ${message.index}`;
    case 'vote':
    case 'pre-vote':
      return `${head} ${message.lastIndex}/${message.lastTerm}`;
    case 'vote-response':
    case 'pre-vote-response':
      return `${head} ${message.isRejected ? 'no' : 'yes'}`;
    case 'heartbeat':
      return `${head} c${message.commit} r${message.readContext}`;
    default:
      return head;
  }
}
