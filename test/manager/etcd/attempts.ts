import test from 'ava';
import { seededRandom } from '#lib';
import { attempted } from '#manager/etcd/attempts';
import { EtcdError } from '#manager/etcd/etcd-port';
import { VirtualClock } from '#test/_support/virtual-clock';

/** What is told after these errors, the last of them again and again, until a second is over. */
async function toldAfter(...errors: readonly Error[]): Promise<unknown> {
  const clock = new VirtualClock();
  const { signal } = new AbortController();
  const options = { clock, random: seededRandom(1), signal, until: clock.monotonic() + 1_000 };
  let attempt = 0;
  const told = attempted(options, () =>
    Promise.reject(errors[Math.min(attempt++, errors.length - 1)] ?? new Error('none')),
  ).catch((error: unknown) => error);
  return await clock.resolve(told, 10_000);
}

const denied = new EtcdError('etcd denies access', 'denied');
const silent = new EtcdError('etcd does not answer (Deadline exceeded)');

test('what etcd refused is told, although it was silent afterwards', async (t) => {
  t.like(await toldAfter(denied, silent), { code: 'UNAVAILABLE', message: 'etcd denies access' });
  t.like(await toldAfter(silent, denied), { code: 'UNAVAILABLE', message: 'etcd denies access' });
});

test('without a refusal the last silence is told, and other errors at once', async (t) => {
  t.like(await toldAfter(silent), { code: 'UNAVAILABLE', message: silent.message });
  const other = new TypeError('ours');
  t.is(await toldAfter(silent, other), other);
});
