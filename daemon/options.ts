import { ClusterError } from '#lib';
import type { Ms } from '#lib';
import type { GenericResources } from '#agent';
import { parseGenericResources } from './generic-resources.ts';
import { parseStore } from './store-choice.ts';
import type { StoreChoice } from './store-choice.ts';

/** The options of `tesserad`, checked. Every one has a default, so a host needs none. */
export interface Options {
  /** State of this host. One daemon per directory. */
  readonly dataDirectory: string;
  /** Where the local socket `tessera.sock` is made. */
  readonly runDirectory: string;
  /** containerd's socket. */
  readonly containerdSocket: string;
  /** containerd's namespace for our containers and images. */
  readonly containerdNamespace: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** host:port of the HTTP face (metrics, health); undefined = none. */
  readonly metricsAddress: string | undefined;
  /** Containers' control groups stand below this one. */
  readonly cgroupParent: string;
  /** IPv4 subnet of the default network of this host's tasks, CIDR; undefined = a free one is chosen. */
  readonly taskSubnet: string | undefined;
  /** A key of encrypted networks sends for this long before it gets a successor. */
  readonly networkKeyPeriodMs: Ms;
  /** What else this host has that tasks may reserve. */
  readonly genericResources: GenericResources;
  /** Where the state is kept when this host is a manager. */
  readonly store: StoreChoice;
  /** Empty = the host's own name. */
  readonly hostname: string;
  /** `simulated` runs nothing: for tests and figures of scale. */
  readonly runtime: 'containerd' | 'simulated';
}

/** What the command line asks for. */
export type Invocation =
  | { readonly kind: 'run'; readonly given: Given; readonly configFile: string | undefined }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' };

/** Option name -> text, as given by flags or by the file. */
export type Given = Readonly<Record<string, string>>;

interface OptionInfo {
  readonly value: string;
  readonly standard: string;
  readonly help: string;
  readonly isHidden?: boolean;
  /** Given several times it adds up, separated by commas. */
  readonly isList?: boolean;
}

const keyPeriodMinMs: Ms = 10_000;
const keyPeriodMaxMs: Ms = 720 * 3_600_000;

const infos: Readonly<Record<string, OptionInfo>> = {
  'data-dir': { value: 'DIR', standard: '/var/lib/tessera', help: 'state of this host' },
  'run-dir': { value: 'DIR', standard: '/run/tessera', help: 'where tessera.sock is made' },
  containerd: {
    value: 'SOCKET',
    standard: '/run/containerd/containerd.sock',
    help: "containerd's socket",
  },
  'containerd-namespace': {
    value: 'NAME',
    standard: 'tessera',
    help: "containerd's namespace for containers and images",
  },
  'log-level': { value: 'LEVEL', standard: 'info', help: 'debug, info, warn or error' },
  metrics: {
    value: 'HOST:PORT',
    standard: '127.0.0.1:7378',
    help: "HTTP face with /metrics and /healthz; 'none' for no face",
  },
  'cgroup-parent': { value: 'PATH', standard: '/tessera', help: "parent of containers' cgroups" },
  'task-subnet': {
    value: 'CIDR',
    standard: '',
    help: "addresses of this host's tasks; default a free one of 10.200.0.0/16 to 10.219.0.0/16",
  },
  'network-key-period': {
    value: 'TIME',
    standard: '24h',
    help: "how long this host's key of encrypted networks is used, 10s to 720h",
  },
  'node-generic-resource': {
    value: 'KIND=N|NAME',
    standard: '',
    help: 'what this host has for tasks that reserve it, as in gpu=2 or gpu=uuid1; may be repeated',
    isList: true,
  },
  store: {
    value: 'STORE',
    standard: 'raft',
    help: "where managers keep the cluster's state: raft, or etcd://HOST:PORT[,...][/PREFIX]",
  },
  'store-ca': { value: 'FILE', standard: '', help: "PEM of etcd's certificate authority" },
  'store-cert': { value: 'FILE', standard: '', help: 'PEM of our certificate for etcd' },
  'store-key': { value: 'FILE', standard: '', help: 'PEM of its key' },
  'store-auth': {
    value: 'FILE',
    standard: '',
    help: "one line USER:PASSWORD, where etcd's auth is on",
  },
  hostname: { value: 'NAME', standard: '', help: "name shown for this node; default the host's" },
  runtime: { value: 'NAME', standard: 'containerd', help: '', isHidden: true },
};

/** Flags to an invocation. INVALID_ARGUMENT for what is not understood: exit code 2. */
export function parseFlags(argv: readonly string[]): Invocation {
  const given: Record<string, string> = {};
  let configFile: string | undefined;
  for (let i = 0; i < argv.length; i++) {
    const text = argv[i] ?? '';
    if (text === '--help' || text === '-h') return { kind: 'help' };
    if (text === '--version' || text === '-v') return { kind: 'version' };
    const match = /^--([a-z-]+)(?:=(.*))?$/s.exec(text);
    const [, name = '', inline] = match ?? [];
    if (name !== 'config' && !Object.hasOwn(infos, name))
      throw invalid(`unknown option ${text}: 'tesserad --help' lists them`);
    const value = inline ?? argv[++i];
    if (value === undefined) throw invalid(`--${name}: needs a value`);
    if (name === 'config') configFile = value;
    else given[name] = joined(name, given[name], value);
  }
  return { kind: 'run', given, configFile };
}

/** The content of a configuration file (a mapping of long option names) as texts. */
export function parseConfig(content: unknown, path: string): Given {
  if (content === null || content === undefined) return {};
  if (typeof content !== 'object' || Array.isArray(content))
    throw invalid(`${path}: expected a mapping such as 'log-level: debug'`);
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(content)) {
    if (!Object.hasOwn(infos, name))
      throw invalid(`${path}: unknown option ${name}: 'tesserad --help' lists them`);
    const isList = infos[name]?.isList === true && Array.isArray(value);
    const values: readonly unknown[] = isList ? value : [value];
    for (const one of values) {
      if (typeof one !== 'string' && typeof one !== 'number')
        throw invalid(`${path}: ${name}: expected a text`);
      given[name] = joined(name, given[name], String(one));
    }
  }
  return given;
}

/** The last word counts, but for lists. */
function joined(name: string, before: string | undefined, value: string): string {
  return infos[name]?.isList === true && before !== undefined ? `${before},${value}` : value;
}

/** Flags over file over default, all checked. */
export function resolveOptions(flags: Given, file: Given): Options {
  const text = (name: string): string => flags[name] ?? file[name] ?? infos[name]?.standard ?? '';
  const metrics = text('metrics');
  return {
    dataDirectory: absolute('data-dir', text('data-dir')),
    runDirectory: absolute('run-dir', text('run-dir')),
    containerdSocket: absolute('containerd', text('containerd')),
    containerdNamespace: matching(
      'containerd-namespace',
      text('containerd-namespace'),
      /^[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*$/,
      'letters, digits, dots and dashes',
    ),
    logLevel: oneOf('log-level', text('log-level'), ['debug', 'info', 'warn', 'error']),
    metricsAddress:
      metrics === 'none'
        ? undefined
        : matching('metrics', metrics, /^\S+:\d{1,5}$/, "HOST:PORT or 'none'"),
    cgroupParent: absolute('cgroup-parent', text('cgroup-parent')),
    taskSubnet: subnet(text('task-subnet')),
    networkKeyPeriodMs: keyPeriod(text('network-key-period')),
    genericResources: genericResources(text('node-generic-resource')),
    store: parseStore({
      store: text('store'),
      ca: text('store-ca'),
      certificate: text('store-cert'),
      key: text('store-key'),
      auth: text('store-auth'),
    }),
    hostname: text('hostname'),
    runtime: oneOf('runtime', text('runtime'), ['containerd', 'simulated']),
  };
}

/** What `tesserad --help` prints. */
export function helpText(): string {
  const lines = Object.entries(infos)
    .filter(([, info]) => info.isHidden !== true)
    .map(([name, { value, standard, help }]) => {
      const rest = standard === '' ? help : `${help} (default ${standard})`;
      return `  ${`--${name} ${value}`.padEnd(32)}${rest}`;
    });
  return `Usage: tesserad [OPTION VALUE]...

Runs Tessera on this host: always an agent, and a manager when the node's role says so.
It is in no cluster until 'tsctl init' or 'tsctl join' is run here.

Options:
${lines.join('\n')}
  ${'--config FILE'.padEnd(32)}YAML with the same names; flags win
  ${'--version'.padEnd(32)}print the version
  ${'--help'.padEnd(32)}print this

Examples:
  tesserad
  tesserad --data-dir /srv/tessera --log-level debug
  tesserad --store etcd://10.0.0.1:2379,10.0.0.2:2379 --store-ca /etc/tessera/etcd-ca.pem
  tesserad --config /etc/tessera/tesserad.yaml --metrics 127.0.0.1:9100
`;
}

function absolute(name: string, value: string): string {
  return matching(name, value, /^\/[^\0]*$/, 'an absolute path');
}

function matching(name: string, value: string, pattern: RegExp, expected: string): string {
  if (!pattern.test(value)) throw invalid(`--${name}: '${value}' is not valid: use ${expected}`);
  return value;
}

function subnet(value: string): string | undefined {
  if (value === '') return undefined;
  return matching(
    'task-subnet',
    value,
    /^\d{1,3}(\.\d{1,3}){3}\/(?:[89]|1\d|2[0-8])$/,
    'an IPv4 subnet of /8 to /28 such as 10.200.0.0/16',
  );
}

function keyPeriod(value: string): Ms {
  const [, number = '', unit = ''] = /^(\d{1,6})(s|m|h)$/.exec(value) ?? [];
  const ms = Number(number) * (unit === 's' ? 1_000 : unit === 'm' ? 60_000 : 3_600_000);
  if (ms >= keyPeriodMinMs && ms <= keyPeriodMaxMs) return ms;
  throw invalid(`--network-key-period: '${value}' is not valid: use 10s to 720h, such as 12h`);
}

function genericResources(value: string): GenericResources {
  const parsed = parseGenericResources(value);
  if (parsed !== undefined) return parsed;
  throw invalid(
    `--node-generic-resource: '${value}' is not valid: use KIND=NUMBER once for a kind, as in gpu=2, or KIND=NAME for each, as in gpu=uuid1`,
  );
}

function oneOf<const T extends string>(name: string, value: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found === undefined)
    throw invalid(`--${name}: '${value}' is not valid: use ${choices.join(', ')}`);
  return found;
}

function invalid(message: string): ClusterError {
  return new ClusterError('INVALID_ARGUMENT', message);
}
