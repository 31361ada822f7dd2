import { ClusterError, shortId } from '#lib';
import {
  Availability,
  AvailabilityNames,
  GetNodeResponse,
  ListNodesResponse,
  Node,
  NodeRole,
  NodeRoleNames,
  NodeState,
  RemoveNodeResponse,
  TaintEffectNames,
  TaskState,
  TaskStatus,
  UpdateNodeResponse,
} from '#proto';
import type {
  GetNodeRequest,
  ListNodesRequest,
  NodeSpec,
  RemoveNodeRequest,
  UpdateNodeRequest,
} from '#proto';
import { managersTaintPrefix, taintId } from '#scheduler';
import { mayFollow } from '../orchestrator/task-transitions.ts';
import type { WriteTransaction } from '../store/types.ts';
import { clusterOf } from './cluster.ts';
import { committed } from './committed.ts';
import { invalid, quoted, requireCount, requireEnum } from './invalid.ts';
import { limits } from './limits.ts';
import { withManagerStatus } from './manager-status.ts';
import type { ControlHandlers, ControlOptions } from './options.ts';
import { pageOf } from './pages.ts';
import { findNode } from './refs.ts';
import { isTaintKey, isTaintValue } from './validate-tolerations.ts';
import { withRemoved } from './removed-nodes.ts';
import { validateLabels } from './validate-labels.ts';

type NodeHandlers = Pick<ControlHandlers, 'listNodes' | 'getNode' | 'updateNode' | 'removeNode'>;

function nameOf(node: Node): string {
  return node.description?.hostname || shortId(node.id);
}

/** INVALID_SPEC for the first fault. */
export function validateNodeSpec(spec: NodeSpec): void {
  validateLabels('spec.labels', '--label-add', spec.labels);
  requireEnum('spec.role', '--role', spec.role, NodeRoleNames);
  requireEnum('spec.availability', '--availability', spec.availability, AvailabilityNames);
  requireCount('spec.taints', '--taint', spec.taints, limits.taintsMax);
  const ids = new Set<string>();
  for (const taint of spec.taints) {
    const { key, value, effect } = taint;
    if (!isTaintKey(key))
      throw invalid('spec.taints', `--taint ${quoted(key)} is not a taint name`);
    if (key.startsWith(managersTaintPrefix))
      throw invalid(
        'spec.taints',
        `--taint ${key}: names that begin with ${managersTaintPrefix} are the managers' own: take another`,
      );
    if (value !== '' && !isTaintValue(value))
      throw invalid(
        'spec.taints',
        `--taint ${key}=${quoted(value)}: a value is of letters, digits and ._-, at most 63`,
      );
    requireEnum('spec.taints', '--taint effect', effect, TaintEffectNames);
    if (ids.has(taintId(taint)))
      throw invalid('spec.taints', `--taint ${taintId(taint)} is given twice: give it once`);
    ids.add(taintId(taint));
  }
}

/** When each taint was put on: a taint that stays, whatever its value becomes, keeps its time. */
function taintTimes(node: Node, spec: NodeSpec, nowMs: number): Readonly<Record<string, number>> {
  const present = new Set((node.spec?.taints ?? []).map(taintId));
  return Object.fromEntries(
    spec.taints.map(taintId).map((id) => {
      const sinceMs = present.has(id) ? node.taintedAtMs[id] : undefined;
      return [id, sinceMs ?? nowMs];
    }),
  );
}

function requireVersion(node: Node, version: number): void {
  const present = node.meta?.version ?? 0;
  if (version === 0 || version === present) return;
  throw new ClusterError(
    'STALE_VERSION',
    `node ${nameOf(node)} has changed since version ${version} (now ${present}):` +
      ' read it again and repeat the change',
    { details: { version: String(present) } },
  );
}

/** Tasks that end here for good: their node is gone. */
function orphan(tx: WriteTransaction, taskId: string, nowMs: number): void {
  const task = tx.get('task', taskId);
  const state = task?.status?.state ?? TaskState.NEW;
  if (task === undefined || !mayFollow(state, TaskState.ORPHANED)) return;
  const status = {
    ...(task.status ?? TaskStatus.create()),
    state: TaskState.ORPHANED,
    changedAtMs: nowMs,
    message: 'node removed',
  };
  tx.update('task', { ...task, status });
}

function remove(tx: WriteTransaction, request: RemoveNodeRequest, nowMs: number): string {
  const node = findNode(tx, request.ref);
  const name = nameOf(node);
  if (node.spec?.role === NodeRole.MANAGER || node.managerStatus !== undefined)
    throw new ClusterError(
      'FAILED_PRECONDITION',
      `node ${name} is a manager: demote it first with 'tsctl node demote ${name}'`,
    );
  const isDown = node.status?.state === NodeState.DOWN;
  if (!isDown && !request.force)
    throw new ClusterError(
      'FAILED_PRECONDITION',
      `node ${name} is not down and can't be removed: run 'tsctl leave' on it first, or use --force`,
    );
  tx.update('cluster', withRemoved(clusterOf(tx), [node.id], nowMs));
  tx.remove('node', node.id);
  return node.id;
}

async function removeNode(options: ControlOptions, request: RemoveNodeRequest): Promise<void> {
  const { store, clock, log } = options;
  const { value: nodeId } = await store.update((tx) => remove(tx, request, clock.now()));
  log.info('node removed', { nodeId, isForced: request.force });
  // Killed here: the tasks of a node that is gone are replaced by the orchestrators all the same.
  const taskIds = store.view((tx) => [...tx.tasksOfNode(nodeId)].map((task) => task.id));
  await store.batch(taskIds, (tx, taskId) => orphan(tx, taskId, clock.now()));
}

function update(tx: WriteTransaction, options: ControlOptions, request: UpdateNodeRequest): string {
  const node = findNode(tx, request.ref);
  requireVersion(node, request.version);
  const { spec } = request;
  if (spec === undefined) throw invalid('spec', 'the request carries no node spec');
  if (spec.role === NodeRole.WORKER && node.spec?.role === NodeRole.MANAGER) {
    const reason = options.canRemoveManager(node.id);
    if (reason !== undefined) throw new ClusterError('QUORUM_AT_RISK', reason);
  }
  const taintedAtMs = taintTimes(node, spec, options.clock.now());
  // The next drain is to mind the budgets again.
  const drainIgnoresBudgets = spec.drainIgnoresBudgets && spec.availability === Availability.DRAIN;
  tx.update('node', { ...node, spec: { ...spec, drainIgnoresBudgets }, taintedAtMs });
  return node.id;
}

/** Nodes: read, update (labels, taints, availability, role), remove. */
export function nodeHandlers(options: ControlOptions): NodeHandlers {
  const { store } = options;
  const shown = (node: Node): Node => withManagerStatus(node, options.managerStatus());
  return {
    async listNodes(request: ListNodesRequest, context) {
      await store.readBarrier(context.signal);
      const { items: nodes, nextAfterId } = store.view((tx) =>
        pageOf(tx.list('node', request.afterId), shown, (node) => Node.encode(node)),
      );
      return ListNodesResponse.create({ nodes, nextAfterId });
    },
    async getNode(request: GetNodeRequest, context) {
      await store.readBarrier(context.signal);
      const node = store.view((tx) => findNode(tx, request.ref));
      return GetNodeResponse.create({ node: shown(node) });
    },
    async updateNode(request: UpdateNodeRequest) {
      if (request.spec !== undefined) validateNodeSpec(request.spec);
      const result = await store.update((tx) => update(tx, options, request));
      options.log.info('node updated', { nodeId: result.value });
      const node = committed(result, 'node', result.value);
      return UpdateNodeResponse.create({ node: shown(node) });
    },
    async removeNode(request: RemoveNodeRequest) {
      await removeNode(options, request);
      return RemoveNodeResponse.create();
    },
  };
}
