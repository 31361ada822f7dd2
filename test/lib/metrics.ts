import { open } from 'node:fs/promises';
import test from 'ava';
import { prometheusMetrics } from '#lib/metrics-node';

test('open files are counted, and nothing lists every connection', async (t) => {
  const metrics = prometheusMetrics();
  const openFiles = async (): Promise<number> => {
    const lines = (await metrics.render()).split('\n');
    return Number(
      lines.find((line) => line.startsWith('tessera_process_open_fds '))?.split(' ')[1],
    );
  };
  const before = await openFiles();
  const files = await Promise.all(Array.from({ length: 50 }, () => open('/dev/null')));
  t.true((await openFiles()) >= before + 25, 'other tests may have closed some');
  for (const file of files) await file.close();
  t.notRegex(await metrics.render(), /nodejs_active_/);
});
