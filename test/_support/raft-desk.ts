import type { CoreOptions, Entry, HardState, MemberId, RaftMessage } from 'raft-ts';
import type { Ready, SnapshotMeta, Write } from 'raft-ts';
import { coreDefaults, RaftCore } from 'raft-ts';
import {
  changeOf,
  entryText,
  ids,
  memberOf,
  membersText,
  messageText,
  pair,
  roleOf,
  writeText,
} from './raft-desk-text.ts';

/** What one member's disk holds. */
interface Stored {
  hardState: HardState;
  snapshot: SnapshotMeta;
  base: { readonly index: number; readonly term: number };
  entries: readonly Entry[];
}

interface Seat {
  readonly id: MemberId;
  core: RaftCore | null;
  stored: Stored;
  /** Handed out, not yet durable. */
  write: Write | null;
  isDiskSlow: boolean;
  seen: string;
}

/** Members on a desk: every tick, message and disk write happens when a command says so. */
export class RaftDesk {
  readonly #seats = new Map<MemberId, Seat>();
  #network: RaftMessage[] = [];
  #out: string[] = [];
  #options: Partial<CoreOptions> = {};
  #readToken = 0;

  /** Runs one command; returns what it prints. `quiet COMMAND` prints nothing. */
  run(command: readonly string[]): readonly string[] {
    if (command[0] === 'quiet') {
      this.run(command.slice(1));
      return [];
    }
    this.#out = [];
    const [name = '', ...rest] = command;
    const id = Number(rest[0]);
    switch (name) {
      case 'options':
        this.#options = Object.fromEntries(rest.map((one) => pair(one)));
        break;
      case 'add-nodes':
        this.#addNodes(rest);
        break;
      case 'join':
        this.#addSeat(id, { index: 0, term: 0, membership: { members: [] } }, []);
        break;
      case 'tick':
        for (let i = Number(rest[1] ?? 1); i > 0; i--) this.#core(id).tick();
        break;
      case 'clock':
        for (const { core } of this.#seats.values()) core?.setClock(id);
        break;
      case 'campaign':
        this.#core(id).campaign();
        break;
      case 'propose':
        this.#propose(id, rest.slice(1));
        break;
      case 'change':
        this.#change(id, rest.slice(1));
        break;
      case 'read':
        this.#print(this.#core(id).read(++this.#readToken) ? `read ${this.#readToken}` : 'refused');
        break;
      case 'transfer':
        this.#print(this.#core(id).transfer(Number(rest[1])) ? 'ok' : 'refused');
        break;
      case 'process':
        for (const one of ids(rest)) this.#process(this.#seat(one));
        break;
      case 'slow-disk':
        this.#seat(id).isDiskSlow = true;
        break;
      case 'disk-done':
        this.#seat(id).isDiskSlow = false;
        this.#diskDone(this.#seat(id));
        break;
      case 'deliver':
        this.#deliver(rest);
        break;
      case 'drop':
        this.#drop(rest);
        break;
      case 'stabilize':
        this.#stabilize(rest);
        break;
      case 'crash':
        this.#crash(this.#seat(id));
        break;
      case 'restart':
        this.#start(this.#seat(id));
        break;
      case 'compact':
        this.#compact(this.#seat(id), Number(rest[1]), Number(rest[2]));
        break;
      case 'install':
        this.#install(rest);
        break;
      case 'status':
        for (const one of rest.length === 0 ? this.#seats.keys() : ids(rest)) this.#status(one);
        break;
      case 'log':
        for (const one of ids(rest)) this.#log(this.#seat(one));
        break;
      default:
        throw new Error(`unknown command ${name}`);
    }
    this.#noteRoles();
    return this.#out;
  }

  #print(line: string): void {
    this.#out.push(line);
  }

  #seat(id: MemberId): Seat {
    const seat = this.#seats.get(id);
    if (seat === undefined) throw new Error(`no member ${id}`);
    return seat;
  }

  #core(id: MemberId): RaftCore {
    const { core } = this.#seat(id);
    if (core === null) throw new Error(`member ${id} is down`);
    return core;
  }

  /** `1 2 3l=1,1,2`: voters 1 and 2, and learner 3 with entries of these terms in its log. */
  #addNodes(words: readonly string[]): void {
    const members = words.map((word) => memberOf(word.split('=')[0] ?? ''));
    const snapshot = { index: 0, term: 0, membership: { members } };
    for (const [i, { id }] of members.entries()) {
      this.#addSeat(id, snapshot, words[i]?.split('=')[1]?.split(',').map(Number) ?? []);
    }
  }

  #addSeat(id: MemberId, snapshot: SnapshotMeta, terms: readonly number[]): void {
    const entries = terms.map((term, i) => ({
      index: i + 1,
      term,
      kind: 'data' as const,
      data: new TextEncoder().encode(`${i + 1}`),
    }));
    const hardState = { term: terms.at(-1) ?? 0, vote: 0, commit: 0 };
    const stored: Stored = { hardState, snapshot, base: { index: 0, term: 0 }, entries };
    const seat: Seat = { id, core: null, stored, write: null, isDiskSlow: false, seen: '' };
    this.#seats.set(id, seat);
    this.#start(seat);
  }

  #start(seat: Seat): void {
    const { id } = seat;
    // Election time-outs are electionTicks + 1 + (id - 1): distinct and known.
    const random = { below: (bound: number) => (id - 1) % bound };
    seat.core = new RaftCore({ ...coreDefaults, ...this.#options, id, random }, seat.stored);
    seat.write = null;
    seat.seen = roleOf(seat.core);
  }

  #crash(seat: Seat): void {
    seat.core = null;
    seat.write = null;
  }

  #propose(id: MemberId, texts: readonly string[]): void {
    const core = this.#core(id);
    if (!core.canPropose) this.#print('refused');
    else core.propose(texts.map((text) => new TextEncoder().encode(text)));
  }

  #change(id: MemberId, words: readonly string[]): void {
    const change = changeOf(words);
    const result = this.#core(id).proposeChange(change);
    this.#print(
      result.kind === 'appended' ? `appended ${result.index}` : `refused ${result.reason}`,
    );
  }

  /** Does what a driver does with one `Ready`. */
  #process(seat: Seat): boolean {
    const { core, id } = seat;
    if (core === null) return false;
    const ready: Ready = core.ready();
    for (const message of ready.messages) this.#send(message);
    if (ready.write !== null) {
      seat.write = ready.write;
      if (!seat.isDiskSlow) this.#diskDone(seat);
      else this.#print(`  ${id} writes ${writeText(ready.write)}, not yet durable`);
    }
    for (const { token, index } of ready.reads)
      this.#print(`  ${id} answers read ${token} at ${index}`);
    if (ready.restore !== null) {
      this.#print(`  ${id} restores snapshot ${ready.restore.index}/${ready.restore.term}`);
      core.applied(ready.restore.index);
    }
    const last = ready.committed.at(-1);
    if (last !== undefined) {
      this.#print(`  ${id} applies ${ready.committed.map(entryText).join(' ')}`);
      core.applied(last.index);
    }
    const isIdle = ready.write === null && ready.messages.length === 0 && last === undefined;
    return !isIdle || ready.reads.length > 0 || ready.restore !== null;
  }

  #diskDone(seat: Seat): void {
    const { write, core, stored } = seat;
    if (write === null || core === null) return;
    seat.write = null;
    stored.hardState = write.hardState;
    if (write.snapshot !== null) {
      stored.snapshot = write.snapshot;
      stored.base = write.snapshot;
      stored.entries = [];
    }
    const first = write.entries[0]?.index;
    if (first !== undefined) {
      stored.entries = [
        ...stored.entries.slice(0, first - stored.base.index - 1),
        ...write.entries,
      ];
    }
    core.advance(write);
    for (const message of write.messages) this.#send(message);
  }

  #send(message: RaftMessage): void {
    this.#network.push(message);
  }

  #isChosen(words: readonly string[], message: RaftMessage): boolean {
    if (words.length === 0) return true;
    return words.some((word) => {
      const [from = '', to = ''] = word.split('>');
      return (
        (from === '' || Number(from) === message.from) && (to === '' || Number(to) === message.to)
      );
    });
  }

  #take(words: readonly string[]): readonly RaftMessage[] {
    const chosen = this.#network.filter((message) => this.#isChosen(words, message));
    this.#network = this.#network.filter((message) => !chosen.includes(message));
    return chosen;
  }

  #deliver(words: readonly string[]): boolean {
    const chosen = this.#take(words);
    for (const message of chosen) {
      this.#print(`  ${messageText(message)}`);
      this.#seats.get(message.to)?.core?.step(message);
      this.#noteRoles();
    }
    return chosen.length > 0;
  }

  #drop(words: readonly string[]): void {
    for (const message of this.#take(words)) this.#print(`  lost: ${messageText(message)}`);
  }

  /** Processes and delivers until nothing happens; with ids only among these, the rest is lost. */
  #stabilize(words: readonly string[]): void {
    const among = words.length === 0 ? [...this.#seats.keys()] : ids(words);
    for (let isBusy = true, round = 0; isBusy && round < 100; round++) {
      isBusy = false;
      for (const id of among) while (this.#process(this.#seat(id))) isBusy = true;
      this.#noteRoles();
      this.#network = this.#network.filter(
        ({ from, to }) => among.includes(from) && among.includes(to),
      );
      if (this.#deliver([])) isBusy = true;
    }
  }

  /** The application's snapshot at `index`, keeping `keep` entries behind it. */
  #compact(seat: Seat, index: number, keep: number): void {
    const core = this.#core(seat.id);
    const meta = { index, term: core.log.termOf(index) ?? 0, membership: core.membershipAt(index) };
    core.compact(meta, index - keep + 1);
    seat.stored.snapshot = meta;
    const { base, entries } = seat.stored;
    const first = core.log.first - 1;
    seat.stored.base = { index: first, term: core.log.termOf(first) ?? 0 };
    seat.stored.entries = entries.slice(first - base.index);
  }

  /** The driver of `to` has stored the snapshot that `from` was asked to send. */
  #install(words: readonly string[]): void {
    const [from = 0, to = 0] = (words[0] ?? '').split('>').map(Number);
    const { term, log, id } = this.#core(from);
    const meta = log.snapshot;
    const header = { from, to, term, kind: 'snapshot' } as const;
    const message = { ...header, snapshotIndex: meta.index, snapshotTerm: meta.term };
    this.#print(`${this.#core(to).installSnapshot(message, meta)} ${meta.index}/${meta.term}`);
    this.#core(id).reportSnapshot(to, true);
  }

  #status(id: MemberId): void {
    const { core } = this.#seat(id);
    if (core === null) {
      this.#print(`${id} down`);
      return;
    }
    const { role, term, leaderId, commitIndex, lastIndex, progress } = core.status();
    const peers = progress
      .map((one) => ` ${one.id}:${one.state}:${one.match}<${one.next}`)
      .join('');
    const members = membersText(core.membership);
    this.#print(
      `${id} ${role} term=${term} leader=${leaderId} commit=${commitIndex} ` +
        `stable=${core.log.stable} last=${lastIndex} members=${members}${peers}`,
    );
  }

  #log(seat: Seat): void {
    const { log } = this.#core(seat.id);
    const entries = log.slice(log.first, log.last, Infinity).map(entryText);
    this.#print(`${seat.id}: ${[`(${log.first - 1})`, ...entries].join(' ')}`);
  }

  #noteRoles(): void {
    for (const seat of this.#seats.values()) {
      if (seat.core === null) continue;
      const now = roleOf(seat.core);
      if (now !== seat.seen) this.#print(`  ${seat.id} is ${now}`);
      seat.seen = now;
    }
  }
}
