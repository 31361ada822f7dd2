import type { CoreOptions } from '../core/options.ts';
import type { MemberId } from '../types.ts';
import type { Random } from '../ports.ts';
import { coreDefaults } from '../core/options.ts';
import { RaftError } from '../errors.ts';

/** All of them optional; numbers are integers >= 1. */
export interface RaftNodeOptions {
  /** Length of a tick, ms. Too short: false alarms on a busy host; too long: slow failover. */
  readonly tickMs?: number;
  /** Ticks without a leader before an election, and up to as many again by chance. */
  readonly electionTicks?: number;
  readonly heartbeatTicks?: number;
  /**
   * How the leader makes sure of a read. `quorum`: a majority confirms that it still leads, one round
   * of messages. `lease`: while a majority has confirmed it recently, it answers by itself (thesis
   * §6.4.1); this trusts the members' clocks, see `clockDriftPerMille`. The same on every member.
   */
  readonly reads?: 'quorum' | 'lease';
  /**
   * Leases only: of a thousand milliseconds that pass on one member's clock, by how many another's
   * may differ, timers that fire early included. Beyond it a read may be stale. Below 1000.
   */
  readonly clockDriftPerMille?: number;
  /**
   * A snapshot is taken after this many applied entries (`RaftNode.setSnapshotEntries` changes it
   * later) ...
   */
  readonly snapshotEntries?: number;
  /** ... or when the entries in memory take more bytes than this. */
  readonly snapshotBytes?: number;
  /** Entries kept behind a snapshot, so that a peer slightly behind needs no snapshot ... */
  readonly keepEntries?: number;
  /** ... as long as they take no more bytes than this. */
  readonly keepBytes?: number;
  /** A longer proposal is refused with `too-large`. */
  readonly maxEntryBytes?: number;
  /** Proposals that wait for their turn; above it they are refused with `queue-full`. */
  readonly queueEntriesMax?: number;
  readonly queueBytesMax?: number;
  /** Proposals in one write. */
  readonly batchEntriesMax?: number;
  readonly batchBytesMax?: number;
  /** Reads that wait; above it they are refused with `QUEUE_FULL`. */
  readonly readsMax?: number;
  readonly appendBytesMax?: number;
  readonly inflightMessagesMax?: number;
  readonly inflightBytesMax?: number;
  readonly uncommittedBytesMax?: number;
  readonly applyBatchMax?: number;
  readonly promoteLagMax?: number;
  readonly segmentBytesMax?: number;
  /**
   * A leader whose write has been out for longer hands over to the best voter; about two election
   * time-outs. Shorter: a disk that stalls now and then moves leadership needlessly.
   */
  readonly writeStallMs?: number;
  /** So does one whose ticks come later than this, three times in ten seconds. */
  readonly loopLagMs?: number;
  /** It does so at most once in this time. */
  readonly handOverPauseMs?: number;
  /** A snapshot still on its way to a peer after this many milliseconds is given up. */
  readonly snapshotSendMs?: number;
}

const { leaseMs: _, ...defaultsOfCore } = coreDefaults;

/** A leader killed is replaced in about 0.6 to 1.1 s with these. */
export const nodeDefaults = {
  ...defaultsOfCore,
  tickMs: 50,
  reads: 'quorum',
  clockDriftPerMille: 100,
  applyBatchMax: 1024,
  snapshotEntries: 10_000,
  snapshotBytes: 256 << 20,
  keepEntries: 500,
  keepBytes: 64 << 20,
  maxEntryBytes: 2 << 20,
  queueEntriesMax: 8192,
  queueBytesMax: 64 << 20,
  batchEntriesMax: 1024,
  batchBytesMax: 4 << 20,
  readsMax: 65_536,
  segmentBytesMax: 16 << 20,
  snapshotSendMs: 600_000,
  writeStallMs: 1000,
  loopLagMs: 250,
  handOverPauseMs: 60_000,
} as const satisfies Required<RaftNodeOptions>;

export type NodeSettings = Required<RaftNodeOptions>;

/** Throws `BAD_INPUT` that names the first option out of range. */
export function settingsOf(options: RaftNodeOptions): NodeSettings {
  const settings: NodeSettings = { ...nodeDefaults, ...options };
  const { reads, ...numbers } = settings;
  if (reads !== 'quorum' && reads !== 'lease') {
    throw new RaftError('BAD_INPUT', `reads must be 'quorum' or 'lease', not ${String(reads)}`);
  }
  if (settings.clockDriftPerMille >= 1000) {
    throw new RaftError('BAD_INPUT', 'clockDriftPerMille must be below 1000');
  }
  for (const [name, value] of Object.entries(numbers)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RaftError('BAD_INPUT', `${name} must be an integer >= 1, not ${value}`);
    }
  }
  return settings;
}

export function coreOptionsOf(id: MemberId, random: Random, settings: NodeSettings): CoreOptions {
  return {
    id,
    random,
    electionTicks: settings.electionTicks,
    heartbeatTicks: settings.heartbeatTicks,
    appendBytesMax: settings.appendBytesMax,
    inflightMessagesMax: settings.inflightMessagesMax,
    inflightBytesMax: settings.inflightBytesMax,
    uncommittedBytesMax: settings.uncommittedBytesMax,
    applyBatchMax: settings.applyBatchMax,
    promoteLagMax: settings.promoteLagMax,
    leaseMs: leaseMsOf(settings),
  };
}

/**
 * A voter counts its word in ticks, and the first of them may be about to end when it gives it: one
 * tick less. What is left shrinks by as much as the leader's clock may be slow beside the voter's.
 */
function leaseMsOf(settings: NodeSettings): number {
  if (settings.reads === 'quorum') return 0;
  const { electionTicks, tickMs, clockDriftPerMille } = settings;
  const leaseMs = ((electionTicks - 1) * tickMs * (1000 - clockDriftPerMille)) / 1000;
  return Math.max(1, Math.floor(leaseMs));
}
