import test from 'ava';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

test('secrets are kept out of the log down to the third level', async (t) => {
  const fields = {
    token: 'one-1',
    join: { token: 'two-2', keyPem: 'three-3', node: { authorization: 'four-4', name: 'shown' } },
    spec: { container: { registryAuth: { username: 'five-5' }, password: 'six-6' } },
  };
  const script = `import { pinoLogger } from '#lib/log-node';
    pinoLogger('info').info('hello', ${JSON.stringify(fields)});`;
  const { stderr } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '--eval',
    script,
  ]);
  t.regex(stderr, /"msg":"hello"/);
  t.regex(stderr, /"name":"shown"/);
  t.notRegex(stderr, /one-1|two-2|three-3|four-4|five-5|six-6/);
});
