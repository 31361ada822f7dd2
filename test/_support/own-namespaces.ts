/**
 * Lets a test file run inside network and mount namespaces of its own, with an empty /run, so that
 * the machine's network stays untouched: the file runs itself once more, inside.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestFn } from 'ava';

const insideKey = 'TESSERA_TEST_INSIDE';

/**
 * True inside. Outside it registers one test that passes when all tests of the file pass inside;
 * without root, one that fails and says so.
 * `config`: ava's, the one that has the file.
 */
export function runsInOwnNamespaces(
  test: TestFn,
  fileUrl: string,
  config = 'e2e.config.js',
): boolean {
  if (process.env[insideKey] === '1') return true;
  if (process.getuid?.() !== 0) {
    test('this machine can make networks', (t) => t.fail('networks are tested as root only'));
    return false;
  }
  const file = fileURLToPath(fileUrl);
  const root = join(import.meta.dirname, '../..');
  const script = 'mount -t tmpfs tmpfs /run && ip link set dev lo up && exec "$@"';
  const ava = join(root, 'node_modules/ava/entrypoints/cli.js');
  const inner = [process.execPath, ava, '--config', config, file];
  test('everything passes in namespaces of its own', async (t) => {
    t.timeout(10 * 60_000);
    const argv = [
      '--net',
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-c',
      script,
      'sh',
      ...inner,
    ];
    const child = spawn('unshare', argv, {
      cwd: root,
      env: { ...process.env, [insideKey]: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    const exitCode = await new Promise((resolve) => child.once('close', resolve));
    t.log(output);
    t.is(exitCode, 0, output);
  });
  return false;
}
