/** What the overlay does to a host in memory: from any changes, in any order, after any damage. */
import test from 'ava';
import fc from 'fast-check';
import { LiveNetworkView } from '#agent/network-view/view';
import { vxlanName } from '#agent/overlay/names';
import { OverlayPlan } from '#agent/overlay/overlay-plan';
import { ruleCount } from '#agent/overlay/rules';
import { NetworkChanges, NetworkService } from '#proto';
import {
  earlierLife,
  endpoint,
  first,
  host,
  network,
  networkIds,
  nextLife,
  nodeIds,
  noMending,
  sorted,
  start,
  world,
} from '#test/_support/overlay-world';

const change = fc.oneof(
  fc.record({ kind: fc.constant('network' as const), network: fc.nat(1), isThere: fc.boolean() }),
  fc.record({
    kind: fc.constant('host' as const),
    network: fc.nat(1),
    node: fc.nat(2),
    path: fc.nat(4),
    isThere: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('endpoint' as const),
    network: fc.nat(1),
    task: fc.nat(5),
    node: fc.nat(2),
    last: fc.integer({ min: 10, max: 14 }),
    isThere: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('service' as const),
    network: fc.nat(1),
    service: fc.nat(2),
    last: fc.integer({ min: 2, max: 4 }),
    isThere: fc.boolean(),
  }),
);
type ChangeOf = typeof change extends fc.Arbitrary<infer T> ? T : never;

function message(one: ChangeOf): NetworkChanges {
  const networkId = networkIds[one.network] ?? '';
  switch (one.kind) {
    case 'network':
      return one.isThere
        ? NetworkChanges.create({ networks: [network(networkId)] })
        : NetworkChanges.create({ removedNetworkIds: [networkId] });
    case 'host': {
      const nodeId = nodeIds[one.node] ?? '';
      return one.isThere
        ? NetworkChanges.create({ hosts: [host(networkId, nodeId, one.path)] })
        : NetworkChanges.create({ removedHosts: [`${networkId}/${nodeId}`] });
    }
    case 'endpoint': {
      const id = `t${one.task}`;
      return one.isThere
        ? NetworkChanges.create({
            endpoints: [endpoint(networkId, id, nodeIds[one.node] ?? '', one.last)],
          })
        : NetworkChanges.create({ removedEndpoints: [`${networkId}/${id}`] });
    }
    case 'service': {
      const serviceId = `s${one.service}`;
      const address = `10.${one.network + 1}.0.${one.last}`;
      return one.isThere
        ? NetworkChanges.create({
            services: [NetworkService.create({ networkId, serviceId, address })],
          })
        : NetworkChanges.create({ removedServices: [`${networkId}/${serviceId}`] });
    }
  }
}

/** What a plan that saw only the end of it wants. */
function wanted(view: LiveNetworkView): ReadonlyMap<string, string> {
  const plan = new OverlayPlan('self', String(ruleCount));
  const all = NetworkChanges.create({
    isFull: true,
    networks: [...view.networks.values()],
    hosts: [...view.hosts.values()],
    endpoints: [...view.endpoints.values()],
    services: [...view.services.values()],
  });
  const fresh = new LiveNetworkView();
  plan.apply(fresh, fresh.apply(all));
  return plan.desired;
}

test('after any changes the host has what one would make of their end alone', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { maxLength: 40 }),
      fc.infiniteStream(fc.boolean()),
      async (changes, waits) => {
        const { model, open, view } = world();
        const overlay = open();
        overlay.start(new Map(), noMending);
        const pending = [overlay.apply(view, view.apply(start))];
        for (const one of changes) {
          const applied = overlay.apply(view, view.apply(message(one)));
          // Some changes meet an idle overlay, others a busy one.
          if (waits.next().value === true) await applied;
          pending.push(applied);
        }
        await Promise.all(pending);
        t.deepEqual(sorted(model.entries), sorted(wanted(view)));
        await overlay.stop();
      },
    ),
    { numRuns: 150 },
  );
});

test('damage of any kind is mended by the next look, with no line more than it needs', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(1_000), { minLength: 1, maxLength: 6 }), async (picks) => {
      const { clock, model, open, view } = world();
      const overlay = open();
      overlay.start(new Map(), noMending);
      await overlay.apply(view, view.apply(start));
      const good = sorted(model.entries);
      for (const pick of picks) {
        const keys = [...model.entries.keys()];
        const key = keys[pick % keys.length] ?? '';
        const [kind = '', device = ''] = key.split(' ');
        if (kind === 'bridge' || kind === 'vxlan') model.dropDevice(device);
        else if (pick % 2 === 0) model.entries.delete(key);
        else if (kind === 'fdb') model.entries.set(key, '192.168.0.99');
      }
      model.entries.set(`neigh ${vxlanName(first)} 10.1.0.77`, '02:42:0a:01:00:4d');
      if (!model.entries.has(`vxlan ${vxlanName(first)}`))
        model.entries.delete(`neigh ${vxlanName(first)} 10.1.0.77`);
      await clock.advance(20_000);
      t.deepEqual(sorted(model.entries), good);
      const count = model.lineCount;
      await clock.advance(60_000);
      t.is(model.lineCount, count, 'what is right is left alone');
      await overlay.stop();
    }),
    { numRuns: 100 },
  );
});

test('a new agent changes nothing of what is right but loads its own rules', async (t) => {
  const made = world();
  const { model } = made;
  const good = await earlierLife(made, start);
  const count = model.lineCount;
  const { overlay, tell } = nextLife(made);
  await tell(start);
  t.deepEqual(sorted(model.entries), good);
  const elements = good.filter(([key]) => key.startsWith('element')).length;
  t.is(model.lineCount - count, elements + 1);
  await overlay.stop();
});

test('from memory a new agent adds what is missing and takes nothing back until the managers speak', async (t) => {
  const made = world();
  const { model } = made;
  // Newer than what was saved: a task came, another went.
  const newer = NetworkChanges.create({
    endpoints: [endpoint(first, 't2', 'n1', 13)],
    removedEndpoints: [`${first}/t1`],
  });
  const good = await earlierLife(made, start, newer);
  const isLost = (key: string): boolean => key.includes('10.1.0.13');
  for (const [key] of good) if (isLost(key)) model.entries.delete(key);

  const { overlay, tell } = nextLife(made);
  await tell(start, 'memory');
  for (const [key, value] of good) if (!isLost(key)) t.is(model.entries.get(key), value, key);
  t.true([...model.entries.keys()].some((key) => key.includes('10.1.0.11')));
  await tell(newer, 'managers');
  t.deepEqual(sorted(model.entries), good);
  await overlay.stop();
});

test('the table of rules goes with the last network and comes with the next', async (t) => {
  const { model, open, view } = world();
  const overlay = open();
  overlay.start(new Map(), noMending);
  await overlay.apply(view, view.apply(start));
  const good = sorted(model.entries);
  t.true(model.entries.has('table'));
  await overlay.apply(view, view.apply(NetworkChanges.create({ isFull: true })));
  t.deepEqual(
    [...model.entries.keys()].filter((key) => !key.startsWith('host ')),
    [],
  );
  await overlay.apply(view, view.apply(start));
  t.deepEqual(sorted(model.entries), good);
  t.true(model.entries.has('table'));
  await overlay.stop();
});

test('after a reboot memory alone makes the networks', async (t) => {
  const made = world();
  const good = await earlierLife(made, start);
  made.model.entries.clear();
  const { overlay, tell } = nextLife(made);
  await tell(start, 'memory');
  t.deepEqual(sorted(made.model.entries), good);
  await overlay.stop();
});

test('nothing is touched before it is known which tasks are here, nor before the managers spoke', async (t) => {
  const { clock, model, open, view } = world();
  model.entries.set('bridge tsbleftover', '02:42:00:00:00:00 1450');
  const overlay = open();
  const applied = overlay.apply(view, view.apply(start));
  await clock.advance(60_000);
  t.is(model.lineCount, 0);
  overlay.start(new Map(), noMending);
  await applied;
  t.false(model.entries.has('bridge tsbleftover'));
  await overlay.stop();
  const silent = open();
  silent.start(new Map(), noMending);
  const count = model.lineCount;
  await clock.advance(60_000);
  t.is(model.lineCount, count);
  await silent.stop();
});

test('a change that fails is tried until it holds, and is told when it does not', async (t) => {
  const { clock, model, open, view } = world();
  const overlay = open();
  overlay.start(new Map(), noMending);
  model.failures.push('one', 'two');
  const applied = overlay.apply(view, view.apply(start));
  await clock.advance(5_000);
  await applied;
  t.deepEqual(sorted(model.entries), sorted(wanted(view)));
  model.failures.push(...Array.from({ length: 5 }, () => 'RTNETLINK answers: No such device'));
  const more = NetworkChanges.create({ endpoints: [endpoint(first, 't9', 'n1', 14)] });
  const failing = t.throwsAsync(overlay.apply(view, view.apply(more)), {
    message: /No such device/,
  });
  await clock.advance(60_000);
  await failing;
  t.deepEqual(sorted(model.entries), sorted(wanted(view)), 'and it is tried on');
  await overlay.stop();
});

test('one endpoint more is four lines, however large the network is', async (t) => {
  const { model, open, view } = world();
  const overlay = open();
  overlay.start(new Map(), noMending);
  const endpoints = Array.from({ length: 200 }, (_, i) => endpoint(first, `e${i}`, 'n1', i + 20));
  await overlay.apply(view, view.apply(NetworkChanges.create({ ...start, endpoints })));
  const count = model.lineCount;
  const more = NetworkChanges.create({ endpoints: [endpoint(first, 'more', 'n1', 19)] });
  await overlay.apply(view, view.apply(more));
  t.is(model.lineCount - count, 4, 'neighbours of both families, tunnel, port');
  await overlay.stop();
});
