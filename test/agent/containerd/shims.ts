import test from 'ava';
import { Shims } from '#agent/containerd/shims';

function withEnded(...ids: readonly string[]): Shims {
  const shims = new Shims();
  for (const id of ids) {
    shims.made(id);
    shims.started(id, 7);
    shims.ended(id, 1_000);
  }
  return shims;
}

test('a shim is idle when the one container of its task has ended', (t) => {
  const shims = new Shims();
  shims.made('abc.main');
  t.is(shims.takeIdle('abc.main'), undefined, 'made');
  shims.started('abc.main', 7);
  t.is(shims.takeIdle('abc.main'), undefined, 'running');
  shims.ended('abc.main', 1_000);
  t.is(shims.takeIdle('abc.main'), 7);
  shims.gone('abc.main');
  t.is(shims.takeIdle('abc.main'), undefined, 'gone');
});

test('a shim is not idle while its task has another container, made, running or ended', (t) => {
  const shims = withEnded('abc.init');
  shims.made('abc.main');
  t.is(shims.takeIdle('abc.init'), undefined);
  shims.started('abc.main', 7);
  t.is(shims.takeIdle('abc.init'), undefined);
  shims.ended('abc.main', 1_000);
  t.is(shims.takeIdle('abc.init'), undefined);
  shims.gone('abc.init');
  t.is(shims.takeIdle('abc.main'), 7);
  t.is(withEnded('abc.main', 'abcd.main').takeIdle('abc.main'), 7, 'another task is no matter');
});

test('a container that is started again has not ended; one that was there before says nothing of its shim', (t) => {
  const shims = withEnded('abc.main');
  shims.started('abc.main', 8);
  t.is(shims.takeIdle('abc.main'), undefined);
  shims.ended('abc.main', 1_000);
  t.is(shims.takeIdle('abc.main'), 8);
  shims.made('abc.main');
  t.is(shims.takeIdle('abc.main'), 8, 'being listed changes nothing');
  const later = new Shims();
  later.made('abc.main');
  later.ended('abc.main', 1_000);
  t.is(later.takeIdle('abc.main'), undefined);
  later.ended('nobody.main', 1_000);
  t.is(later.takeIdle('nobody.main'), undefined);
});

test('that it was killed is told of a container whose shim was asked to end, and is not so', (t) => {
  const shims = withEnded('abc.main', 'def.main');
  t.false(shims.isEcho('abc.main', 1_000));
  t.false(shims.isEcho('abc.main', 1_234), 'nobody was asked yet');
  shims.takeIdle('abc.main');
  t.false(shims.isEcho('abc.main', 1_000), 'its own end, told again');
  t.true(shims.isEcho('abc.main', 1_234));
  shims.gone('abc.main');
  t.true(shims.isEcho('abc.main', 1_234));
  t.false(shims.isEcho('def.main', 1_234));
  shims.made('abc.main');
  t.false(shims.isEcho('abc.main', 1_234), 'made anew');
});

test('what was asked long ago is forgotten', (t) => {
  const shims = new Shims();
  for (let i = 0; i <= 256; i++) {
    shims.started(`t${i}.main`, i + 1);
    shims.ended(`t${i}.main`, 1_000);
    shims.takeIdle(`t${i}.main`);
  }
  t.false(shims.isEcho('t0.main', 1_234));
  t.true(shims.isEcho('t1.main', 1_234));
});
