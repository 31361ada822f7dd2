/** Networks as their users meet them: made, shown, refused, exhausted and removed, on real hosts. */
import test from 'ava';
import { endsLab, Lab } from '#test/_support/lab';
import { poll } from '#test/_support/poll';

let lab: Lab;

test.before(async () => {
  lab = await Lab.up('e2e-nets', 2, 1);
});

endsLab(test, () => lab);

interface NetworkView {
  readonly allocation?: {
    readonly vni: number;
    readonly subnets: readonly { readonly subnet: string; readonly gateway: string }[];
  };
  readonly error?: string;
  readonly hosts?: Readonly<Record<string, { readonly address: string }>>;
  readonly endpoints: Readonly<
    Record<string, readonly { readonly address: { readonly address: string } }[]>
  >;
}

async function inspect(name: string): Promise<NetworkView> {
  const text = await lab.tsctl(['network', 'inspect', name]);
  const [network] = JSON.parse(text) as readonly NetworkView[];
  if (network === undefined) throw new Error(`no network ${name}`);
  return network;
}

/** Ends at once when it is told to: a program that does not takes ten seconds of grace. */
const idle = ['busybox:latest', 'sh', '-c', 'trap "exit 0" TERM; sleep 100000 & wait'];

test.serial('a network gets its number and subnet, tasks and nodes their addresses', async (t) => {
  await lab.tsctl(['network', 'create', '--label', 'tier=back', 'backend']);
  const more = ['--network', 'name=backend,alias=db', '--replicas', '4'];
  await lab.tsctl(['service', 'create', '--name', 'web', ...more, ...idle], {
    deadlineMs: 120_000,
  });
  const network = await inspect('backend');
  t.is(network.allocation?.vni, 4097);
  const endpoints = Object.values(network.endpoints).flat();
  t.is(endpoints.length, 4);
  t.is(new Set(endpoints.map(({ address }) => address.address)).size, 4);
  t.is(Object.keys(network.hosts ?? {}).length, 2);
  const shown = await lab.tsctl(['network', 'inspect', '--pretty', 'backend']);
  t.regex(shown, /^web\.1 +host\d +10\./m);
  t.regex(await lab.tsctl(['network', 'ls']), /backend +overlay +4097 +10\.\d+\.\d+\.0\/24/);
  t.regex(await lab.tsctl(['service', 'inspect', '--pretty', 'web']), /backend: +vip 10\./);
});

test.serial(
  'what is in use is neither removed nor given again, and it is said by whom',
  async (t) => {
    const refused = await lab.tryTsctl(['network', 'rm', 'backend']);
    t.is(refused.code, 1);
    t.regex(refused.stderr, /network backend is in use by service web/);
    const { allocation } = await inspect('backend');
    const subnet = allocation?.subnets[0]?.subnet ?? '';
    const overlapping = await lab.tryTsctl(['network', 'create', '--subnet', subnet, 'other']);
    t.true(overlapping.stderr.includes(`--subnet ${subnet} overlaps ${subnet} of network backend`));
  },
);

test.serial('a subnet that a host has a route to is refused, naming both', async (t) => {
  const link = await lab.exec('host2', [
    'ip',
    '-4',
    'route',
    'show',
    'dev',
    'eth0',
    'scope',
    'link',
  ]);
  const [route = ''] = link.split(' ');
  t.regex(route, /^\d+\.\d+\.\d+\.\d+\/\d+$/);
  const refused = await lab.tryTsctl(['network', 'create', '--subnet', route, 'clash']);
  t.is(refused.code, 1);
  t.regex(refused.stderr, new RegExp(`overlaps the route ${route} of node host\\d`));
});

test.serial(
  'a network without free addresses says so, and goes on when some are free',
  async (t) => {
    await lab.tsctl(['network', 'create', '--subnet', '10.77.0.0/29', 'tiny']);
    const flags = ['--detach', '--name', 'many', '--network', 'tiny', '--replicas', '6'];
    await lab.tsctl(['service', 'create', ...flags, ...idle]);
    const text = 'network tiny: 5 of 5 addresses of 10.77.0.0/29 in use';
    await poll('the exhaustion told', async () => {
      const { error } = await inspect('tiny');
      const tasks = await lab.tsctl(['service', 'ps', '--no-trunc', 'many']);
      return error === text && tasks.includes(text);
    });
    await lab.tsctl(['service', 'scale', '--detach', 'many=2']);
    await poll(
      'the network to have room again',
      async () => (await inspect('tiny')).error === undefined,
    );
    t.pass();
  },
);

test.serial('a fixed address stays with its slot', async (t) => {
  await lab.tsctl(['network', 'create', '--subnet', '10.78.0.0/24', 'fixed']);
  const network = 'name=fixed,ip=10.78.0.11,ip=10.78.0.12';
  const flags = ['--name', 'redis', '--network', network, '--replicas', '2'];
  await lab.tsctl(['service', 'create', ...flags, ...idle], { deadlineMs: 120_000 });
  const addresses = async (): Promise<readonly string[]> =>
    Object.values((await inspect('fixed')).endpoints)
      .flat()
      .map(({ address }) => address.address)
      .toSorted();
  t.deepEqual(await addresses(), ['10.78.0.11', '10.78.0.12']);
  await lab.tsctl(['service', 'update', '--force', 'redis'], { deadlineMs: 120_000 });
  t.deepEqual(await addresses(), ['10.78.0.11', '10.78.0.12']);
});

test.serial('a published port answers on every node, and no second service gets it', async (t) => {
  const flags = ['--name', 'front', '--publish', '8080:80', '--replicas', '1'];
  await lab.tsctl(['service', 'create', ...flags, 'web:latest'], { deadlineMs: 120_000 });
  // From both sides of the lab: the one that runs the task, and the one that does not.
  const ask = (host: string): readonly string[] => [
    'bash',
    '-c',
    `exec 3<>/dev/tcp/${host}/8080 && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && timeout 5 cat <&3`,
  ];
  for (const from of lab.hosts)
    for (const host of lab.hosts)
      await poll(`an answer of ${host} to ${from}`, async () =>
        (await lab.tryExec(from, ask(host))).stdout.includes('200 OK'),
      );
  const second = ['--detach', '--name', 'rival', '--publish', '8080:81'];
  const refused = await lab.tryTsctl(['service', 'create', ...second, 'web:latest']);
  t.regex(
    refused.stderr,
    /port '8080' is already in use by service 'front' \(\w+\) as an ingress port/,
  );
  t.regex(
    await lab.tsctl(['network', 'ls']),
    /ingress +overlay +\d+ +10\.\d+\.0\.0\/16[^\n]* ingress/,
  );
  t.regex((await lab.tryTsctl(['network', 'rm', 'ingress'])).stderr, /in use by service front/);
});

test.serial('networks go when nothing uses them any more', async (t) => {
  await lab.tsctl(['service', 'rm', 'web', 'many', 'redis', 'front']);
  for (const name of ['backend', 'tiny', 'fixed', 'ingress'])
    await poll(
      `${name} to go`,
      async () => (await lab.tryTsctl(['network', 'rm', name])).code === 0,
    );
  t.notRegex(await lab.tsctl(['network', 'ls']), /backend|tiny|fixed|ingress/);
});
