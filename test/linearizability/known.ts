/** Histories whose verdict a person can see. */
import test from 'ava';
import { checkHistory } from '../_support/linearizability/checker.ts';
import type { End, Operation } from '../_support/linearizability/history.ts';
import { registerModel, selfReapingModel } from '../_support/linearizability/register.ts';
import type {
  RefusalCode,
  RegisterInput,
  RegisterOutput,
} from '../_support/linearizability/register.ts';

type RegisterOperation = Operation<RegisterInput, RegisterOutput>;

const create = (value: string): RegisterInput => ({ kind: 'create', value });
const update = (value: string, version: number): RegisterInput => ({
  kind: 'update',
  value,
  version,
});
const remove: RegisterInput = { kind: 'remove' };
const reap: RegisterInput = { kind: 'reap' };
const read: RegisterInput = { kind: 'read' };
const done = (version?: number): RegisterOutput =>
  version === undefined ? { kind: 'done' } : { kind: 'done', version };
const value = (text: string, version: number): RegisterOutput => ({
  kind: 'value',
  value: text,
  version,
});
const leaving = (text: string): RegisterOutput => ({ kind: 'leaving', value: text });
const refused = (code: RefusalCode): RegisterOutput => ({ kind: 'refused', code });

/** From its call to its end; without an end nobody knows its outcome. */
function op(
  callAt: number,
  at: number | undefined,
  input: RegisterInput,
  output: RegisterOutput = done(),
): RegisterOperation {
  const end: End<RegisterOutput> =
    at === undefined ? { kind: 'unknown' } : { kind: 'ok', output, at };
  return { object: 'web', input, callAt, end };
}

const created = op(1, 2, create('a'), done(10));
const updated = op(3, 4, update('b', 10), done(20));

const good: Readonly<Record<string, readonly RegisterOperation[]>> = {
  'nothing at all': [],
  'one after another': [created, op(3, 4, read, value('a', 10))],
  'a read during an update sees the value before it': [
    created,
    op(3, 6, update('b', 10), done(20)),
    op(4, 5, read, value('a', 10)),
  ],
  'a read during an update sees the value after it': [
    created,
    op(3, 6, update('b', 10), done(20)),
    op(4, 5, read, value('b', 20)),
  ],
  'of two updates of one version, one is told that it is late': [
    created,
    op(3, 5, update('b', 10), done(20)),
    op(4, 6, update('c', 10), refused('STALE_VERSION')),
  ],
  'an update of unknown outcome that is never seen': [
    created,
    op(3, undefined, update('b', 10)),
    op(4, 5, read, value('a', 10)),
    op(6, 7, read, value('a', 10)),
  ],
  'an update of unknown outcome that is seen late': [
    created,
    op(3, undefined, update('b', 10)),
    op(4, 5, read, value('a', 10)),
    op(6, 7, read, value('b', 20)),
  ],
  'an update of unknown outcome is what made another one late': [
    created,
    op(3, undefined, update('b', 10)),
    op(4, 5, update('c', 10), refused('STALE_VERSION')),
    op(6, 7, read, value('b', 20)),
  ],
  'a creation of unknown outcome takes the name': [
    op(1, undefined, create('a')),
    op(2, 3, create('b'), refused('ALREADY_EXISTS')),
    op(4, 5, read, value('a', 10)),
  ],
  'a service that is removed, reaped and made anew': [
    created,
    op(3, 4, remove),
    op(5, 6, read, leaving('a')),
    op(7, 8, update('b', 10), refused('FAILED_PRECONDITION')),
    op(9, 10, reap),
    op(11, 12, read, refused('NOT_FOUND')),
    op(13, 14, create('b'), done(30)),
  ],
  'a removal by two at once': [created, op(3, 5, remove), op(4, 6, remove)],
  'an order that only the last answer tells': [
    op(1, 9, create('a'), done()),
    op(2, 8, read, refused('NOT_FOUND')),
    op(3, 7, read, value('b', 40)),
    op(4, 6, update('b', 10), done(40)),
    op(5, 10, read, value('a', 10)),
  ],
};

const bad: Readonly<Record<string, readonly RegisterOperation[]>> = {
  'a read of what an update has replaced': [created, updated, op(5, 6, read, value('a', 10))],
  'a read of nothing after a creation': [created, op(3, 4, read, refused('NOT_FOUND'))],
  'a read of what nobody wrote': [created, op(3, 4, read, value('x', 10))],
  'a read of what is written only later': [
    created,
    op(3, 4, read, value('b', 20)),
    op(5, 6, update('b', 10), done(20)),
  ],
  'two reads that see an update and then not': [
    created,
    op(3, 10, update('b', 10), done(20)),
    op(4, 5, read, value('b', 20)),
    op(6, 7, read, value('a', 10)),
  ],
  'an update of unknown outcome that is seen and then not': [
    created,
    op(3, undefined, update('b', 10)),
    op(4, 5, read, value('b', 20)),
    op(6, 7, read, value('a', 10)),
  ],
  'two updates of one version': [
    created,
    op(3, 5, update('b', 10), done(20)),
    op(4, 6, update('c', 10), done(30)),
  ],
  'two updates of one version that do not tell theirs': [
    created,
    op(3, 5, update('b', 10)),
    op(4, 6, update('c', 10)),
  ],
  'an update that is told to be late and is not': [
    created,
    op(3, 4, update('b', 10), refused('STALE_VERSION')),
  ],
  'a version that is lower than the one before': [created, op(3, 4, update('b', 10), done(5))],
  'one value with two versions': [
    created,
    op(3, 4, read, value('a', 10)),
    op(5, 6, read, value('a', 11)),
  ],
  'two creations': [op(1, 3, create('a'), done(10)), op(2, 4, create('b'), done(20))],
  'a creation refused for a name that nobody has': [
    op(1, 2, create('a'), refused('ALREADY_EXISTS')),
    op(3, 4, create('b'), done(10)),
  ],
  'a service that comes back after its removal': [
    created,
    op(3, 4, remove),
    op(5, 6, read, value('a', 10)),
  ],
  'a service that is gone before it was reaped': [
    created,
    op(3, 4, remove),
    op(5, 6, read, refused('NOT_FOUND')),
    op(7, 8, reap),
  ],
  'a removal of what was not there, answered as done': [op(1, 2, remove)],
};

for (const [what, history] of Object.entries(good)) {
  test(`accepted: ${what}`, (t) => {
    const verdict = checkHistory(registerModel, history);
    t.deepEqual(verdict, { kind: 'linearizable', operationCount: history.length });
  });
}

for (const [what, history] of Object.entries(bad)) {
  test(`rejected: ${what}`, (t) => {
    const verdict = checkHistory(registerModel, history);
    t.is(verdict.kind, 'violation');
  });
}

const reapedUnseen: Readonly<Record<string, readonly RegisterOperation[]>> = {
  'a service that is gone some time after its removal': [
    created,
    op(3, 4, remove),
    op(5, 6, read, leaving('a')),
    op(7, 8, read, refused('NOT_FOUND')),
    op(9, 10, create('b'), done(30)),
  ],
  'a name that is taken again after a removal': [
    created,
    op(3, 4, remove),
    op(5, 6, create('b'), done(30)),
    op(7, 8, read, value('b', 30)),
  ],
  'a creation of unknown outcome after a removal of unknown outcome': [
    created,
    op(3, undefined, remove),
    op(4, undefined, create('b')),
    op(5, 6, read, value('a', 10)),
    op(7, 8, read, value('b', 30)),
  ],
};

const notReaped: Readonly<Record<string, readonly RegisterOperation[]>> = {
  'a service that is gone and was never removed': [created, op(3, 4, read, refused('NOT_FOUND'))],
  'a service that is gone and then still being removed': [
    created,
    op(3, 4, remove),
    op(5, 6, read, refused('NOT_FOUND')),
    op(7, 8, read, leaving('a')),
  ],
  'a name that is free before the removal has begun': [
    created,
    op(3, 4, create('b'), done(30)),
    op(5, 6, remove),
  ],
  'a service that an update brings back': [
    created,
    op(3, 4, remove),
    op(5, 6, update('b', 10), done(30)),
  ],
};

for (const [what, history] of Object.entries(reapedUnseen)) {
  test(`accepted where managers reap by themselves: ${what}`, (t) => {
    t.is(checkHistory(selfReapingModel, history).kind, 'linearizable');
  });
}

for (const [what, history] of Object.entries(notReaped)) {
  test(`rejected where managers reap by themselves: ${what}`, (t) => {
    t.is(checkHistory(selfReapingModel, history).kind, 'violation');
  });
}

test('what failed is left out', (t) => {
  const failed: RegisterOperation = { ...updated, end: { kind: 'failed' } };
  const history = [created, failed, op(5, 6, read, value('a', 10))];
  t.is(checkHistory(registerModel, history).kind, 'linearizable');
});

test('objects do not touch one another, and the one that is wrong is named', (t) => {
  const other = [created, updated].map((one) => ({ ...one, object: 'db' }));
  const right = checkHistory(registerModel, [created, updated, ...other]);
  t.deepEqual(right, { kind: 'linearizable', operationCount: 4 });
  const stale = op(5, 6, read, value('a', 10));
  const verdict = checkHistory(registerModel, [...other, created, updated, stale]);
  t.is(verdict.kind, 'violation');
  if (verdict.kind !== 'violation') return;
  t.is(verdict.object, 'web');
  t.regex(verdict.explanation, /has 2 operations[\s\S]*present b =20[\s\S]*\[5, 6\].*"read"/);
});
