/**
 * One member of the replicated map, a process of its own: node member.ts ID DIRECTORY PORT... where
 * the ports are those of the members' links, then of their gRPC servers, then for raft-ts's own
 * client. Messages between
 * members take the way they take between managers, without TLS, as those of the peer do.
 */
import { connect, createServer } from 'node:net';
import { silentLogger, silentMetrics } from '#lib';
import { systemClock } from '#lib/clock-node';
import { systemRandom } from '#lib/random-node';
import { receiveRaftLink } from '#manager/replication/raft-link-receiver-node';
import { NodeRaftTransport } from '#manager/replication/raft-transport-node';
import { fromWire } from '#manager/replication/raft-wire';
import { channelOptions, grpc } from '#proto/rpc';
import { RaftNode } from 'raft-ts';
import { nodeDisk, serveProposals } from 'raft-ts/node';
import { load } from '../load.ts';
import type { LoadResult } from '../load.ts';
import { encodePut, MapMachine, putMethod } from './store.ts';
import type { MemberQuestion } from './store.ts';

const [id = 0, ...ports] = [process.argv[2], ...process.argv.slice(4)].map(Number);
const directory = process.argv[3] ?? '';
const ids = [1, 2, 3];
const clock = systemClock();
const basics = { clock, log: silentLogger, metrics: silentMetrics };
const linkPort = (member: number): number => ports[member - 1] ?? 0;

const node = await RaftNode.open({
  id,
  clock,
  random: systemRandom(),
  disk: nodeDisk(directory),
  stateMachine: new MapMachine(),
  transport: new NodeRaftTransport({
    ...basics,
    random: systemRandom(),
    channelFor: () => {
      throw new Error('nobody falls behind here');
    },
    socketFor: (address) => connect(Number(address), '127.0.0.1'),
    addressOf: (member) => ({ nodeId: String(member), address: String(linkPort(member)) }),
  }),
  bootstrap: { members: ids.map((one) => ({ id: one, role: 'voter', context: '' })) },
});

const links = createServer((socket) =>
  receiveRaftLink(socket, {
    ...basics,
    receive: ({ messages }) => {
      for (const wire of messages) node.receive(fromWire(wire));
    },
  }),
);
links.listen(linkPort(id), '127.0.0.1');

const server = new grpc.Server(channelOptions);
server.addService(
  { put: putMethod },
  {
    put: (call: grpc.ServerUnaryCall<Buffer, Buffer>, respond: grpc.sendUnaryData<Buffer>) => {
      void node.propose(call.request).then((outcome) => {
        if (outcome.kind !== 'committed')
          return respond({ code: grpc.status.UNAVAILABLE, details: outcome.reason });
        const answer = Buffer.alloc(8);
        answer.writeBigUInt64BE(BigInt(outcome.index));
        return respond(null, answer);
      });
    },
  },
);
const proposals = createServer({ noDelay: true }, (socket) => serveProposals(node, socket));
const credentials = grpc.ServerCredentials.createInsecure();
server.bindAsync(`127.0.0.1:${ports[2 + id]}`, credentials, () => {
  proposals.listen(ports[5 + id], '127.0.0.1', () => process.send?.('ready'));
});

/** This process is its own client, as a manager is. */
async function own(inFlight: number, durationMs: number, value: Uint8Array): Promise<LoadResult> {
  return load(inFlight, durationMs, async (number) => {
    const outcome = await node.propose(encodePut(`key-${number % 1000}`, value));
    if (outcome.kind !== 'committed') throw new Error(`a write was ${outcome.kind}`);
  });
}

process.on('message', (question: MemberQuestion) => {
  if (question.kind === 'role') process.send?.({ isLeader: node.status().role === 'leader' });
  else
    void own(question.inFlight, question.durationMs, new Uint8Array(question.valueBytes)).then(
      (result) => process.send?.(result),
    );
});
process.on('disconnect', () => process.exit(0));
