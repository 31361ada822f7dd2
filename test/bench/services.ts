/**
 * `service create --replicas N` until all run, and `service rm` until the last container is gone, on three
 * hosts of this machine, beside Docker Swarm on three hosts of this machine in the same run, in turn.
 */
import { Lab } from '#test/_support/lab';
import { startSwarm, swarmIsInstalled } from './peers/swarm.ts';
import type { SwarmLab } from './peers/swarm.ts';
import type { Row } from './row.ts';
import { measureCase } from './services/measure.ts';
import type { Case } from './services/measure.ts';

const bars = { create: 0.25, remove: 0.35 } as const;
const cases: readonly Case[] = [
  { replicas: 30, program: 'loop' },
  { replicas: 30, program: 'prompt' },
  { replicas: 60, program: 'loop' },
];

export async function bench(): Promise<Row[]> {
  const lab = await Lab.up('bench', 3, 3);
  let swarm: SwarmLab | undefined;
  try {
    swarm = swarmIsInstalled() ? await startSwarm(3, 'busybox:latest') : undefined;
    const rows: Row[] = [];
    for (const one of cases) rows.push(...(await measureCase(lab, swarm, one, bars)));
    return rows;
  } finally {
    await swarm?.close();
    await lab.close();
  }
}
