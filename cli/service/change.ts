/** Read, change, write, with the version that was read: a change in between means once more. */
import { ClusterError, hasCode } from '#lib';
import { ControlService } from '#proto';
import type { NodeSpec, Service, ServiceSpec } from '#proto';
import type { Cli } from '../cli.ts';
import type { Connection } from '../connection.ts';

/** Tries before giving up; another writer each time would be strange. */
const triesMax = 5;

/** Runs `attempt` until it is not refused as stale. */
export async function untilFresh<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!hasCode(error, 'STALE_VERSION') || tries === triesMax) throw error;
    }
  }
}

/** The service after the change; warnings go to standard error. */
export function changeService(
  cli: Cli,
  connection: Connection,
  ref: string,
  change: (spec: ServiceSpec) => ServiceSpec | 'rollback',
): Promise<Service> {
  return untilFresh(async () => {
    const { service } = await connection.call(ControlService.getService, { ref });
    if (service?.spec === undefined)
      throw new ClusterError('NOT_FOUND', `service ${ref} not found: see 'tsctl service ls'`);
    const version = service.meta?.version ?? 0;
    const next = change(service.spec);
    const wish =
      next === 'rollback'
        ? { ref: service.id, version, rollback: true }
        : { ref: service.id, version, spec: next };
    const answer = await connection.call(ControlService.updateService, wish);
    for (const warning of answer.warnings) cli.terminal.err(`tsctl: warning: ${warning}\n`);
    return answer.service ?? service;
  });
}

/** Changes a node's spec; `change` gives undefined when there is nothing to do. */
export async function changeNode(
  connection: Connection,
  ref: string,
  change: (spec: NodeSpec) => NodeSpec | undefined,
): Promise<boolean> {
  return await untilFresh(async () => {
    const { node } = await connection.call(ControlService.getNode, { ref });
    if (node?.spec === undefined)
      throw new ClusterError('NOT_FOUND', `node ${ref} not found: see 'tsctl node ls'`);
    const spec = change(node.spec);
    if (spec === undefined) return false;
    await connection.call(ControlService.updateNode, {
      ref: node.id,
      version: node.meta?.version ?? 0,
      spec,
    });
    return true;
  });
}
