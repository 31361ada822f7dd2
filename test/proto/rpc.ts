import test from 'ava';
import { ClusterError, seededRandom, silentLogger } from '#lib';
import { fromStatus, toStatus } from '#proto/rpc';

test('an error of any length fits into the headers of an answer', (t) => {
  const long = 'x'.repeat(1 << 20);
  const error = new ClusterError('NOT_FOUND', `no ${long}`, { details: { ref: long } });
  const status = toStatus(error, silentLogger, seededRandom(1));
  const bytes = Buffer.byteLength(status.details ?? '') + JSON.stringify(status.metadata).length;
  t.true(bytes < 8_192, String(bytes));
  const back = fromStatus({ ...status });
  t.is(back.code, 'NOT_FOUND');
  t.deepEqual(back.details, {});
});
