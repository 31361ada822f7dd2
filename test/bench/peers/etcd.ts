/**
 * Three members of etcd on loopback, their directories on one disk, with their default settings. The
 * client is grpc-js, as ours is: a call to etcd's own KV.Put with the same key and value.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Reader, Writer } from '#proto/codec';
import { freePort } from '#test/_support/free-port';
import { poll } from '#test/_support/poll';
import { grpc } from '#proto/rpc';
import { diskUnderTest } from '../kv/cluster.ts';
import type { KeyValueCluster } from '../kv/cluster.ts';

export function etcdIsInstalled(): boolean {
  return existsSync('/usr/bin/etcd');
}

const asIs = (bytes: Buffer): Buffer => bytes;

function call(client: grpc.Client, path: string, request: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const bytes = Buffer.from(request.buffer, request.byteOffset, request.byteLength);
    const deadline = { deadline: Date.now() + 30_000 };
    client.makeUnaryRequest(path, asIs, asIs, bytes, deadline, (error, answer) =>
      error === null && answer !== undefined ? resolve(answer) : reject(error ?? new Error(path)),
    );
  });
}

/** etcdserverpb.StatusResponse: header (1) with member_id (2); leader (4). */
function isLeader(status: Buffer): boolean {
  const reader = Reader.create(status);
  let member = '';
  let leader = '';
  while (reader.pos < reader.len) {
    const field = reader.uint32() >>> 3;
    if (field === 1) {
      const end = reader.uint32() + reader.pos;
      while (reader.pos < end) {
        const tag = reader.uint32();
        const from = reader.pos;
        reader.skipType(tag & 7);
        if (tag >>> 3 === 2) member = status.toString('hex', from, reader.pos);
      }
    } else {
      const from = reader.pos;
      reader.skipType(field === 2 || field === 8 ? 2 : 0);
      if (field === 4) leader = status.toString('hex', from, reader.pos);
    }
  }
  return member !== '' && member === leader;
}

function putRequest(key: string, value: Uint8Array): Uint8Array {
  return Writer.create().uint32(10).string(key).uint32(18).bytes(value).finish();
}

export interface EtcdPeer extends KeyValueCluster {
  /** host:port for clients. */
  readonly endpoints: readonly string[];
  /** The one of those that leads. */
  readonly leader: string;
}

export async function etcdCluster(): Promise<EtcdPeer> {
  const directory = await mkdtemp(join(diskUnderTest, 'tessera-etcd-'));
  const ports = await Promise.all(Array.from({ length: 6 }, () => freePort()));
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  const peers = [0, 1, 2].map((i) => `m${i}=${urls[i]}`).join(',');
  const children = [0, 1, 2].map((i) => {
    const flags = {
      name: `m${i}`,
      'data-dir': join(directory, `m${i}`),
      'listen-peer-urls': urls[i],
      'initial-advertise-peer-urls': urls[i],
      'listen-client-urls': urls[3 + i],
      'advertise-client-urls': urls[3 + i],
      'initial-cluster': peers,
      logger: 'zap',
      'log-level': 'error',
    };
    const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
    return spawn('etcd', args, { stdio: 'ignore' });
  });
  const clients = [0, 1, 2].map(
    (i) => new grpc.Client(`127.0.0.1:${ports[3 + i]}`, grpc.credentials.createInsecure()),
  );
  const close = async (): Promise<void> => {
    for (const client of clients) client.close();
    const gone = children.map((child) => once(child, 'exit'));
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(gone);
    await rm(directory, { recursive: true });
  };
  try {
    const leader = await poll('a leader of etcd', async () => {
      const empty = new Uint8Array(0);
      const path = '/etcdserverpb.Maintenance/Status';
      const leads = await Promise.all(
        clients.map(async (client) => isLeader(await call(client, path, empty))),
      );
      const at = leads.indexOf(true);
      return at === -1 ? undefined : { at, client: clients[at] as grpc.Client };
    });
    const pids = children.map((child) => child.pid ?? 0);
    return {
      pids: [pids[leader.at] ?? 0, ...pids.filter((_, i) => i !== leader.at)],
      put: async (key, value) => {
        await call(leader.client, '/etcdserverpb.KV/Put', putRequest(key, value));
      },
      endpoints: ports.slice(3).map((port) => `127.0.0.1:${port}`),
      leader: `127.0.0.1:${ports[3 + leader.at]}`,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
