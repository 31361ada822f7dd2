import { durationBuckets } from '#lib';
import type { Logger, Metrics, Ms } from '#lib';
import type { Observer, RaftStatus } from 'raft-ts';
import { membersOf } from 'raft-ts';

/** tessera_raft_*: what Raft does on this manager. `status` is undefined while it does not run. */
export function raftObserver(
  metrics: Metrics,
  log: Logger,
  status: () => RaftStatus | undefined,
  events: {
    readonly roleChanged: () => void;
    readonly synced: (tookMs: Ms) => void;
    readonly failed: (code: string, error: unknown) => void;
  },
): Observer {
  const gauge = (name: string, help: string, read: (raft: RaftStatus) => number): void => {
    metrics.observedGauge(name, help, () => {
      const raft = status();
      return raft === undefined ? 0 : read(raft);
    });
  };
  gauge('tessera_raft_term', 'Present term.', (raft) => raft.term);
  gauge('tessera_raft_is_leader', '1 on the leader, else 0.', (raft) =>
    raft.role === 'leader' ? 1 : 0,
  );
  gauge('tessera_raft_has_leader', '1 while a leader is known, else 0.', (raft) =>
    raft.leaderId === 0 ? 0 : 1,
  );
  gauge('tessera_raft_commit_index', 'Highest index known committed.', (raft) => raft.commitIndex);
  gauge('tessera_raft_applied_index', 'Highest index applied.', (raft) => raft.appliedIndex);
  gauge('tessera_raft_last_index', 'Last index of the log.', (raft) => raft.lastIndex);
  gauge(
    'tessera_raft_members',
    'Members, voters and learners.',
    (raft) => membersOf(raft.membership).length,
  );
  const seconds = metrics.histogram(
    'tessera_raft_fsync_seconds',
    'Making one write to the log durable.',
    durationBuckets,
  );
  const entries = metrics.counter('tessera_raft_entries_synced_total', 'Entries made durable.');
  const bytes = metrics.counter('tessera_raft_synced_bytes_total', 'Bytes written to the log.');
  const roles = metrics.counter(
    'tessera_raft_role_changes_total',
    'Changes of the role in Raft, by the new role.',
    ['role'],
  );
  const snapshots = metrics.counter('tessera_raft_snapshots_total', 'Snapshots taken.');
  const snapshotSeconds = metrics.histogram(
    'tessera_raft_snapshot_seconds',
    'Taking one snapshot, in the background.',
    durationBuckets,
  );
  const handOvers = metrics.counter(
    'tessera_raft_hand_overs_total',
    'Times this leader was wedged and gave leadership away, or could not.',
    ['reason', 'outcome'],
  );
  return {
    handedOver(event) {
      handOvers.inc({ reason: event.reason, outcome: event.isDone ? 'done' : 'stayed' });
      log.warn('raft leader is wedged', { ...event });
    },
    roleChanged(event) {
      roles.inc({ role: event.role });
      log.info('raft role changed', { ...event });
      events.roleChanged();
    },
    synced(event) {
      seconds.observe(event.tookMs / 1000);
      entries.inc({}, event.entries);
      bytes.inc({}, event.bytes);
      events.synced(event.tookMs);
    },
    snapshotTaken(event) {
      snapshots.inc();
      snapshotSeconds.observe(event.tookMs / 1000);
      log.info('raft snapshot taken', { ...event });
    },
    failed: (event) => events.failed(event.code, event.error),
  };
}
