import test from 'ava';
import { isOutdated, raftCaller } from '#daemon/identify';
import { NodeRole } from '#proto';

const { MANAGER, WORKER } = NodeRole;
const hourMs = 3_600_000;

/** A certificate made at this time: they are dated back by an hour. */
const madeAt = (ms: number, role: NodeRole = MANAGER) => ({
  nodeId: 'n1',
  role,
  notBeforeMs: ms - hourMs,
});

test('a certificate from before the demotion opens no way to Raft, a newer one does', (t) => {
  const demoted = { role: WORKER, demotedAtMs: 100_000 };
  t.true(isOutdated(madeAt(50_000), demoted));
  t.false(isOutdated(madeAt(101_000), demoted), 'promoted again, not yet known here');
  t.false(isOutdated(madeAt(50_000), { role: MANAGER, demotedAtMs: 100_000 }));
  t.false(isOutdated(madeAt(50_000), { role: WORKER, demotedAtMs: 0 }), 'never was a manager');
  t.false(isOutdated(madeAt(50_000), undefined), 'not heard of yet');
  t.false(isOutdated(madeAt(50_000, WORKER), demoted), 'a worker by its certificate');
  const caller = (isOld: boolean) => raftCaller(madeAt(1), { isOutdated: () => isOld });
  t.deepEqual(caller(true), { kind: 'node', nodeId: 'n1', role: WORKER });
  t.deepEqual(caller(false), { kind: 'node', nodeId: 'n1', role: MANAGER });
});
