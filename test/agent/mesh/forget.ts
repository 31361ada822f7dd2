/** Forgetting the connections of tasks that are gone, in the kernel of a namespace of its own. */
import test from 'ava';
import { writeFile } from 'node:fs/promises';
import { nftHost } from '#agent/mesh/index';
import type { FlowKind } from '#agent/mesh/mesh-host';
import { run } from '#test/_support/command';
import { runsInOwnNamespaces } from '#test/_support/own-namespaces';

const caller = { ipv4: '10.9.0.9', ipv6: 'fd00:9::9' } as const;
const virtual = { ipv4: '10.1.0.2', ipv6: 'fd00:1::2' } as const;

/** A connection to a virtual address that a task answers. */
async function connect(task: string, port: number): Promise<void> {
  const family = task.includes(':') ? 'ipv6' : 'ipv4';
  const from = caller[family];
  const asked = ['-s', from, '-d', virtual[family], '--sport', String(port), '--dport', '53'];
  const answered = ['--reply-port-src', '53', '--reply-port-dst', String(port)];
  const reply = ['-r', task, '-q', from, ...answered];
  await run(['conntrack', '-I', '-p', 'udp', ...asked, ...reply, '--timeout', '600']);
}

/** A connection of TCP in some state. */
async function connectTcp(task: string, port: number, state: string): Promise<void> {
  const asked = ['-s', caller.ipv4, '-d', virtual.ipv4, '--sport', String(port), '--dport', '80'];
  const answered = ['--reply-port-src', '80', '--reply-port-dst', String(port)];
  const reply = ['-r', task, '-q', caller.ipv4, ...answered];
  const as = ['-I', '-p', 'tcp', '--state', state];
  await run(['conntrack', ...as, ...asked, ...reply, '--timeout', '600']);
}

/** Nobody has the addresses again meanwhile, unless it says so. */
const forget = (
  addresses: readonly string[],
  flows: FlowKind,
  isLeft: (address: string) => boolean = () => true,
): Promise<void> => nftHost().forget(addresses, flows, isLeft);

/** The tasks that have connections. */
async function answering(): Promise<readonly string[]> {
  const lists = await Promise.all(
    ['ipv4', 'ipv6'].map((family) => run(['conntrack', '-L', '-f', family])),
  );
  return lists
    .flatMap((text) => text.split('\n'))
    .flatMap((line) => /src=.* src=(\S+)/.exec(line)?.[1] ?? [])
    .toSorted();
}

if (runsInOwnNamespaces(test, import.meta.url, 'ava.config.js')) {
  test.serial('those of each task that is gone are forgotten, and no others', async (t) => {
    const gone = ['10.1.0.1', '10.1.0.3', '10.1.0.200', 'fd00:1::1', 'fd00:1::200'];
    const kept = ['10.1.0.11', '10.1.0.30', '110.1.0.1', 'fd00:1::11'];
    for (const [i, task] of [...gone.slice(0, 2), 'fd00:1::1', ...kept].entries())
      await connect(task, 1_000 + i);
    await connect('10.1.0.1', 2_000);
    await forget(gone, 'datagrams');
    t.deepEqual(await answering(), kept.toSorted());
  });

  test.serial('of TCP those that are over stay: their callers may have begun anew', async (t) => {
    const open = ['SYN_SENT', 'SYN_RECV', 'ESTABLISHED', 'FIN_WAIT', 'CLOSE_WAIT'];
    const over = ['LAST_ACK', 'TIME_WAIT', 'CLOSE'];
    for (const [i, state] of [...open, ...over].entries())
      await connectTcp('10.1.0.80', 5_000 + i, state);
    await connect('10.1.0.80', 6_000);
    const left = async () => {
      const lines = (await run(['conntrack', '-L'])).matchAll(/(\S+) +src=.* src=10\.1\.0\.80 /g);
      return [...lines].map(([, state]) => state);
    };
    await forget(['10.1.0.80'], 'datagrams');
    t.is((await left()).length, open.length + over.length, 'none of TCP');
    await forget(['10.1.0.80'], 'connections');
    const states = new Set(await left());
    t.is(states.size, over.length);
    t.true(over.every((state) => states.has(state)));
  });

  test.serial('one that somebody has again by then is left alone', async (t) => {
    await connect('10.1.0.90', 7_000);
    await connect('10.1.0.91', 7_001);
    await forget(['10.1.0.90', '10.1.0.91'], 'datagrams', (address) => address !== '10.1.0.90');
    t.true((await answering()).includes('10.1.0.90'));
    t.false((await answering()).includes('10.1.0.91'));
  });

  test.serial('what one of them asked others goes on', async (t) => {
    await connect('10.1.0.50', 3_000);
    await forget([caller.ipv4, caller.ipv6], 'datagrams');
    t.true((await answering()).includes('10.1.0.50'));
  });

  test.serial('of one alone there may be tens of thousands', async (t) => {
    const lines = Array.from({ length: 40_000 }, (_, i) => {
      const port = 10_000 + i;
      const asked = `-p udp -s 10.9.0.9 -d 10.1.0.2 --sport ${port} --dport 53`;
      const answered = `-r 10.1.0.70 -q 10.9.0.9 --reply-port-src 53 --reply-port-dst ${port}`;
      return `-I ${asked} ${answered} --timeout 600`;
    });
    await writeFile('/run/connections', `${lines.join('\n')}\n`);
    await run(['conntrack', '-R', '/run/connections']);
    t.true((await answering()).length > 40_000);
    await forget(['10.1.0.70'], 'datagrams');
    t.false((await answering()).includes('10.1.0.70'));
  });

  test.serial('one alone is forgotten, and one without connections is no error', async (t) => {
    await connect('10.1.0.60', 4_000);
    await forget(['10.1.0.60'], 'datagrams');
    t.false((await answering()).includes('10.1.0.60'));
    await t.notThrowsAsync(forget(['10.1.0.60'], 'datagrams'));
    await t.notThrowsAsync(forget(['10.1.0.60', '10.1.0.61'], 'datagrams'));
  });
}
