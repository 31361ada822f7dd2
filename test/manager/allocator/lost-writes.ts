/** Commits that are refused, lost, or made without anyone hearing of it, and leaders that come and go. */
import test from 'ava';
import { seededRandom } from '#lib';
import { EndpointSpec, Network, NetworkAttachmentConfig, NetworkSpec, PortConfig } from '#proto';
import type { ProposalFate } from '#test/_support/faulty-replicator';
import { networkFaults } from '#test/_support/network-invariants';
import { aServiceOf, OrchestrationWorld } from '#test/_support/orchestration';

const fates: readonly ProposalFate[] = ['commit', 'commit-unheard', 'lose', 'reject'];

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`seed ${seed}: nothing is given twice by leaders whose commits go astray`, async (t) => {
    const random = seededRandom(seed);
    let isFaulty = false;
    const fate = (): ProposalFate =>
      isFaulty ? (fates[random.below(fates.length)] ?? 'commit') : 'commit';
    const world = new OrchestrationWorld({ seed, fate });
    await world.addNodes(3);
    const ports = [PortConfig.create({ targetPort: 80 })];
    const spec = { endpoint: EndpointSpec.create({ ports }) };
    const networks = [NetworkAttachmentConfig.create({ network: 'ov' })];
    const faults: string[] = [];
    world.store.watch(() => faults.push(...world.store.view(networkFaults)));
    // Agents do not report what would be lost.
    for (const id of ['n1', 'n2', 'n3']) world.silent.add(id);
    for (let term = 0; term < 4; term++) {
      world.lead();
      isFaulty = false;
      if (term === 0)
        await world.write((tx) => {
          const bare = NetworkSpec.create({ name: 'ov', isIpv6: true });
          tx.create('network', Network.create({ id: 'ov', spec: bare }));
        });
      await world.createService(
        aServiceOf(`web${term}`, { replicas: 6, task: { networks }, spec }),
      );
      isFaulty = true;
      await world.clock.advance(random.below(400));
      await world.resign();
    }
    isFaulty = false;
    world.silent.clear();
    world.lead();
    world.nudge();
    for (let term = 0; term < 4; term++) await world.untilRunning(`web${term}`, 6);
    t.deepEqual(faults, []);
    const published = [0, 1, 2, 3].map(
      (term) => world.service(`web${term}`)?.endpoint?.ports[0]?.publishedPort,
    );
    t.is(new Set(published).size, 4);
  });
}
