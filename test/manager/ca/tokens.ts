import test from 'ava';
import fc from 'fast-check';
import { seededRandom } from '#lib';
import { effectiveRole, makeJoinToken, parseJoinToken, renewalAtMs, tokensEqual } from '#manager';
import { backdateMs, renewalRetryMs } from '#manager';
import { NodeRole, NodeSpec } from '#proto';

const digest = '0evpn6gkhtkd46dypdz75w43mh62uisio6qnv7090va1b8er9g';

test('a token carries the digest of the root and parses back', (t) => {
  const token = makeJoinToken(digest, seededRandom(1));
  t.regex(token, /^TSTKN-1-[0-9a-z]{50}-[0-9a-z]{25}$/);
  t.is(parseJoinToken(token).rootDigest, digest);
  t.is(parseJoinToken(` ${token}\n`).rootDigest, digest);
});

test('what is not a token is refused without being repeated', (t) => {
  const good = makeJoinToken(digest, seededRandom(1));
  const bad = ['', 'x', good.slice(0, -1), `${good}0`, good.replace('TSTKN-1', 'TSTKN-2')];
  for (const text of [...bad, good.toUpperCase(), good.replaceAll('-', '_')]) {
    const error = t.throws(() => parseJoinToken(text), { code: 'INVALID_TOKEN' });
    t.regex(error?.message ?? '', /^invalid join token: expected /);
    if (text.length > 1) t.false(error?.message.includes(text));
  }
});

test('two tokens are equal when every character is', (t) => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      t.is(tokensEqual(a, b), a === b && a !== '');
      t.is(tokensEqual(a, a), a !== '');
    }),
    { seed: 7 },
  );
});

test('renewal falls between 50 and 80 percent of the life', (t) => {
  const lifeMs = 90 * 24 * 3_600_000;
  const madeMs = 1_800_000_000_000;
  const validity = { notBeforeMs: madeMs - backdateMs, notAfterMs: madeMs + lifeMs };
  for (let seed = 0; seed < 200; seed++) {
    const share = (renewalAtMs(validity, seededRandom(seed)) - madeMs) / lifeMs;
    t.true(share >= 0.5 && share <= 0.8, `seed ${seed}: ${share}`);
  }
});

test('a failed renewal is tried again ever later, at most every ten minutes', (t) => {
  const random = seededRandom(3);
  for (let attempt = 0; attempt < 40; attempt++) {
    const waitMs = renewalRetryMs(attempt, random);
    t.true(waitMs <= Math.min(600_000, 1000 * 2 ** attempt));
    t.true(waitMs >= Math.min(600_000, 1000 * 2 ** attempt) / 2);
  }
});

test('a demoted node acts as a manager until it is out of the membership', (t) => {
  const { MANAGER, WORKER } = NodeRole;
  const role = (wanted: NodeRole, present: NodeRole) =>
    effectiveRole({ spec: NodeSpec.create({ role: wanted }), role: present });
  t.is(role(MANAGER, WORKER), MANAGER);
  t.is(role(MANAGER, MANAGER), MANAGER);
  t.is(role(WORKER, MANAGER), MANAGER);
  t.is(role(WORKER, WORKER), WORKER);
});
