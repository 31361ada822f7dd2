/** `service create --from`: a service in YAML. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { UsageError } from '#cli/cli';
import { specFromFlags } from '#cli/service/create-spec';
import { serviceFromFile, withCommandLine } from '#cli/service/service-file';
import { ControlService, CreateServiceResponse, Service, ServiceSpec, toJson } from '#proto';
import { FakeDaemon, tsctl } from '#test/_support/fake-cli';

const sources = { env: {}, readFile: () => 'FILED=1\n' };

/** What `service create --from` makes of the file, with these flags and this rest of the line. */
function specOf(text: string, flags: Record<string, unknown> = {}, line: string[] = []): unknown {
  const filed = serviceFromFile(text, flags);
  const [image, ...args] = line;
  const runs = withCommandLine(filed, image, args);
  return toJson(ServiceSpec, specFromFlags(runs.image, runs.args, filed.flags, sources));
}

const placed = `
name: web
image: web:2
args: [serve, --port, 8080]
replicas: 3
env: {LEVEL: info, REGION: north}
env-file: web.env
label: [tier=front]
constraint: [node.role==worker]
node-selector: {disk: ssd}
toleration: ["disk=slow:NoSchedule", "gpu:NoExecute:30"]
affinity: [db@node.labels.zone]
anti-affinity: [self@node.hostname]
spread: [node.labels.zone]
placement-pref: [spread=node.labels.rack]
replicas-max-per-node: 2
reserve-cpu: 0.5
reserve-memory: 64MiB
priority: 100
max-unavailable: 25%
read-only: true
`;

test('a file says what the flags of its names say, those of placement too', (t) => {
  const flags = {
    name: 'web',
    replicas: '3',
    env: ['LEVEL=info', 'REGION=north'],
    envFile: ['web.env'],
    label: ['tier=front'],
    constraint: ['node.role==worker'],
    nodeSelector: ['disk=ssd'],
    toleration: ['disk=slow:NoSchedule', 'gpu:NoExecute:30'],
    affinity: ['db@node.labels.zone'],
    antiAffinity: ['self@node.hostname'],
    spread: ['node.labels.zone'],
    placementPref: ['spread=node.labels.rack'],
    replicasMaxPerNode: '2',
    reserveCpu: '0.5',
    reserveMemory: '64MiB',
    priority: '100',
    maxUnavailable: '25%',
    readOnly: true,
  };
  const spec = specFromFlags('web:2', ['serve', '--port', '8080'], flags, sources);
  t.deepEqual(specOf(placed), toJson(ServiceSpec, spec));
});

test('flags go before what the file says, and an image brings its own arguments', (t) => {
  const changed = specOf(placed, { replicas: '5', label: ['a=b'] }, ['web:3', 'debug']);
  const line = placed
    .replace('replicas: 3', 'replicas: 5')
    .replace('label: [tier=front]', 'label: [a=b]')
    .replace('image: web:2', 'image: web:3')
    .replace('args: [serve, --port, 8080]', 'args: debug');
  t.deepEqual(changed, specOf(line));
});

test('what is wrong in a file is named with its place', (t) => {
  const wrong = (text: string): string =>
    t.throws(() => specOf(text), { instanceOf: UsageError }).message;
  t.is(wrong('replica: 3'), "--from: the file: there is no 'replica': did you mean 'replicas'?");
  t.is(wrong('quantum: 3'), "--from: the file: there is no 'quantum'");
  t.is(wrong('- web'), '--from: the file: write it as names with values');
  t.is(wrong('image: [a, b]'), '--from: the file.image: write it as one word');
  t.is(wrong('image: a\nenv: {A: [1]}'), '--from: the file.env.A: write it as one word');
  t.regex(wrong('image: a\nreplicas: many'), /^--replicas 'many': /);
  t.regex(wrong('image: a\ntoleration: [":Never"]'), /^--toleration ':Never': /);
  t.regex(wrong('image: "a'), /^--from: not YAML: /);
  t.is(
    wrong('name: web'),
    "missing required argument 'IMAGE': name it, or give a file that has one with --from",
  );
});

test('tsctl service create --from sends it; without an image and a file it says what is missing', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-file-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const path = join(folder, 'web.yaml');
  await writeFile(path, placed.replace('env-file: web.env\n', ''));
  const sent: ServiceSpec[] = [];
  const daemon = new FakeDaemon().on(ControlService.createService, ({ spec }) => {
    if (spec !== undefined) sent.push(spec);
    return CreateServiceResponse.create({ service: Service.create({ id: 's1', spec }) });
  });
  const made = await tsctl(daemon, ['service', 'create', '-d', '--from', path, '--priority', '7']);
  t.deepEqual([made.code, made.err, made.out], [0, '', 's1\n']);
  const line = placed.replace('env-file: web.env\n', '').replace('priority: 100', 'priority: 7');
  t.deepEqual(sent[0] && toJson(ServiceSpec, sent[0]), specOf(line));
  const without = await tsctl(daemon, ['service', 'create', '-d', '--name', 'web']);
  t.not(without.code, 0);
  t.regex(without.err, /missing required argument 'IMAGE': name it, or give a file/);
  const missing = await tsctl(daemon, ['service', 'create', '--from', join(folder, 'other')]);
  t.regex(missing.err, /other': no such file/);
  await writeFile(path, 'x'.repeat((1 << 20) + 1));
  const large = await tsctl(daemon, ['service', 'create', '--from', path]);
  t.regex(large.err, /larger than 1048576 bytes/);
});
