/** Reading a host's networks back, from tools that say what the kernel's do when devices come and go meanwhile. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { parseReading, readScript } from '#agent/overlay/read-back';
import { run } from '#test/_support/command';

const bridge = {
  ifname: 'tsb1',
  address: '02:42:0a:00:01:c9',
  mtu: 1450,
  flags: ['UP'],
  linkinfo: { info_kind: 'bridge', info_data: { nf_call_iptables: 1, nf_call_ip6tables: 1 } },
};

/** Every listing of `ip` and `bridge` leaves all out, and says so, this many times. Resolves to what is read. */
async function read(t: ExecutionContext, tornTimes: number) {
  const tools = await mkdtemp(join(tmpdir(), 'tessera-tools-'));
  t.teardown(() => rm(tools, { recursive: true }));
  const script = `#!/bin/sh
echo x >>'${tools}/calls'-"$(basename "$0")"-"$3"
if [ $(wc -l <'${tools}/calls'-"$(basename "$0")"-"$3") -le ${tornTimes} ]; then
  echo '[]'
  echo 'Dump was interrupted and may be inconsistent.' >&2
  exit 0
fi
case "$*" in *'link show') echo '${JSON.stringify([bridge])}' ;; *) echo '[]' ;; esac
`;
  for (const [name, text] of [
    ['ip', script],
    ['bridge', script],
    ['nft', '#!/bin/sh\nexit 1\n'],
  ] as const) {
    await writeFile(join(tools, name), text);
    await chmod(join(tools, name), 0o755);
  }
  const stdout = await run(['sh', '-s'], {
    input: readScript,
    env: { PATH: `${tools}:/usr/sbin:/usr/bin:/sbin:/bin` },
  });
  const calls = await readFile(join(tools, 'calls-ip-link'), 'utf8');
  return { stdout, calls: calls.trim().split('\n').length };
}

test('a listing that devices changed under is taken again', async (t) => {
  const { stdout, calls } = await read(t, 2);
  t.is(calls, 3);
  t.deepEqual([...parseReading(stdout).entries.values()].slice(0, 1), ['02:42:0a:00:01:c9 1450']);
});

test('one that stays torn is no reading: nothing is taken for gone', async (t) => {
  const { stdout, calls } = await read(t, 1_000);
  t.is(calls, 8);
  t.throws(() => parseReading(stdout), { message: /changed each time/ });
});
