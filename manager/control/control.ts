import { authorized } from './authorize.ts';
import { autolockHandlers } from './autolock.ts';
import { backupHandlers } from './backup.ts';
import { clusterHandlers } from './cluster.ts';
import { diagnosingHandlers } from './diagnosing.ts';
import { explainingHandlers } from './explaining.ts';
import { imageHandlers } from './images.ts';
import { logHandlers } from './logs.ts';
import { networkHandlers } from './networks.ts';
import { nodeHandlers } from './nodes.ts';
import type { ControlHandlers, ControlOptions } from './options.ts';
import { rebalancingHandlers } from './rebalancing.ts';
import { serviceHandlers } from './services.ts';
import { simulatingHandlers } from './simulating.ts';
import { taskHandlers } from './tasks.ts';
import { watchHandlers } from './watch.ts';

/**
 * The control API of one manager. Writes need the leader (NOT_LEADER from the store elsewhere), and so
 * do logs and images, whose agents talk to the leader only.
 */
export function controlHandlers(options: ControlOptions): ControlHandlers {
  const log = options.log.child({ module: 'control' });
  const own: ControlOptions = { ...options, log };
  return authorized(
    {
      ...clusterHandlers(own),
      ...autolockHandlers(own),
      ...backupHandlers(own),
      ...nodeHandlers(own),
      ...networkHandlers(own),
      ...serviceHandlers(own),
      ...taskHandlers(own),
      ...explainingHandlers(own),
      ...rebalancingHandlers(own),
      ...simulatingHandlers(own),
      ...watchHandlers(own),
      ...logHandlers(own),
      ...imageHandlers(own),
      ...diagnosingHandlers(own),
    },
    own,
  );
}
