/** A cluster made again from a backup file on this host; see docs/decisions/0090. */
import { createReadStream } from 'node:fs';
import { ClusterError, messageOf } from '#lib';
import { clusterOfBackup, decodeBackup, restoredState } from '#manager';
import type { RestoreSummary } from '#manager';
import { certificateLifeDefaultMs, parseUnlockKey } from '#manager';
import type { BackupHeader, InitRequest } from '#proto';
import { readBackup } from '#proto/backup-node';
import { firstManager, firstNode } from './founding.ts';
import type { FoundOptions } from './founding.ts';
import type { Restored } from './restoring.ts';

/**
 * Checks the file to its last byte, then makes what this host needs to be the only manager of that
 * cluster; nothing is stored yet. FAILED_PRECONDITION when it cannot be read, and as `readBackup`.
 */
export async function restore(options: FoundOptions): Promise<Restored> {
  const { request, certificates, clock } = options;
  const { header, image } = await readFile(request);
  const backup = await decodeBackup(header, streamOf(image));
  const { clusterId } = header;
  const { rootCa, spec } = clusterOfBackup(backup, clusterId);
  if (rootCa === undefined || certificates.digestOf(rootCa.certificatePem) !== rootCa.digest)
    throw new ClusterError('DATA_LOSS', 'the backup holds no certificate authority: use another');
  const lifeMs = spec?.certificateLifeMs || certificateLifeDefaultMs;
  const own = await firstManager(options, rootCa, clusterId, lifeMs);
  const node = firstNode(own.record.nodeId, options);
  const { seed, summary } = restoredState(backup, { clusterId, node, nowMs: clock.now() });
  return {
    ...own,
    seed,
    tokens: rootCa.joinTokens,
    notes: notesOf(header, summary, options.advertiseAddress),
  };
}

async function readFile(
  request: InitRequest,
): Promise<{ readonly header: BackupHeader; readonly image: readonly Uint8Array[] }> {
  const { restorePath: path, restoreUnlockKey } = request;
  const secret = restoreUnlockKey === '' ? undefined : parseUnlockKey(restoreUnlockKey);
  const image: Uint8Array[] = [];
  const onImage = (part: Uint8Array): void => void image.push(part);
  try {
    const chunks = createReadStream(path) as AsyncIterable<Uint8Array>;
    const { header } = await readBackup(chunks, { secret, onImage });
    if (header.encryptionSalt.length === 0 || secret !== undefined) return { header, image };
    throw new ClusterError(
      'INVALID_ARGUMENT',
      'the backup is encrypted: the unlock key that the cluster had when it was made is needed',
    );
  } catch (error) {
    if (error instanceof ClusterError)
      throw new ClusterError(error.code, `${path}: ${error.message}`, { cause: error });
    throw new ClusterError('FAILED_PRECONDITION', `${path}: ${messageOf(error)}`, { cause: error });
  }
}

async function* streamOf(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

function notesOf(
  header: BackupHeader,
  summary: RestoreSummary,
  address: string,
): readonly string[] {
  const { services, tasksKept, tasksDropped, workers, managersRemoved } = summary;
  const made = new Date(header.createdAtMs).toISOString();
  return [
    `Restored from the backup of ${made} at version ${header.version}: what was changed after it is lost.`,
    `Services: ${services}. Tasks: ${tasksKept} on workers are kept, ${tasksDropped} are made anew or were history.`,
    ...(workers === 0
      ? []
      : [
          `Workers: ${workers}. They reconnect when this host has the address of a manager they know; else run 'tsctl cluster update-address --manager ${address}' there.`,
        ]),
    ...(managersRemoved.length === 0
      ? []
      : [
          `No managers any more, and refused: ${managersRemoved.join(', ')}. Run 'tsctl leave --force' there before they join again.`,
        ]),
  ];
}
