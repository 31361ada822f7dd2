/** Random nodes and services with rules about other tasks, for property tests of the scheduler. */
import fc from 'fast-check';
import type { Node, Placement, Task } from '#proto';
import { affinityTerm, preferringTasks, requiringTasks, spreadOver } from './affinity.ts';
import { taskSelector } from './affinity.ts';
import { nodeOf, taskOf } from './placement.ts';

export const zones = ['z1', 'z2', 'z3'] as const;
const apps = ['a', 'b', 'c'] as const;
const key = fc.constantFrom('zone', 'host');
const app = fc.constantFrom(...apps);
const rule: fc.Arbitrary<Partial<Placement>> = fc.oneof(
  fc.constant({}),
  fc.record({ key, app }).map((one) => ({
    affinity: requiringTasks(affinityTerm(one.key, [`app=${one.app}`])),
  })),
  fc.record({ key, app }).map((one) => ({
    antiAffinity: requiringTasks(affinityTerm(one.key, [`app=${one.app}`])),
  })),
  fc.record({ key, app, weight: fc.integer({ min: 1, max: 100 }) }).map((one) => ({
    affinity: preferringTasks([one.weight, affinityTerm(one.key, [`app=${one.app}`])]),
  })),
  fc.record({ key, app, skew: fc.integer({ min: 1, max: 3 }) }).map((one) => ({
    topologySpread: [spreadOver(one.key, one.skew, { selector: taskSelector(`app=${one.app}`) })],
  })),
);
const service = fc.record({ app, rule, count: fc.integer({ min: 1, max: 8 }) });
const node = fc.record({
  zone: fc.constantFrom(...zones, undefined),
  cpus: fc.integer({ min: 0, max: 6 }),
});

export interface World {
  readonly nodes: readonly Node[];
  readonly tasks: readonly Task[];
}

export const world: fc.Arbitrary<World> = fc
  .record({
    nodes: fc.array(node, { minLength: 1, maxLength: 7 }),
    services: fc.array(service, { minLength: 1, maxLength: 5 }),
  })
  .map((shape) => ({
    nodes: shape.nodes.map(({ zone, cpus }, at) =>
      nodeOf(`n${at}`, { cpus, labels: { host: `n${at}`, ...(zone && { zone }) } }),
    ),
    tasks: shape.services.flatMap((one, at) =>
      Array.from({ length: one.count }, (_, slot) =>
        taskOf(`s${at}t${slot}`, {
          service: `s${at}`,
          slot: slot + 1,
          cpus: 1,
          labels: { app: one.app },
          placement: one.rule,
        }),
      ),
    ),
  }));
