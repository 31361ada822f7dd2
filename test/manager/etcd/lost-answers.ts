/** Transactions and answers that get lost on the way: each entry is in the log once or not at all. */
import test from 'ava';
import { seededRandom } from '#lib';
import { EtcdCluster } from '../../_support/etcd-cluster.ts';
import { bytes, leaderOf, startManager } from '../../_support/etcd-world.ts';
import { FaultyEtcd } from '../../_support/faulty-etcd.ts';
import type { TransactionFate } from '../../_support/faulty-etcd.ts';

const seed = Number(process.env['SEED'] ?? 1);

async function alone(t: Parameters<typeof EtcdCluster.start>[0]): Promise<EtcdCluster> {
  const cluster = await EtcdCluster.start(t, { size: 1 });
  await cluster.ready();
  return cluster;
}

test('an entry whose answers are lost is told committed, and is there once', async (t) => {
  t.log(`seed ${seed}: SEED=${seed} ava test/manager/etcd/lost-answers.ts`);
  const random = seededRandom(seed);
  const cluster = await alone(t);
  let isFaulty = false;
  const fates: readonly TransactionFate[] = ['done', 'done', 'unheard', 'lost', 'late'];
  const fate = (): TransactionFate => (isFaulty ? (fates[random.below(5)] ?? 'done') : 'done');
  const etcd = new FaultyEtcd(cluster.client(), fate);
  const manager = await startManager(t, cluster, 1, { etcd });
  await leaderOf([manager]);
  isFaulty = true;
  const texts = Array.from({ length: 20 }, (_, i) => `entry ${i}`);
  for (const text of texts) {
    const outcome = await manager.replicator.propose(bytes(text));
    t.is(outcome.kind, 'committed', text);
    if (random.below(4) === 0)
      t.true(
        (await etcd.arrive()).every((isDone) => !isDone),
        'what comes late changes nothing',
      );
  }
  t.deepEqual(manager.state.texts, texts);
  isFaulty = false;
  const again = await startManager(t, cluster, 1);
  t.deepEqual(again.state.applied, manager.state.applied);
});

test('what is refused for another leader is refused for good, and what got in before is told', async (t) => {
  const cluster = await alone(t);
  let fate: TransactionFate = 'done';
  const etcd = new FaultyEtcd(cluster.client(), () => fate);
  const old = await startManager(t, cluster, 1, { etcd });
  await leaderOf([old]);
  await old.replicator.propose(bytes('first'));

  for (const [first, expected, isWritten] of [
    ['unheard', 'committed', true],
    ['late', 'rejected', true],
    ['late', 'rejected', false],
  ] as const) {
    // One attempt gets in, or is under way; then another process takes the manager's place, and may write.
    fate = first;
    const outcome = old.replicator.propose(bytes(first));
    await etcd.range('wait');
    fate = 'lost';
    const next = await startManager(t, cluster, 1);
    await leaderOf([next]);
    if (isWritten) await next.replicator.propose(bytes(`after ${first}`));
    fate = 'done';
    t.is((await outcome).kind, expected, first);
    t.deepEqual(await etcd.arrive(), first === 'late' ? [false] : []);
    await old.replicator.readBarrier();
    t.is(old.state.texts.includes(first), expected === 'committed', first);
    await next.replicator.stop();
    await leaderOf([old]);
  }
});
