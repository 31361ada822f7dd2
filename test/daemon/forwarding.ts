/** Calls that a follower passes on to the leader. */
import test from 'ava';
import { ClusterError } from '#lib';
import { NodeRole } from '#proto';
import { ControlService, WatchRequest } from '#proto';
import { CreateServiceRequest, WatchResponse } from '#proto';
import { callServerStream, callUnary } from '#proto/rpc';
import { poll } from '../_support/poll.ts';
import { clientOf, deadline, listNodes, materialOf, openPort } from '../_support/tls-port.ts';

test('a follower passes calls on to the leader in the name of the caller', async (t) => {
  const leader = await openPort(t);
  const follower = await openPort(t, {
    nodeId: 'manager2',
    isLeader: () => false,
    leader: () => ({ nodeId: 'manager1', address: leader.address }),
  });
  await listNodes(clientOf(t, await materialOf('w1', NodeRole.WORKER), follower.address));
  const [context] = leader.contexts;
  t.deepEqual(context?.caller, { kind: 'node', nodeId: 'w1', role: NodeRole.WORKER });
  t.true(context?.isForwarded);
  t.is(await follower.metric('tessera_rpc_forwarded_total', 'ListNodes'), 1);
});

test('without a leader the caller is told so, after a short wait for an election', async (t) => {
  const port = await openPort(t, { isLeader: () => false });
  const client = clientOf(t, await materialOf('m2', NodeRole.MANAGER), port.address);
  await t.throwsAsync(listNodes(client), {
    code: 'NO_LEADER',
    message: /^The cluster does not have a leader: /,
  });
});

test('when leadership has just moved the call is tried once more, at the new leader', async (t) => {
  let leads = true;
  const leader = await openPort(t);
  const former = await openPort(t, {
    nodeId: 'manager2',
    isLeader: () => leads,
    leader: () => ({ nodeId: 'manager1', address: leader.address }),
    control: () => ({
      listNodes: () => {
        leads = false;
        return Promise.reject(new ClusterError('NOT_LEADER', 'not any more'));
      },
    }),
  });
  await listNodes(clientOf(t, await materialOf('m3', NodeRole.MANAGER), former.address));
  t.is(leader.contexts.length, 1);
});

test('a write whose leader goes away on the way is told as unknown, and is not repeated', async (t) => {
  let calls = 0;
  const leader = await openPort(t, {
    control: () => ({
      createService: () => {
        calls++;
        void leader.listener.close();
        return new Promise(() => undefined);
      },
    }),
  });
  const follower = await openPort(t, {
    nodeId: 'manager2',
    isLeader: () => false,
    leader: () => ({ nodeId: 'manager1', address: leader.address }),
  });
  const client = clientOf(t, await materialOf('m3', NodeRole.MANAGER), follower.address);
  await t.throwsAsync(
    callUnary(client, ControlService.createService, CreateServiceRequest.create(), deadline),
    { code: 'OUTCOME_UNKNOWN', message: /CreateService, which it may or may not have done/ },
  );
  t.is(calls, 1);
});

test('a stream comes through a follower, and its end reaches the leader', async (t) => {
  let isOver = false;
  const leader = await openPort(t, {
    control: () => ({
      async *watch(_request, context) {
        for (let version = 1; version <= 100; version++) yield WatchResponse.create({ version });
        await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
        isOver = true;
      },
    }),
  });
  const follower = await openPort(t, {
    nodeId: 'manager2',
    isLeader: () => false,
    leader: () => ({ nodeId: 'manager1', address: leader.address }),
  });
  const client = clientOf(t, await materialOf('m3', NodeRole.MANAGER), follower.address);
  const stream = callServerStream(client, ControlService.watch, WatchRequest.create(), {
    deadlineMs: Number.POSITIVE_INFINITY,
  });
  let last = 0;
  for await (const { version } of stream) {
    t.is(version, last + 1);
    last = version;
    if (version === 100) break;
  }
  await poll('the leader sees the end', () => isOver);
  t.is(last, 100);
});

test('a stream through a follower ends when its leader is replaced and stays silent', async (t) => {
  const silent = () => new Promise<void>(() => undefined);
  const former = await openPort(t, {
    control: () => ({
      async *watch() {
        yield WatchResponse.create({ version: 1 });
        await silent();
      },
    }),
  });
  let address = former.address;
  const follower = await openPort(t, {
    nodeId: 'manager2',
    isLeader: () => false,
    leader: () => ({ nodeId: 'manager1', address }),
  });
  const client = clientOf(t, await materialOf('m3', NodeRole.MANAGER), follower.address);
  const stream = callServerStream(client, ControlService.watch, WatchRequest.create(), {
    deadlineMs: Number.POSITIVE_INFINITY,
  });
  const follow = async (): Promise<void> => {
    for await (const { version } of stream) {
      t.is(version, 1);
      address = '127.0.0.1:1';
    }
  };
  await t.throwsAsync(follow(), { code: 'UNAVAILABLE', message: /went away during Watch/ });
});
