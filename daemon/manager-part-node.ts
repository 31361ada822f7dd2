/** The manager of this machine, as the daemon sees it. */
import { nodeManager } from '#manager/manager-node';
import type { MakeManager } from './ports.ts';

export function managerMaker(): MakeManager {
  return (parameters) => nodeManager(parameters);
}
