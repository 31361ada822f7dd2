import test from 'ava';
import { ClusterError } from '#lib';
import {
  Availability,
  ControlService,
  GetServiceResponse,
  ListNodesResponse,
  ListServicesResponse,
  ListTasksResponse,
  LocalService,
  InfoResponse,
  Node,
  NodeDescription,
  NodeSpec,
  NodeState,
  NodeStatus,
  RemoveServiceResponse,
  Service,
  ServiceSpec,
  Task,
  TaskSpec,
  TaskState,
  TaskStatus,
  UpdateServiceResponse,
} from '#proto';
import type { UpdateServiceRequest } from '#proto';
import { FakeDaemon, startMs, tsctl } from '#test/_support/fake-cli';

const service = (name: string, version: number): Service =>
  Service.create({
    id: `${name}-id`.padEnd(25, 'x'),
    meta: { version, createdAtMs: 0, updatedAtMs: 0 },
    spec: ServiceSpec.create({
      name,
      task: TaskSpec.create(),
      mode: { kind: 'replicated', replicated: { replicas: 2 } },
    }),
  });

test('wrong command lines end with 2 and one line that helps', async (t) => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['servce ls', /^tsctl: 'servce' is not a command of tsctl: did you mean 'tsctl service'\?$/],
    ['service creat', /did you mean 'tsctl service create'\?$/],
    ['frobnicate', /see 'tsctl --help'$/],
    ['service create --replcas 3 x', /unknown option '--replcas': did you mean --replicas\?$/],
    [
      'service create',
      /missing required argument 'IMAGE': name it, or give a file that has one with --from$/,
    ],
    ['service scale web', /'web': write it as SERVICE=REPLICAS$/],
    ['service scale web=-1', /'web=-1|'-1'/],
    ['service ls --format xml', /--format xml: use one of table, json, name$/],
    ['service ls -f colour=red', /--filter 'colour=red'/],
    ['node update host1', /nothing to change/],
    ['update', /nothing to change/],
    ['init --cert-expiry 10x', /--cert-expiry '10x': write a duration/],
    ['init --label =x', /--label '=x'/],
    ['cluster update-address', /nothing to change/],
    ['init --force', /--force belongs to --force-new-cluster$/],
    ['init --force-new-cluster --restore b', /goes with --force only/],
    ['init --restore b --cert-expiry 24h', /takes the cluster's settings from the backup/],
    ['node update --availability away host1', /--availability 'away': use one of/],
    ['join-token', /missing required argument 'ROLE'$/],
    ['join-token boss', /ROLE 'boss': use one of worker, manager$/],
    ['join host1:7377', /required option '--token <token>' not specified$/],
    ['node ls extra', /too many arguments/],
    ['version --format', /argument missing$/],
  ];
  const daemon = new FakeDaemon()
    .on(ControlService.listServices, () => ListServicesResponse.create())
    .on(ControlService.listNodes, () => ListNodesResponse.create());
  for (const [line, message] of cases) {
    const { code, err, out } = await tsctl(daemon, line.split(' '));
    t.is(code, 2, line);
    t.is(out, '', line);
    t.regex(err.trimEnd(), message, line);
    t.is(err.trimEnd().split('\n').length, 1, err);
  }
});

test('what the daemon refuses ends with 1 and its words', async (t) => {
  const daemon = new FakeDaemon().on(ControlService.getService, () => {
    throw new ClusterError('NOT_FOUND', "service web not found: see 'tsctl service ls'");
  });
  const { code, err } = await tsctl(daemon, ['service', 'scale', '-d', 'web=3']);
  t.is(code, 1);
  t.is(err, "tsctl: service web not found: see 'tsctl service ls'\n");
});

test('help goes to standard output, has examples, and ends with 0', async (t) => {
  for (const line of ['--help', 'service --help', 'service create --help', 'lab up --help']) {
    const { code, out, err } = await tsctl(new FakeDaemon(), line.split(' '));
    t.is(code, 0, line);
    t.is(err, '', line);
    t.regex(out, /^Usage: tsctl/, line);
    if (line.split(' ').length > 2) t.regex(out, /\nExamples:\n {2}tsctl /, line);
  }
});

test('the version is told as other tools are asked for it', async (t) => {
  const asked = await Promise.all(
    ['version', '--version', '-v'].map((line) => tsctl(new FakeDaemon(), [line])),
  );
  for (const { code, out } of asked) {
    t.is(code, 0);
    t.regex(out, /^Client: \d+\.\d+\.\d+ /);
  }
});

test('create sends the spec, and leaves the flags of the command in the container alone', async (t) => {
  const daemon = new FakeDaemon().on(ControlService.createService, ({ spec }) => ({
    service: Service.create({ id: 'abc', spec }),
    warnings: ['mind the gap'],
  }));
  const line = 'service create -d=true --read-only=false --name web busybox ls -d --tty=false';
  const { code, out, err } = await tsctl(daemon, line.split(' '));
  t.is(code, 0, err);
  t.is(out, 'abc\n');
  t.is(err, 'tsctl: warning: mind the gap\n');
  const requests = daemon.requests as { request: { spec: ServiceSpec } }[];
  const spec = requests[0]?.request.spec;
  t.like(spec?.task?.containers[0], {
    image: 'busybox',
    args: ['ls', '-d', '--tty=false'],
    isReadOnly: false,
  });
});

test('an update that was overtaken is made again on the new version', async (t) => {
  let version = 7;
  const daemon = new FakeDaemon()
    .on(ControlService.getService, () =>
      GetServiceResponse.create({ service: service('web', version) }),
    )
    .on(ControlService.updateService, (request: UpdateServiceRequest) => {
      if (request.version < 9) {
        version++;
        throw new ClusterError('STALE_VERSION', 'service web was changed meanwhile');
      }
      return UpdateServiceResponse.create({ service: service('web', request.version) });
    });
  const line = ['service', 'update', '-d', '--env-add', 'A=1', 'web'];
  const { code, err } = await tsctl(daemon, line);
  t.is(code, 0, err);
  const updates = daemon.requests.filter(({ path }) => path.endsWith('/UpdateService'));
  t.deepEqual(
    updates.map(({ request }) => (request as UpdateServiceRequest).version),
    [7, 8, 9],
  );
});

test('rm goes on after an error, prints each, and ends with 1', async (t) => {
  const daemon = new FakeDaemon().on(ControlService.removeService, ({ ref }) => {
    if (ref !== 'b') throw new ClusterError('NOT_FOUND', `service ${ref} not found`);
    return RemoveServiceResponse.create();
  });
  const { code, out, err } = await tsctl(daemon, ['service', 'rm', 'a', 'b', 'c']);
  t.is(code, 1);
  t.is(out, 'b\n');
  t.is(err, 'tsctl: service a not found\ntsctl: service c not found\n');
});

const node = (id: string, hostname: string, state: NodeState): Node =>
  Node.create({
    id,
    spec: NodeSpec.create({ availability: Availability.ACTIVE }),
    description: NodeDescription.create({ hostname, tesseraVersion: '0.1.0' }),
    status: NodeStatus.create({ state }),
  });

test("node ls prints docker's columns, marks the node that answers, sorts by number", async (t) => {
  const daemon = new FakeDaemon()
    .on(ControlService.listNodes, () =>
      ListNodesResponse.create({
        nodes: [
          node('c'.repeat(25), 'host10', NodeState.DOWN),
          { ...node('b'.repeat(25), 'host2', NodeState.READY), managerStatus: leader },
        ],
      }),
    )
    .on(LocalService.info, () => InfoResponse.create({ nodeId: 'b'.repeat(25) }));
  const { out } = await tsctl(daemon, ['node', 'ls']);
  t.is(
    out,
    [
      'ID                            HOSTNAME   STATUS   AVAILABILITY   MANAGER STATUS   ENGINE VERSION',
      `${'b'.repeat(25)} *   host2      Ready    Active         Leader           0.1.0`,
      `${'c'.repeat(25)}     host10     Down     Active                          0.1.0`,
      '',
    ].join('\n'),
  );
  t.is((await tsctl(daemon, ['node', 'ls', '-q'])).out, `${'b'.repeat(25)}\n${'c'.repeat(25)}\n`);
  t.is((await tsctl(daemon, ['node', 'ls', '--format', 'name'])).out, 'host2\nhost10\n');
  const json = JSON.parse((await tsctl(daemon, ['node', 'ls', '--format', 'json'])).out) as unknown;
  t.like(json, [{ status: { state: 'READY' } }, { status: { state: 'DOWN' } }]);
});

const leader = { raftId: 1, address: '', isLeader: true, reachability: 2 as const };

function task(id: string, slot: number, state: TaskState, agoMs: number, error = ''): Task {
  const isOver = state > TaskState.RUNNING;
  return Task.create({
    id: id.padEnd(25, id),
    serviceName: 'web',
    slot,
    nodeId: 'b'.repeat(25),
    spec: TaskSpec.create({
      containers: [{ ...emptyContainer, image: 'busybox:1' }],
    }),
    meta: { version: 1, createdAtMs: startMs - agoMs, updatedAtMs: 0 },
    desiredState: isOver ? TaskState.SHUTDOWN : TaskState.RUNNING,
    status: TaskStatus.create({ state, changedAtMs: startMs - agoMs, error }),
  });
}

const emptyContainer = {
  name: '',
  image: '',
  command: [],
  args: [],
  env: [],
  labels: {},
  workingDirectory: '',
  user: '',
  groups: [],
  mounts: [],
  isReadOnly: false,
  capabilityAdd: [],
  capabilityDrop: [],
  stopSignal: '',
  tty: false,
  sysctls: {},
};

test('service ps hangs the history of a slot below its newest task', async (t) => {
  const pages = [
    ListTasksResponse.create({
      tasks: [
        task('e', 2, TaskState.RUNNING, 3_600_000),
        task('a', 1, TaskState.FAILED, 60_000, 'exit 1'),
      ],
      nextAfterId: 'more',
    }),
    ListTasksResponse.create({ tasks: [task('c', 1, TaskState.RUNNING, 5_000)] }),
  ];
  const daemon = new FakeDaemon()
    .on(ControlService.listNodes, () =>
      ListNodesResponse.create({ nodes: [node('b'.repeat(25), 'host2', NodeState.READY)] }),
    )
    .on(ControlService.listTasks, ({ afterId }) => pages[afterId === '' ? 0 : 1] ?? pages);
  const { out, err } = await tsctl(daemon, ['service', 'ps', 'web']);
  t.is(err, '');
  t.is(
    out,
    [
      'ID             NAME        IMAGE       NODE    DESIRED STATE   CURRENT STATE               ERROR      PORTS',
      'cccccccccccc   web.1       busybox:1   host2   Running         Running 5 seconds ago',
      'aaaaaaaaaaaa    \\_ web.1   busybox:1   host2   Shutdown        Failed about a minute ago   "exit 1"',
      'eeeeeeeeeeee   web.2       busybox:1   host2   Running         Running about an hour ago',
      '',
    ].join('\n'),
  );
});

test('completion knows every command and flag', async (t) => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, out } = await tsctl(new FakeDaemon(), ['completion', shell]);
    t.is(code, 0);
    for (const word of ['service', 'rollback', 'restart-max-attempts', 'join-token'])
      t.true(out.includes(word), `${shell}: ${word}`);
  }
});
