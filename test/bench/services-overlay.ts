/**
 * As `services`, with every task on an overlay network: `service create --network ov --replicas N` until all
 * run, and `service rm` until the last container is gone, beside Docker Swarm with its own overlay, in turn.
 * What twice the replicas take shows whether the cost grows with their number alone.
 */
import { Lab } from '#test/_support/lab';
import { startSwarm, swarmIsInstalled } from './peers/swarm.ts';
import type { SwarmLab } from './peers/swarm.ts';
import type { Row } from './row.ts';
import { measureCase } from './services/measure.ts';

const network = 'ov';
const bars = { create: 0.22, remove: 0.25 } as const;
/** Of 60 replicas beside 30: twice, and room for noise. */
const growthMax = 2.4;

function growth(what: string, small: Row | undefined, large: Row | undefined): Row {
  const ours = large?.ours ?? Number.NaN;
  const peer = small?.ours ?? Number.NaN;
  const ratio = ours / peer;
  return {
    name: `${what}, 60 beside 30`,
    unit: 's',
    ours,
    peer,
    ratio,
    bar: `<= ${growthMax} x 30`,
    ok: ratio <= growthMax,
  };
}

export async function bench(): Promise<Row[]> {
  const lab = await Lab.up('benchov', 3, 3);
  let swarm: SwarmLab | undefined;
  try {
    await lab.tsctl(['network', 'create', network]);
    if (swarmIsInstalled()) {
      swarm = await startSwarm(3, 'busybox:latest');
      await swarm.createNetwork(network);
    } else console.log('bench: dockerd is not installed: no peer');
    const measure = (replicas: number): Promise<readonly Row[]> =>
      measureCase(lab, swarm, { replicas, program: 'prompt', network }, bars);
    const thirty = await measure(30);
    const sixty = await measure(60);
    return [
      ...thirty,
      ...sixty,
      growth('service create --network ov', thirty[0], sixty[0]),
      growth('service rm --network ov', thirty[1], sixty[1]),
    ];
  } finally {
    await swarm?.close();
    await lab.close();
  }
}
