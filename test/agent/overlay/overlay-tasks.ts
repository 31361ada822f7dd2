/** What the overlay does for the tasks of its host: their links, what they wait for, their way out. */
import test from 'ava';
import type { ChangeLines } from '#agent/overlay/entries';
import { bridgeName } from '#agent/overlay/names';
import { Network, NetworkChanges, NetworkDriver, NetworkSpec } from '#proto';
import {
  first,
  network,
  noMending,
  ownLinks,
  putLinks,
  sorted,
  start,
  world,
} from '#test/_support/overlay-world';

test('devices stay while a task of this host is on a network that the managers took away', async (t) => {
  const { model, open, view } = world();
  const overlay = open();
  overlay.start(new Map(), noMending);
  await overlay.apply(view, view.apply(start));
  const links = await ownLinks(overlay);
  putLinks(model, links);
  overlay.attached('own', links);
  await overlay.apply(view, view.apply(NetworkChanges.create({ removedNetworkIds: [first] })));
  t.true(model.entries.has(`bridge ${bridgeName(first)}`));
  overlay.detached('own', links);
  await overlay.apply(view, view.apply(NetworkChanges.create()));
  t.false(model.entries.has(`bridge ${bridgeName(first)}`));
  await overlay.stop();
});

test('a task whose link comes while the host is read is reached at once, and not mended', async (t) => {
  const { clock, model, open, view } = world();
  const overlay = open();
  const lost: string[] = [];
  overlay.start(new Map(), (taskId) => lost.push(taskId));
  await overlay.apply(view, view.apply(start));
  const links = await ownLinks(overlay);
  const read = model.read.bind(model);
  model.read = async () => {
    const reading = await read();
    model.read = read;
    putLinks(model, links);
    overlay.attached('own', links);
    return reading;
  };
  await clock.advance(20_000);
  t.deepEqual(lost, []);
  t.is(model.entries.get(`port ${bridgeName(first)} 02:42:0a:01:00:0c`), links[0]?.link);
  await overlay.stop();
});

test('a link of a task that is gone is told, holds nothing up, and is put back once it is there', async (t) => {
  const { clock, model, open, view } = world();
  const overlay = open();
  const lost: string[] = [];
  overlay.start(new Map(), (taskId) => lost.push(taskId));
  await overlay.apply(view, view.apply(start));
  const links = await ownLinks(overlay);
  putLinks(model, links);
  overlay.attached('own', links);
  await overlay.apply(view, view.apply(NetworkChanges.create()));
  t.deepEqual(lost, []);
  const good = sorted(model.entries);
  for (const { link } of links) model.dropDevice(link);
  await clock.advance(20_000);
  t.deepEqual(lost, ['own']);
  await overlay.apply(view, view.apply(NetworkChanges.create()));
  for (const { link } of links) model.entries.set(`member ${link}`, 'none');
  await clock.advance(20_000);
  t.deepEqual(sorted(model.entries), good);
  await overlay.stop();
});

test('what a task needs of the host costs no change beside its links, coming or going', async (t) => {
  const { model, open, view } = world();
  const overlay = open();
  overlay.start(new Map(), noMending);
  await overlay.apply(view, view.apply(start));
  const links = await ownLinks(overlay);
  const lines: ChangeLines[] = [];
  const apply = model.apply.bind(model);
  model.apply = (change) => {
    lines.push(change);
    return apply(change);
  };
  putLinks(model, links);
  overlay.attached('own', links);
  await overlay.apply(view, view.apply(NetworkChanges.create()));
  for (const { link } of links) model.dropDevice(link);
  overlay.detached('own', links);
  await overlay.apply(view, view.apply(NetworkChanges.create()));
  t.deepEqual(lines, []);
  await overlay.stop();
});

test('a task waits for its network, and hears what is missing when it does not come', async (t) => {
  const { clock, open, view } = world();
  const overlay = open();
  overlay.start(new Map(), noMending);
  const { signal } = new AbortController();
  const address = { networkId: first, address: '10.1.0.12', addressV6: '' };
  const early = overlay.linksFor('own', [address], signal);
  await clock.advance(1_000);
  await overlay.apply(view, view.apply(start));
  t.like((await early)[0], {
    device: 'eth0',
    mtu: 1_450,
    subnet: '10.1.0.0/24',
    gateway: '10.1.0.1',
    isDefault: true,
  });
  const never = t.throwsAsync(overlay.linksFor('x', [{ ...address, networkId: 'other' }], signal), {
    code: 'UNAVAILABLE',
    message: /network other is not known on this node yet/,
  });
  await clock.advance(11_000);
  await never;
  await overlay.stop();
});

test('a task is not given a bridge that is just being taken away', async (t) => {
  const { model, open, view } = world();
  const overlay = open();
  overlay.start(new Map(), noMending);
  await overlay.apply(view, view.apply(start));
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  const real = model.apply.bind(model);
  model.apply = async (lines) => {
    reach();
    await released;
    return await real(lines);
  };
  const away = overlay.apply(
    view,
    view.apply(NetworkChanges.create({ removedNetworkIds: [first] })),
  );
  await reached;
  // The next task of the network is told while the bridge is still there.
  const back = overlay.apply(view, view.apply(start));
  let isGiven = false;
  const given = ownLinks(overlay).then(() => {
    isGiven = true;
    return model.entries.has(`bridge ${bridgeName(first)}`);
  });
  await new Promise((resolve) => setImmediate(resolve));
  t.false(isGiven);
  release();
  await away;
  await back;
  t.true(await given);
  await overlay.stop();
});

test('the way out is the ingress network, unless all others are internal, or the first that has one', async (t) => {
  const { open, view } = world();
  const overlay = open();
  overlay.start(new Map(), noMending);
  const ids = ['i', 'o', 'g'].map((letter) => letter.repeat(25));
  const networks = ids.map((id) => ({ ...network(first), id }));
  const [inner, outer, ingress] = networks;
  const spec = NetworkSpec.create({ name: 'x', driver: NetworkDriver.BRIDGE });
  await overlay.apply(
    view,
    view.apply(
      NetworkChanges.create({
        isFull: true,
        networks: [
          Network.create({ ...inner, spec: { ...spec, isInternal: true } }),
          Network.create({ ...outer, spec }),
          Network.create({ ...ingress, isIngress: true, spec }),
        ],
      }),
    ),
  );
  const ways = async (...chosen: readonly number[]) => {
    const addresses = chosen.map((i) => ({
      networkId: ids[i] ?? '',
      address: `10.9.0.${i}`,
      addressV6: '',
    }));
    const links = await overlay.linksFor('t', addresses, new AbortController().signal);
    return links.map(({ isDefault }) => isDefault);
  };
  t.deepEqual(await ways(0, 1, 2), [false, false, true]);
  t.deepEqual(await ways(0, 1), [false, true]);
  t.deepEqual(await ways(0, 2), [false, false]);
  t.deepEqual(await ways(2), [true]);
  await overlay.stop();
});
