import { durationBuckets } from '#lib';
import type { Metrics, Ms } from '#lib';
import { tableNames } from './tables.ts';
import type { TableName } from './types.ts';

/** What the store counts: tessera_store_*. */
export interface StoreMetrics {
  replicated(transactions: number, actions: number, bytes: number, outcome: string): void;
  proposeTook(tookMs: Ms): void;
  /** From being asked for to being answered. */
  updateTook(tookMs: Ms): void;
  applied(actions: number, tookMs: Ms): void;
  refused(reason: 'queue-full'): void;
  /** Running the function of one transaction. */
  transactionTook(tookMs: Ms): void;
  /** Telling all watchers of one commit. */
  tellTook(tookMs: Ms): void;
  /** Something that all others wait for took longer than `slowMs`. */
  slow(what: 'transaction' | 'watcher'): void;
}

export interface StoreGauges {
  readonly waiting: () => number;
  readonly version: () => number;
  readonly watchers: () => number;
  readonly keptCommits: () => number;
  readonly keptBytes: () => number;
  readonly objects: (table: TableName) => number;
}

const entryActions = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

export function storeMetrics(metrics: Metrics, gauges: StoreGauges): StoreMetrics {
  const entries = metrics.counter(
    'tessera_store_entries_total',
    'Entries this manager proposed, by outcome.',
    ['outcome'],
  );
  const transactions = metrics.counter(
    'tessera_store_transactions_total',
    'Transactions in the entries this manager proposed.',
  );
  const bytesTotal = metrics.counter(
    'tessera_store_entry_bytes_total',
    'Bytes of the entries this manager proposed.',
  );
  const refusals = metrics.counter(
    'tessera_store_refused_total',
    'Updates refused before they ran, by reason.',
    ['reason'],
  );
  const slow = metrics.counter(
    'tessera_store_slow_total',
    'Transactions and watchers that held all others up for long.',
    ['what'],
  );
  const perEntry = metrics.histogram(
    'tessera_store_entry_actions',
    'Actions in one entry this manager proposed.',
    entryActions,
  );
  const seconds = (name: string, help: string): ((tookMs: Ms) => void) => {
    const histogram = metrics.histogram(name, help, durationBuckets);
    return (tookMs) => histogram.observe(tookMs / 1000);
  };
  const propose = seconds('tessera_store_propose_seconds', 'Replicating one entry.');
  const update = seconds('tessera_store_update_seconds', 'One update, waiting included.');
  const transaction = seconds(
    'tessera_store_transaction_seconds',
    'Running the function of one transaction, during which nothing else runs.',
  );
  const tell = seconds('tessera_store_watchers_seconds', 'Telling all watchers of one commit.');
  const apply = seconds('tessera_store_apply_seconds', 'Applying one entry, watchers included.');
  const actionsApplied = metrics.counter(
    'tessera_store_actions_applied_total',
    'Actions applied on this manager.',
  );
  metrics.observedGauge(
    'tessera_store_waiting_updates',
    'Updates that wait for an entry.',
    gauges.waiting,
  );
  metrics.observedGauge('tessera_store_version', 'Version of the applied state.', gauges.version);
  metrics.observedGauge('tessera_store_watchers', 'Watchers of the store.', gauges.watchers);
  metrics.observedGauge(
    'tessera_store_kept_commits',
    'Commits kept for watches that resume.',
    gauges.keptCommits,
  );
  metrics.observedGauge(
    'tessera_store_kept_commit_bytes',
    'Bytes of those commits as encoded.',
    gauges.keptBytes,
  );
  for (const table of tableNames) {
    metrics.observedGauge(`tessera_store_${table}_objects`, `Objects in the ${table} table.`, () =>
      gauges.objects(table),
    );
  }
  return {
    replicated(transactionCount, actionCount, bytes, outcome) {
      entries.inc({ outcome });
      transactions.inc({}, transactionCount);
      bytesTotal.inc({}, bytes);
      perEntry.observe(actionCount);
    },
    transactionTook: transaction,
    tellTook: tell,
    proposeTook: propose,
    updateTook: update,
    applied(actionCount, tookMs) {
      actionsApplied.inc({}, actionCount);
      apply(tookMs);
    },
    refused: (reason) => refusals.inc({ reason }),
    slow: (what) => slow.inc({ what }),
  };
}
