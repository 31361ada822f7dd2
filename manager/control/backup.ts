import { ClusterError } from '#lib';
import { BackupChunk, BackupHeader } from '#proto';
import { tableNames } from '../store/tables.ts';
import type { ReadTransaction } from '../store/types.ts';
import { clusterOf } from './cluster.ts';
import type { ControlHandlers, ControlOptions } from './options.ts';

/** Backups that are being read at once; each holds the state as it was. */
const backupsMax = 2;

/** What a backup says of itself. */
function headerOf(tx: ReadTransaction, nodeId: string, createdAtMs: number): BackupHeader {
  const cluster = clusterOf(tx);
  return BackupHeader.create({
    clusterId: cluster.id,
    clusterName: cluster.spec?.name ?? '',
    version: tx.version,
    createdAtMs,
    tesseraVersion: tx.get('node', nodeId)?.description?.tesseraVersion ?? '',
    counts: Object.fromEntries(tableNames.map((table) => [table, tx.count(table)])),
  });
}

/** Of a cluster whose managers are locked: its backups are, too. */
function secretOf(tx: ReadTransaction): Uint8Array | undefined {
  const key = clusterOf(tx).lock?.unlockKey;
  return key === undefined || key.length === 0 ? undefined : key;
}

/** The whole state at one version, while writes go on. */
export function backupHandlers(options: ControlOptions): Pick<ControlHandlers, 'backupCluster'> {
  const { store, clock, log } = options;
  const ended = options.metrics.counter(
    'tessera_control_backups_total',
    'Backups that were begun and have ended, by whether all of them was read.',
    ['outcome'],
  );
  let running = 0;
  return {
    async *backupCluster(_request, context) {
      if (running >= backupsMax)
        throw new ClusterError(
          'LIMIT_EXCEEDED',
          `${backupsMax} backups are being taken already: try again when one has ended`,
        );
      running++;
      let outcome = 'cut-off';
      try {
        await store.readBarrier(context.signal);
        // Nothing may come between these two: the header is of the very state of the image.
        const header = store.view((tx) => headerOf(tx, options.nodeId, clock.now()));
        const secret = store.view(secretOf);
        const image = options.image();
        log.info('backup begun', { version: header.version });
        for await (const chunk of options.packBackup(header, image, secret))
          yield BackupChunk.create({ chunk });
        outcome = 'whole';
        log.info('backup taken', { version: header.version });
      } finally {
        running--;
        ended.inc({ outcome });
      }
    },
  };
}
