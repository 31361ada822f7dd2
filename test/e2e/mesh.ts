/** The mesh on the kernel's own rules: two nodes, an overlay between them, a client outside. */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { Protocol } from '#proto';
import {
  client,
  MeshLab,
  network,
  nodeAddress,
  nodeNames,
  port,
  service,
  sh,
  vip,
} from '#test/_support/mesh-lab';
import { poll } from '#test/_support/poll';
import { runsInOwnNamespaces } from '#test/_support/own-namespaces';
import { addressesOf } from '#test/_support/mesh-lab';

const [x, y, y2, z] = [11, 12, 13, 20].map(addressesOf);

/** How often each server answered; every answer must be of a caller's address. */
function counts(
  t: ExecutionContext,
  answers: readonly string[],
  caller: string,
): Readonly<Record<string, number>> {
  const byServer: Record<string, number> = {};
  for (const answer of answers) {
    const [server = '', address] = answer.split(' ');
    t.is(address, caller, answer);
    byServer[server] = (byServer[server] ?? 0) + 1;
  }
  return byServer;
}

if (runsInOwnNamespaces(test, import.meta.url)) {
  let lab: MeshLab;
  test.before(async () => {
    lab = await MeshLab.make();
    await lab.startTask('x', 'A', 11);
    await lab.startTask('y', 'B', 12);
    await lab.startTask('y2', 'B', 13);
    await lab.startTask('z', 'A', 20);
  });
  test.after.always(() => lab.end());
  test.beforeEach((t) => t.timeout(60_000));

  test.serial('a published port answers on every node with the caller’s own address', async (t) => {
    const ports = [port(8080), port(8080, { protocol: Protocol.UDP })];
    await lab.open(['x', 'y', 'y2'], { ports });
    for (const kind of ['tcp', 'udp'] as const)
      for (const family of ['v4', 'v6'] as const)
        for (const node of ['A', 'B'] as const) {
          const at = nodeAddress(node)[family];
          const answers = await lab.call('C', kind, at, 8080, 60);
          const served = counts(t, answers, client[family]);
          t.deepEqual(
            Object.keys(served).sort((a, b) => (a < b ? -1 : 1)),
            ['x', 'y', 'y2'],
          );
          // Drawn at random: fewer than 5 of 60 for one of three is as good as impossible.
          for (const count of Object.values(served)) t.true(count >= 5, JSON.stringify(served));
        }
    // A node without any task answers as well.
    await lab.open(['y', 'y2'], { ports });
    const answers = await lab.call('C', 'tcp', nodeAddress('A').v4, 8080, 20);
    t.deepEqual(Object.keys(counts(t, answers, client.v4)).length, 2);
  });

  test.serial(
    'a caller may use one port of its own for connections to several nodes',
    async (t) => {
      const ports = [port(8080), port(8080, { protocol: Protocol.UDP })];
      await lab.open(['y'], { ports });
      // Not of the ports that the kernel gives to callers without a choice.
      const ownPort = 20_000;
      for (const [i, family] of (['v4', 'v6'] as const).entries())
        for (const kind of ['hold', 'flow'] as const) {
          const callers = nodeNames.map((node) =>
            lab.caller('C', kind, nodeAddress(node)[family], 8080, ownPort + i),
          );
          const first = kind === 'hold' ? `y ${client[family]}` : 'on';
          for (const [n, caller] of callers.entries())
            t.is(await caller.line(), first, `${kind} ${family} ${nodeNames[n]}`);
          for (const round of ['1', '2'])
            for (const [n, caller] of callers.entries()) {
              const asked = `${round} by ${nodeNames[n]}`;
              const answer = kind === 'hold' ? asked : `y ${client[family]}`;
              t.is(await caller.ask(asked), answer, `${kind} ${family} ${nodeNames[n]}`);
            }
          for (const caller of callers) await caller.finish();
        }
    },
  );

  test.serial(
    'a virtual address answers tasks with their own address, any port, and pings',
    async (t) => {
      await lab.open(['x', 'y', 'y2']);
      for (const kind of ['tcp', 'udp'] as const)
        for (const family of ['v4', 'v6'] as const) {
          const answers = await lab.call('z', kind, vip[family], 80, 40);
          t.is(Object.keys(counts(t, answers, z?.[family] ?? '')).length, 3);
        }
      t.deepEqual(await lab.call('z', 'tcp', vip.v4, 81, 1), ['ECONNREFUSED']);
      await sh(
        `ip netns exec z ping -c 3 -i 0.2 -W 2 ${vip.v4}\nip netns exec z ping -c 3 -i 0.2 -W 2 ${vip.v6}`,
      );
    },
  );

  test.serial('a task reaches itself and others through its own virtual address', async (t) => {
    await lab.open(['x', 'y']);
    for (const family of ['v4', 'v6'] as const) {
      const answers = await lab.call('x', 'tcp', vip[family], 80, 40);
      const others = answers.filter((answer) => answer.startsWith('y '));
      counts(t, others, x?.[family] ?? '');
      const own = answers.filter((answer) => answer.startsWith('x '));
      t.true(others.length >= 5 && own.length >= 5, answers.join());
      t.is(others.length + own.length, 40);
    }
  });

  test.serial('the node itself calls published ports and virtual addresses', async (t) => {
    await lab.open(['x', 'y'], { ports: [port(8080)] });
    const own = await lab.call('A', 'tcp', nodeAddress('A').v4, 8080, 20);
    t.is(Object.keys(counts(t, own, nodeAddress('A').v4)).length, 2);
    const other = await lab.call('B', 'tcp', nodeAddress('A').v4, 8080, 20);
    t.is(Object.keys(counts(t, other, nodeAddress('B').v4)).length, 2);
    for (const [at, on] of [
      ['127.0.0.1', 8080],
      [vip.v4, 80],
      [vip.v6, 80],
    ] as const) {
      const answers = await lab.call('A', 'tcp', at, on, 20);
      t.true(
        answers.every((answer) => /^[xy] /.test(answer)),
        answers.join(),
      );
    }
    // Bridges' addresses are not the host's to publish on.
    t.deepEqual(await lab.call('z', 'tcp', '10.0.1.1', 8080, 1), ['ECONNREFUSED']);
  });

  test.serial(
    'a draining task gets nothing new; its connections go on until it is gone',
    async (t) => {
      await lab.open(['y'], { ports: [port(8080), port(8080, { protocol: Protocol.UDP })] });
      const held = lab.caller('C', 'hold', nodeAddress('A').v4, 8080);
      t.is(await held.line(), `y ${client.v4}`);
      const flow = lab.caller('C', 'flow', nodeAddress('A').v4, 8080);
      t.is(await flow.line(), 'on');
      t.is(await flow.ask(''), `y ${client.v4}`);
      await lab.tell({ endpoints: [lab.endpoint('y', { isServing: false }), lab.endpoint('x')] });
      const answers = await lab.call('C', 'tcp', nodeAddress('A').v4, 8080, 20);
      t.deepEqual(counts(t, answers, client.v4), { x: 20 });
      t.is(await held.ask('still there'), 'still there');
      t.is(await flow.ask(''), `y ${client.v4}`);
      // Gone for good: what the kernel remembers of it goes too.
      await lab.tell({ removedEndpoints: ['n/y'] });
      t.is(await flow.ask(''), `x ${client.v4}`);
      await held.finish();
      await flow.finish();
    },
  );

  test.serial('tasks that come and go under load lose no connection', async (t) => {
    await lab.open(['x'], { ports: [port(8080)] });
    const callers = [
      lab.caller('C', 'load', nodeAddress('A').v4, 8080),
      lab.caller('C', 'load', nodeAddress('B').v4, 8080),
      lab.caller('z', 'load', vip.v4, 80),
      lab.caller('z', 'load', vip.v6, 80),
    ];
    for (const caller of callers) t.is(await caller.line(), 'on');
    for (let i = 0; i < 10; i++) {
      await lab.tell({ endpoints: [lab.endpoint('y'), lab.endpoint('y2')] });
      await lab.tell({ endpoints: [lab.endpoint('x', { isServing: false })] });
      if (i === 5) await lab.startMesh('A');
      await lab.tell({ endpoints: [lab.endpoint('x')] });
      await lab.tell({
        removedEndpoints: ['n/y2'],
        endpoints: [lab.endpoint('y', { isServing: false })],
      });
    }
    for (const caller of callers) {
      const {
        x: ofX = 0,
        y: ofY = 0,
        y2: ofY2 = 0,
        ...failures
      } = JSON.parse(await caller.finish()) as Record<string, number>;
      t.deepEqual(failures, {});
      t.true(ofX > 0 && ofY + ofY2 > 0);
      t.log(`${ofX + ofY + ofY2} connections`);
    }
  });

  test.serial('a service without a serving task refuses at once', async (t) => {
    await lab.open([], { ports: [port(8080)] });
    for (const [from, to, at] of [
      ['z', vip.v4, 80],
      ['z', vip.v6, 80],
      ['A', vip.v4, 80],
      ['C', nodeAddress('A').v4, 8080],
    ] as const)
      t.deepEqual(await lab.call(from, 'tcp', to, at, 1), ['ECONNREFUSED'], `${from} ${to}`);
    t.deepEqual(await lab.call('z', 'udp', vip.v4, 80, 1), ['ECONNREFUSED']);
  });

  test.serial(
    'a flow that began before there was a task is led to the first that comes',
    async (t) => {
      const ports = [port(8080, { protocol: Protocol.UDP })];
      await lab.open([], { ports });
      const mesh = lab.nodes.get('B')?.mesh;
      const ways = [
        ['C', nodeAddress('A').v4, 8080],
        ['C', nodeAddress('B').v6, 8080],
        ['A', '127.0.0.1', 8080],
        ['z', vip.v4, 80],
        ['C', nodeAddress('B').v4, 8081],
      ] as const;
      const flows = ways.map(([from, to, at]) => lab.caller(from, 'flow', to, at));
      for (const flow of flows) t.is(await flow.line(), 'on');
      for (const [i, flow] of flows.entries())
        t.is(await flow.ask(''), 'ECONNREFUSED', ways[i]?.join(' '));
      await lab.tell({ endpoints: [lab.endpoint('x')] });
      await mesh?.setHostPorts('y', [y?.v4 ?? ''], [port(8081, { protocol: Protocol.UDP })]);
      for (const [i, flow] of flows.entries())
        t.regex(await flow.ask(''), i < 4 ? /^x / : /^y /, ways[i]?.join(' '));
      // What is led already stays where it is.
      await lab.tell({ endpoints: [lab.endpoint('y'), lab.endpoint('y2')] });
      for (const flow of flows.slice(0, 4)) t.regex(await flow.ask(''), /^x /);
      await mesh?.setHostPorts('y', [], []);
      for (const flow of flows) await flow.finish();
    },
  );

  test.serial(
    'a task given up while it lives ends what it is at; then its callers are told',
    async (t) => {
      await lab.open(['y'], { ports: [port(8080)] });
      const held = lab.caller('C', 'hold', nodeAddress('A').v4, 8080);
      t.is(await held.line(), `y ${client.v4}`);
      // As when its node is down and another task has its place.
      await lab.tell({ endpoints: [lab.endpoint('x')], removedEndpoints: ['n/y'] });
      t.is(await held.ask('still there'), 'still there');
      await poll('the end', async () => (await held.ask('still there')) === 'ECONNRESET');
    },
  );

  test.serial('connections of the last task that drains go on until it is gone', async (t) => {
    await lab.open(['y'], { ports: [port(8080)] });
    const held = [
      lab.caller('z', 'hold', vip.v4, 80),
      lab.caller('z', 'hold', vip.v6, 80),
      lab.caller('A', 'hold', vip.v4, 80),
      lab.caller('C', 'hold', nodeAddress('A').v4, 8080),
    ];
    for (const one of held) t.regex(await one.line(), /^y /);
    await lab.tell({ endpoints: [lab.endpoint('y', { isServing: false })] });
    t.deepEqual(await lab.call('z', 'tcp', vip.v4, 80, 1), ['ECONNREFUSED']);
    for (const one of held) t.is(await one.ask('still there'), 'still there');
    for (const one of held) await one.finish();
  });

  test.serial('callers come back to their task, whatever becomes of others', async (t) => {
    await lab.open(['x', 'y', 'y2'], { sessionAffinitySeconds: 60, ports: [port(8080)] });
    for (const [from, to, at] of [
      ['z', vip.v4, 80],
      ['z', vip.v6, 80],
      ['C', nodeAddress('A').v4, 8080],
      ['C', nodeAddress('B').v6, 8080],
    ] as const) {
      const serverOf = async () => [
        ...new Set((await lab.call(from, 'tcp', to, at, 12)).map((line) => line.split(' ')[0])),
      ];
      const [server = '', ...more] = await serverOf();
      t.deepEqual(more, [], `${from} ${to}`);
      const [first = '', ...others] = ['x', 'y', 'y2'].filter((name) => name !== server);
      await lab.tell({ endpoints: [lab.endpoint(first, { isServing: false })] });
      t.deepEqual(await serverOf(), [server]);
      await lab.tell({ endpoints: [lab.endpoint(first)] });
      t.deepEqual(await serverOf(), [server]);
      // Its own task goes: it is led to one other, and stays there.
      await lab.tell({ endpoints: [lab.endpoint(server, { isServing: false })] });
      const after = await serverOf();
      t.is(after.length, 1);
      t.true([first, ...others].includes(after[0] ?? ''));
      await lab.tell({ endpoints: [lab.endpoint(server)] });
      t.deepEqual(await serverOf(), after);
    }
  });

  test.serial('an isolated network lets in who is allowed, at the receiving node', async (t) => {
    const asker = { ...lab.endpoint('z'), serviceId: 'asker' };
    await lab.tell({
      isFull: true,
      networks: [network(true)],
      hosts: [...(lab.nodes.get('A')?.view.hosts.values() ?? [])],
      services: [service(), service({ serviceId: 'asker', address: '', addressV6: '' })],
      endpoints: [lab.endpoint('x'), lab.endpoint('y'), asker],
    });
    // Administratively prohibited: IPv4 and IPv6 have different errors for it.
    const isRefused = (answers: readonly string[]): boolean =>
      answers.every((answer) => answer === 'EHOSTUNREACH' || answer === 'EACCES');
    for (const to of [vip.v4, vip.v6, x?.v4, y?.v4, y?.v6])
      t.true(isRefused(await lab.call('z', 'tcp', to ?? '', 80, 2)), to);
    // Its own tasks may, and the node itself.
    t.true((await lab.call('x', 'tcp', y?.v4 ?? '', 80, 2)).every((line) => line.startsWith('y')));
    t.true((await lab.call('A', 'tcp', x?.v4 ?? '', 80, 1)).every((line) => line.startsWith('x')));
    await lab.tell({ services: [service({ allowFromIds: ['asker'] })] });
    for (const to of [vip.v4, x?.v4, y?.v6])
      t.true((await lab.call('z', 'tcp', to ?? '', 80, 4)).every((line) => /^[xy]2? /.test(line)));
    await lab.tell({ services: [service()] });
    t.true(isRefused(await lab.call('z', 'tcp', vip.v4, 80, 2)));
  });

  test.serial('a host port leads to its task on that node alone', async (t) => {
    await lab.open(['x', 'y']);
    const mesh = lab.nodes.get('B')?.mesh;
    await mesh?.setHostPorts(
      'y2',
      [y2?.v4 ?? '', y2?.v6 ?? ''],
      [port(8081), port(8081, { protocol: Protocol.UDP })],
    );
    for (const family of ['v4', 'v6'] as const) {
      const answers = await lab.call('C', 'tcp', nodeAddress('B')[family], 8081, 4);
      t.deepEqual(counts(t, answers, client[family]), { y2: 4 });
    }
    t.deepEqual(await lab.call('C', 'tcp', nodeAddress('A').v4, 8081, 1), ['ECONNREFUSED']);
    await mesh?.setHostPorts('y2', [], []);
    t.deepEqual(await lab.call('C', 'tcp', nodeAddress('B').v4, 8081, 1), ['ECONNREFUSED']);
  });

  test.serial('a process of the host keeps a port that it listened on first', async (t) => {
    await lab.open(['x']);
    // The server of a task listens on port 80; here it is the node's own.
    const { stop } = await lab.serve('A', 'native');
    await lab.tell({ services: [service({ ports: [port(80)] })] });
    t.deepEqual([...(lab.nodes.get('A')?.mesh.clashes.kept ?? [])], ['6 . 80']);
    t.deepEqual(await lab.call('C', 'tcp', nodeAddress('A').v4, 80, 2), [
      `native ${client.v4}`,
      `native ${client.v4}`,
    ]);
    t.deepEqual(await lab.call('C', 'tcp', nodeAddress('B').v4, 80, 1), [`x ${client.v4}`]);
    stop();
  });

  test.serial(
    'a new life takes the table over as it is, and mends what others changed',
    async (t) => {
      await lab.open(['x', 'y'], { ports: [port(8080)] });
      const table = async (): Promise<string> =>
        (await sh('ip netns exec A nft -a list table inet tessera_mesh')).replaceAll(/\s+/g, ' ');
      // Chains of counts that nothing leads to go when the table is taken over.
      await lab.startMesh('A');
      const before = await table();
      await lab.startMesh('A');
      t.true((await table()) === before);
      // Elements that are missing are put back, and others go.
      await sh(`ip netns exec A nft 'delete element inet tessera_mesh vip4 { ${vip.v4} }'
ip netns exec A nft 'add element inet tessera_mesh idle4 { 10.9.9.9 }'`);
      await lab.startMesh('A');
      t.is((await table()).length, before.length);
      t.is((await lab.call('z', 'tcp', vip.v4, 80, 1)).length, 1);
      // A table that is not ours any more is replaced.
      await sh('ip netns exec A nft flush chain inet tessera_mesh choose');
      await lab.startMesh('A');
      t.regex((await lab.call('z', 'tcp', vip.v4, 80, 1)).join(), /^[xy] /);
      // A change that meets a table that is gone makes it anew.
      await sh('ip netns exec A nft delete table inet tessera_mesh');
      await lab.tell({ endpoints: [lab.endpoint('y2')] });
      const served = counts(t, await lab.call('z', 'tcp', vip.v4, 80, 60), z?.v4 ?? '');
      t.is(Object.keys(served).length, 3);
      // Without networks there is nothing left.
      await lab.tell({ isFull: true });
      t.is(await sh('ip netns exec A nft list tables'), '');
    },
  );
}
