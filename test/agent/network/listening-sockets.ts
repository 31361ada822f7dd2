import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createSocket } from 'node:dgram';
import test from 'ava';
import { listeningSockets } from '#agent/network/listening-sockets';
import { socketsOf } from '#agent/network/listening-sockets-node';
import { poll } from '#test/_support/poll';

const header = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid';
const line = (local: string, state: string, queues = '00000000:00000000'): string =>
  `   0: ${local} 00000000:0000 ${state} ${queues} 00:00000000 00000000     0        0 1 1 0`;
const table = (...lines: readonly string[]): string => [header, ...lines, ''].join('\n');

test('listeners by port, with the connections that wait at them', (t) => {
  const tcp = table(
    line('00000000:0050', '0A', '00000000:00000003'),
    line('0200000A:0051', '0A'),
    line('0200000A:0050', '03'),
    line('0200000A:0050', '01', '00000000:0000FFFF'),
    line('0200000A:1234', '03'),
  );
  const tcp6 = table(line('00000000000000000000000000000000:0052', '0A', '00000000:00000001'));
  const udp = table(line('00000000:0035', '07', '00000000:00000400'), line('0200000A:0036', '01'));
  t.deepEqual(
    [
      ...listeningSockets([
        { protocol: 'tcp', text: tcp },
        { protocol: 'tcp', text: tcp6 },
        { protocol: 'udp', text: udp },
      ]),
    ],
    [
      ['80/tcp', 4],
      ['81/tcp', 0],
      ['82/tcp', 1],
      ['53/udp', 0],
    ],
  );
});

test('who listens at the loopback alone does not listen', (t) => {
  const tcp = table(line('0100007F:0050', '0A'), line('0B00007F:0051', '0A'));
  const tcp6 = table(
    line('00000000000000000000000001000000:0052', '0A'),
    line('0000000000000000FFFF00000100007F:0053', '0A'),
    line('0000000000000000FFFF00000200000A:0054', '0A'),
  );
  const found = listeningSockets([
    { protocol: 'tcp', text: tcp },
    { protocol: 'tcp', text: tcp6 },
  ]);
  t.deepEqual([...found.keys()], ['84/tcp']);
});

test('what is no table shows nothing', (t) => {
  t.is(listeningSockets([{ protocol: 'tcp', text: '' }]).size, 0);
  t.is(listeningSockets([{ protocol: 'tcp', text: `${header}\nx\n::: 0A\n` }]).size, 0);
});

test('the kernel’s own tables: a server and a datagram socket of this process', async (t) => {
  const server = createServer().listen(0, '0.0.0.0');
  await once(server, 'listening');
  const socket = createSocket('udp4').bind(0, '0.0.0.0');
  await once(socket, 'listening');
  const tcp = `${(server.address() as AddressInfo).port}/tcp`;
  const udp = `${socket.address().port}/udp`;
  const found = await socketsOf(process.pid);
  t.deepEqual([found.get(tcp), found.get(udp)], [0, 0]);
  server.close();
  socket.close();
  await once(server, 'close');
  t.false((await socketsOf(process.pid)).has(tcp));
});

test('connections that a busy server has not accepted are counted', async (t) => {
  const program = `
    const server = require('node:net').createServer().listen(0, '0.0.0.0', () => {
      process.send(server.address().port, () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
    });`;
  const child = fork('-e', [program], { execArgv: [] });
  t.teardown(() => child.kill('SIGKILL'));
  const [port] = (await once(child, 'message')) as [number];
  const callers = [1, 2, 3].map(() => connect(port, '127.0.0.1'));
  t.teardown(() => callers.forEach((caller) => caller.destroy()));
  await Promise.all(callers.map((caller) => once(caller, 'connect')));
  const waiting = await poll('three wait', async () => {
    const count = (await socketsOf(child.pid ?? 0)).get(`${port}/tcp`) ?? 0;
    return count >= 3 && count;
  });
  t.is(waiting, 3);
});

test('a process that is gone', async (t) => {
  await t.throwsAsync(socketsOf(2 ** 22 + 1), { code: 'ENOENT' });
});
