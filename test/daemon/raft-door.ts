import { once } from 'node:events';
import tls from 'node:tls';
import test from 'ava';
import { Channels } from '#daemon/channels-node';
import { raftLinkProtocol } from '#manager';
import { encodeFrame } from '#manager/replication/raft-frames';
import { toWire } from '#manager/replication/raft-wire';
import { NodeRole, sessionProtocol } from '#proto';
import { cluster } from '../_support/daemon-cluster.ts';

/** From a member that nobody knows, in a term that would depose every leader. */
const frame = encodeFrame([
  toWire({ kind: 'heartbeat', from: 999, to: 1, term: 999, commit: 0, readContext: 0 }),
]);

test('only a manager may open a link for the messages of Raft', async (t) => {
  const [manager, worker] = await cluster(t, [NodeRole.WORKER]);
  if (worker === undefined) throw new Error('no worker');
  const channels = new Channels(await worker.material());
  t.teardown(() => channels.close());
  const socket = channels.socketFor(manager.address);
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  socket.write(frame);
  await once(socket, 'close');
  t.true(manager.lines.some((line) => line.includes('raft link ended')));

  const { host, port } = { host: '127.0.0.1', port: Number(manager.address.split(':')[1]) };
  for (const protocol of [raftLinkProtocol, sessionProtocol]) {
    const options = { host, port, rejectUnauthorized: false, ALPNProtocols: [protocol] };
    const stranger = tls.connect(options);
    stranger.on('error', () => undefined);
    await once(stranger, 'close');
  }
  t.is(await manager.metric('tessera_tls_refused_total', 'no-certificate'), 2);
  t.is(await manager.metric('tessera_raft_is_leader'), 1);
});

test('a session outlives one change of the certificate, and not the next', async (t) => {
  const [manager, worker] = await cluster(t, [NodeRole.WORKER]);
  if (worker === undefined) throw new Error('no worker');
  const material = await worker.material();
  const channels = new Channels(material);
  t.teardown(() => channels.close());
  const socket = channels.sessionSocketFor(manager.address);
  await once(socket, 'secureConnect');
  channels.rotate(material);
  t.false(socket.destroyed);
  channels.rotate(material);
  t.true(socket.destroyed);
});
