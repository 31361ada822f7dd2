import test from 'ava';
import fc from 'fast-check';
import { Endpoint, ManagerMessage, Network, NetworkChanges } from '#proto';
import { networkMessage } from '#manager/dispatcher/network-message';
import { merged, PartWriter } from '#manager/dispatcher/network-parts';
import { ownEncoding } from '#proto/shared-encoding';

const body = fc.record({
  networks: fc.array(
    fc.string().map((id) => Network.create({ id })),
    { maxLength: 3 },
  ),
  endpoints: fc.array(
    fc.string().map((taskId) => Endpoint.create({ taskId })),
    { maxLength: 40 },
  ),
  removedHosts: fc.array(fc.string(), { maxLength: 3 }),
});
const head = fc.record({ sequence: fc.nat(), isFull: fc.boolean(), isContinued: fc.boolean() });

test('a message with a shared body is on the wire what its codec would make of it', (t) => {
  fc.assert(
    fc.property(body, fc.array(head, { minLength: 1, maxLength: 3 }), (lists, heads) => {
      const shared = NetworkChanges.create(lists);
      for (const each of heads) {
        const message = networkMessage(each, shared);
        const bytes = ownEncoding(message) ?? new Uint8Array(0);
        t.deepEqual(
          ManagerMessage.decode(bytes),
          ManagerMessage.decode(ManagerMessage.encode(message)),
        );
      }
    }),
    { numRuns: 200, seed: 20_265 },
  );
});

test('parts hold a thousand objects or a megabyte, and small ones are put together', (t) => {
  const writer = new PartWriter();
  for (let i = 0; i < 2_100; i++) writer.add('endpoints', Endpoint.create({ taskId: `t${i}` }));
  t.deepEqual(
    writer.parts.map(({ objects }) => objects),
    [1_000, 1_000, 100],
  );
  const large = new PartWriter();
  const taskId = 'x'.repeat(400_000);
  for (let i = 0; i < 5; i++) large.add('endpoints', Endpoint.create({ taskId }));
  t.deepEqual(
    large.parts.map(({ objects }) => objects),
    [2, 2, 1],
  );
  const all = merged([...writer.parts, ...large.parts.slice(2)]);
  t.deepEqual(
    all.map(({ objects }) => objects),
    [1_000, 1_000, 101],
  );
  t.is(all[0], writer.parts[0], 'one that stands alone is the same, and so is its encoding');
});
