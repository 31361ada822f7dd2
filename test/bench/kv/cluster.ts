/** Three members of the replicated map in three processes, their directories on one disk. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '#test/_support/free-port';
import { poll } from '#test/_support/poll';
import { grpc } from '#proto/rpc';
import { ProposalClient, systemClock } from 'raft-ts/node';
import type { LoadResult } from '../load.ts';
import { tesseradFlags } from '../tesserad-flags.ts';
import { encodePut, putMethod } from './store.ts';
import type { MemberQuestion } from './store.ts';

export interface KeyValueCluster {
  /** Resolves when a majority has it on disk. */
  put(key: string, value: Uint8Array): Promise<void>;
  /** Processes, the leader first, for figures of the operating system. */
  readonly pids: readonly number[];
  close(): Promise<void>;
}

/** Where both peers keep their state: on the disk under test, not in memory. */
export const diskUnderTest = '/var/tmp';

async function ask<Answer>(child: ChildProcess, question: MemberQuestion): Promise<Answer> {
  const answer = once(child, 'message') as Promise<[Answer]>;
  child.send(question);
  return (await answer)[0];
}

async function isLeader(child: ChildProcess): Promise<boolean> {
  return (await ask<{ readonly isLeader: boolean }>(child, { kind: 'role' })).isLeader;
}

export interface RaftMap extends KeyValueCluster {
  /** As `put`, by raft-ts's own client instead of gRPC. */
  putByOwnClient(key: string, value: Uint8Array): Promise<void>;
  /** The leader's process proposes by itself, with no client in between. */
  proposeInside(inFlight: number, durationMs: number, valueBytes: number): Promise<LoadResult>;
}

export async function raftCluster(): Promise<RaftMap> {
  const directory = await mkdtemp(join(diskUnderTest, 'tessera-kv-'));
  const ports = await Promise.all(Array.from({ length: 9 }, () => freePort()));
  const children = [1, 2, 3].map((id) => {
    const args = [String(id), join(directory, String(id)), ...ports.map(String)];
    return fork(join(import.meta.dirname, 'member.ts'), args, { execArgv: [...tesseradFlags()] });
  });
  const close = async (): Promise<void> => {
    const gone = children.map((child) => once(child, 'exit'));
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(gone);
    await rm(directory, { recursive: true });
  };
  try {
    await Promise.all(children.map((child) => once(child, 'message')));
    const leader = await poll('a leader', async () => {
      const leads = await Promise.all(children.map(isLeader));
      const at = leads.indexOf(true);
      return at === -1 ? undefined : { at };
    });
    const client = new grpc.Client(
      `127.0.0.1:${ports[3 + leader.at]}`,
      grpc.credentials.createInsecure(),
    );
    const port = ports[6 + leader.at] ?? 0;
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const own = new ProposalClient(socket, systemClock());
    const { path, requestSerialize, responseDeserialize } = putMethod;
    const pids = children.map((child) => child.pid ?? 0);
    return {
      pids: [pids[leader.at] ?? 0, ...pids.filter((_, i) => i !== leader.at)],
      put: (key, value) =>
        new Promise((resolve, reject) => {
          const request = encodePut(key, value);
          const deadline = { deadline: Date.now() + 30_000 };
          client.makeUnaryRequest(
            path,
            requestSerialize,
            responseDeserialize,
            request,
            deadline,
            (error) => (error === null ? resolve() : reject(error)),
          );
        }),
      putByOwnClient: async (key, value) => {
        const outcome = await own.propose(encodePut(key, value));
        if (outcome.kind !== 'committed') throw new Error(`${outcome.kind}: ${outcome.reason}`);
      },
      proposeInside: (inFlight, durationMs, valueBytes) =>
        ask(children[leader.at] as ChildProcess, {
          kind: 'load',
          inFlight,
          durationMs,
          valueBytes,
        }),
      close: async () => {
        client.close();
        own.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
