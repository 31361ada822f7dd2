/** Proposals over a connection: outcomes as they are at the member, and what the connection adds. */
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { once } from 'node:events';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { ProposeOutcome } from 'raft-ts';
import { memoryDisk, RaftNode } from 'raft-ts';
import { ProposalClient, serveProposals, systemClock, systemRandom } from 'raft-ts/node';
import type { RemoteOptions } from 'raft-ts/node';
import { bytesOf } from '#test/_support/raft-cluster';
import { VirtualClock } from '#test/_support/virtual-clock';

interface Pair {
  readonly client: ProposalClient;
  /** Both ends of the connection. */
  readonly ours: Socket;
  readonly theirs: Socket;
}

async function pair(
  t: ExecutionContext,
  node: Pick<RaftNode, 'propose'>,
  options: RemoteOptions = {},
  clock = systemClock(),
): Promise<Pair> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as { readonly port: number };
  const ours = connect(address.port, '127.0.0.1');
  const client = new ProposalClient(ours, clock, options);
  const [theirs] = (await once(server, 'connection')) as [Socket];
  serveProposals(node, theirs, options);
  t.teardown(() => {
    client.close();
    theirs.destroy();
    server.close();
  });
  return { client, ours, theirs };
}

async function lone(t: ExecutionContext): Promise<{ node: RaftNode; applied: string[] }> {
  const applied: string[] = [];
  const node = await RaftNode.open({
    id: 1,
    clock: systemClock(),
    random: systemRandom(),
    disk: memoryDisk(),
    stateMachine: {
      apply: ({ data }) => void applied.push(new TextDecoder().decode(data)),
      snapshot: () => ReadableStream.from([new Uint8Array(0)]),
      restore: async () => undefined,
    },
    transport: { send: () => undefined, sendSnapshot: async () => undefined },
    bootstrap: { members: [{ id: 1, role: 'voter', context: '' }] },
  });
  t.teardown(() => node.stop());
  return { node, applied };
}

/** A member whose outcomes are given by hand. */
function held(): {
  propose: RaftNode['propose'];
  readonly asked: string[];
  readonly answer: (outcome: ProposeOutcome) => void;
} {
  const asked: string[] = [];
  const waiting: ((outcome: ProposeOutcome) => void)[] = [];
  return {
    asked,
    answer: (outcome) => waiting.shift()?.(outcome),
    propose: (data) => {
      asked.push(new TextDecoder().decode(data));
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

test('what is proposed over a connection is committed and applied, in order', async (t) => {
  const { node, applied } = await lone(t);
  const { client } = await pair(t, node);
  const texts = Array.from({ length: 300 }, (_, i) => `w${i}`);
  const outcomes = await Promise.all(texts.map((text) => client.propose(bytesOf(text))));
  t.deepEqual(applied, texts);
  const first = outcomes[0]?.kind === 'committed' ? outcomes[0].index : 0;
  t.true(first > 0);
  t.deepEqual(
    outcomes,
    texts.map((_, i) => ({ kind: 'committed', index: first + i })),
  );
});

test('an entry of a megabyte arrives whole, and so does the one after it', async (t) => {
  const { node, applied } = await lone(t);
  const { client } = await pair(t, node);
  const long = 'x'.repeat(1 << 20);
  const outcomes = await Promise.all([long, '', 'y'].map((text) => client.propose(bytesOf(text))));
  t.true(outcomes.every(({ kind }) => kind === 'committed'));
  t.deepEqual(applied, [long, '', 'y']);
});

test('each proposal gets its own outcome, whole, whatever is answered first', async (t) => {
  const member = held();
  const { client } = await pair(t, member);
  const outcomes = ['a', 'b', 'c'].map((text) => client.propose(bytesOf(text)));
  await until(() => member.asked.length === 3);
  const said: ProposeOutcome[] = [
    { kind: 'rejected', reason: 'not-leader', leaderId: 7 },
    { kind: 'unknown', reason: 'leadership was lost: größer als 1 Byte' },
    { kind: 'committed', index: 2 ** 40 },
  ];
  for (const outcome of said) member.answer(outcome);
  t.deepEqual(await Promise.all(outcomes), said);
});

test('frames may come in pieces of a byte', async (t) => {
  const member = held();
  const { client, ours } = await pair(t, member);
  const written: Uint8Array[] = [];
  const write = ours.write.bind(ours);
  ours.write = ((bytes: Uint8Array) => written.push(bytes) > 0) as typeof ours.write;
  const outcomes = ['first', 'second'].map((text) => client.propose(bytesOf(text)));
  for (const byte of Buffer.concat(written)) {
    write(Buffer.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => member.asked.length === 2);
  t.deepEqual(member.asked, ['first', 'second']);
  for (const index of [1, 2]) member.answer({ kind: 'committed', index });
  t.deepEqual(await Promise.all(outcomes), [
    { kind: 'committed', index: 1 },
    { kind: 'committed', index: 2 },
  ]);
});

test('what waits when the connection ends is unknown, what comes after it is refused', async (t) => {
  const member = held();
  const { client, theirs } = await pair(t, member);
  const outcome = client.propose(bytesOf('a'));
  await until(() => member.asked.length === 1);
  theirs.destroy();
  t.like(await outcome, { kind: 'unknown' });
  t.like(await client.propose(bytesOf('b')), { kind: 'rejected', reason: 'stopped' });
  member.answer({ kind: 'committed', index: 1 });
  t.deepEqual(member.asked, ['a']);
});

test('an answer that does not come in time is unknown, and nothing when it comes late', async (t) => {
  const member = held();
  const clock = new VirtualClock();
  const { client } = await pair(t, member, { timeoutMs: 1_000 }, clock);
  const first = client.propose(bytesOf('a'));
  await clock.advance(600);
  const second = client.propose(bytesOf('b'));
  await until(() => member.asked.length === 2);
  await clock.advance(400);
  t.like(await first, { kind: 'unknown' });
  member.answer({ kind: 'committed', index: 1 });
  member.answer({ kind: 'committed', index: 2 });
  t.deepEqual(await second, { kind: 'committed', index: 2 });
});

test('too many or too large proposals are refused before they are sent', async (t) => {
  const member = held();
  const limits = { unansweredMax: 2, unansweredBytesMax: 10, entryBytesMax: 8 };
  const { client } = await pair(t, member, limits);
  const refused = async (text: string): Promise<string> => {
    const outcome = await client.propose(bytesOf(text));
    return outcome.kind === 'rejected' ? outcome.reason : outcome.kind;
  };
  t.is(await refused('123456789'), 'too-large');
  const first = client.propose(bytesOf('12345678'));
  t.is(await refused('123'), 'queue-full');
  const second = client.propose(bytesOf('1'));
  t.is(await refused(''), 'queue-full');
  await until(() => member.asked.length === 2);
  member.answer({ kind: 'committed', index: 1 });
  t.like(await first, { kind: 'committed' });
  const third = client.propose(bytesOf('3'));
  await until(() => member.asked.length === 3);
  for (const index of [2, 3]) member.answer({ kind: 'committed', index });
  t.deepEqual(
    [await second, await third].map(({ kind }) => kind),
    ['committed', 'committed'],
  );
});

test('a member reads no further while too many proposals are unanswered', async (t) => {
  const member = held();
  const server = { unansweredMax: 4 };
  const { ours, theirs } = await pair(t, member, server);
  const client = new ProposalClient(ours, systemClock());
  // Larger than a piece that a socket reads, so that each is read on its own.
  const entry = new Uint8Array(100_000);
  const outcomes = Array.from({ length: 50 }, () => client.propose(entry));
  await until(() => theirs.isPaused());
  t.true(member.asked.length < 10, `${member.asked.length} were read`);
  for (let index = 1; index <= 50; index++) {
    await until(() => member.asked.length >= index);
    member.answer({ kind: 'committed', index });
  }
  t.true((await Promise.all(outcomes)).every(({ kind }) => kind === 'committed'));
});

test('what is no proposal ends the connection', async (t) => {
  for (const bytes of [
    [255, 255, 255, 255],
    [0, 0, 0, 3, 0, 0, 0],
  ]) {
    const member = held();
    const { ours, theirs } = await pair(t, member);
    ours.write(Buffer.from(bytes));
    const [error] = (await once(theirs, 'error')) as [{ readonly code: string }];
    t.is(error.code, 'BAD_INPUT');
    t.deepEqual(member.asked, []);
  }
});

test('what is no outcome ends the connection, and what waited is unknown', async (t) => {
  const answers = [
    [0, 0, 0, 5, 0, 0, 0, 1, 9], // a kind that there is none of
    [0, 0, 0, 4, 0, 0, 0, 1], // nothing in it
    [0, 0, 0, 15, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0x6e, 0x6f], // rejected: "no"
  ];
  for (const bytes of answers) {
    const member = held();
    const { client, theirs } = await pair(t, member);
    const outcome = client.propose(bytesOf('a'));
    await until(() => member.asked.length === 1);
    theirs.write(Buffer.from(bytes));
    t.like(await outcome, { kind: 'unknown' });
  }
});
