import { ClusterError } from '#lib';
import { NodeRole, TaskState } from '#proto';
import type { BackupHeader, Cluster, Node, Task } from '#proto';
import { withRemoved } from '../control/removed-nodes.ts';
import { decodeSnapshot, encodeSnapshot } from '../store/snapshot.ts';
import { State } from '../store/state.ts';
import { tableNames } from '../store/tables.ts';
import type { AnyObject, TableName } from '../store/types.ts';

/**
 * The log of the restored cluster begins so much above the backup: versions that were given out after
 * the backup was made are not given out again, so that no client takes an old object for a new one.
 */
const versionGap = 1_000_000;

/** What the log of a first manager begins with. */
export interface SeedState {
  /** Log index of the state. */
  readonly index: number;
  readonly image: () => AsyncIterable<Uint8Array>;
}

/** What became of what was in the backup. */
export interface RestoreSummary {
  readonly services: number;
  readonly tasksKept: number;
  readonly tasksDropped: number;
  readonly workers: number;
  /** Host names of the managers of before; they are no members any more. */
  readonly managersRemoved: readonly string[];
}

/** The image of a backup, decoded. DATA_LOSS when it is not what its header says. */
export async function decodeBackup(
  header: BackupHeader,
  image: AsyncIterable<Uint8Array>,
): Promise<State> {
  const state = await decodeSnapshot(image, (object) => object);
  const isSame =
    state.version === header.version &&
    // A table that a program of before did not know has nothing in its backups.
    tableNames.every((table) => state.count(table) === (header.counts[table] ?? 0));
  if (isSame && state.get('cluster', header.clusterId)?.rootCa !== undefined) return state;
  throw new ClusterError(
    'DATA_LOSS',
    'the backup does not hold what its header says: use another copy or an older backup',
  );
}

/** The cluster object of a decoded backup. */
export function clusterOfBackup(state: State, clusterId: string): Cluster {
  const cluster = state.get('cluster', clusterId);
  if (cluster !== undefined) return cluster;
  throw new ClusterError('DATA_LOSS', 'the backup holds no cluster: use another copy');
}

const byText = (a: string, b: string): number => (a < b ? -1 : 1);

function wasManager(node: Node): boolean {
  const { role, spec, managerStatus } = node;
  return (
    role === NodeRole.MANAGER || spec?.role === NodeRole.MANAGER || managerStatus !== undefined
  );
}

/** A task that may still run on a node that may still be there. */
function mayRun(task: Task, workers: ReadonlySet<string>): boolean {
  const state = task.status?.state ?? TaskState.NEW;
  const isLive = state <= TaskState.RUNNING && task.desiredState <= TaskState.RUNNING;
  return isLive && workers.has(task.nodeId);
}

/**
 * The state a restored cluster begins with: `self` is its only manager. The managers of before are
 * removed and their certificates refused: each has a log of the old group, and two of them could go on
 * as a second cluster. Workers stay, with the tasks that may still run there; finished tasks and those
 * of the old managers go, and the orchestrators make new ones.
 */
export function restoredState(
  backup: State,
  self: { readonly clusterId: string; readonly node: Node; readonly nowMs: number },
): { readonly seed: SeedState; readonly summary: RestoreSummary } {
  const index = backup.version + versionGap;
  const next = State.empty();
  next.version = index;
  const nodes = [...backup.list('node')];
  const gone = nodes.filter(wasManager);
  const workers = new Set(nodes.filter((node) => !wasManager(node)).map((node) => node.id));
  const stamp = <T extends AnyObject>(object: T): T => {
    const createdAtMs = object.meta?.createdAtMs ?? self.nowMs;
    return { ...object, meta: { version: index, createdAtMs, updatedAtMs: self.nowMs } };
  };
  const put = (table: TableName, object: AnyObject): void => next.put(table, object);
  for (const cluster of backup.list('cluster')) {
    const isOurs = cluster.id === self.clusterId;
    const ids = gone.map((node) => node.id);
    put('cluster', isOurs ? stamp(withRemoved(cluster, ids, self.nowMs)) : cluster);
  }
  for (const node of nodes) if (workers.has(node.id)) put('node', node);
  put('node', stamp(self.node));
  for (const service of backup.list('service')) put('service', service);
  for (const task of backup.list('task')) if (mayRun(task, workers)) put('task', task);
  return {
    seed: { index, image: () => encodeSnapshot(next) },
    summary: {
      services: next.count('service'),
      tasksKept: next.count('task'),
      tasksDropped: backup.count('task') - next.count('task'),
      workers: workers.size,
      managersRemoved: gone.map((node) => node.description?.hostname || node.id).sort(byText),
    },
  };
}
