/** Who waits for a read is answered once the state is new enough, and not before. */
import test from 'ava';
import { Reads } from '../../raft/node/reads.ts';

/** The indexes that reads were answered with so far. */
function asked(
  reads: Reads,
  count: number,
): { readonly tokens: number[]; readonly told: number[] } {
  const told: number[] = [];
  const tokens = Array.from({ length: count }, () => {
    const { token, index } = reads.add(undefined);
    index.then(
      (at) => told.push(at),
      () => told.push(-1),
    );
    return token;
  });
  return { tokens, told };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a confirmed read waits until its index is applied', async (t) => {
  const reads = new Reads(10);
  const { tokens, told } = asked(reads, 3);
  const [one = 0, two = 0, three = 0] = tokens;
  reads.confirm([{ token: one, index: 5 }], 4);
  await turn();
  t.deepEqual(told, []);
  reads.confirm([{ token: two, index: 6 }], 5);
  await turn();
  t.deepEqual(told, [5]);
  reads.applied(5);
  await turn();
  t.deepEqual(told, [5]);
  reads.confirm([{ token: three, index: 8 }], 7);
  reads.applied(9);
  await turn();
  t.deepEqual(told, [5, 6, 8]);
});

test('when leadership is lost only confirmed reads are still answered', async (t) => {
  const reads = new Reads(10);
  const { tokens, told } = asked(reads, 2);
  reads.confirm([{ token: tokens[0] ?? 0, index: 5 }], 4);
  reads.rejectAsked(new Error('no leader') as never);
  await turn();
  t.deepEqual(told, [-1]);
  reads.applied(5);
  await turn();
  t.deepEqual(told, [-1, 5]);
});
