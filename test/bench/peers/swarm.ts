/**
 * Docker Swarm on several hosts of this machine, each a network namespace with a dockerd of its own:
 * the peer that `make bench` measures beside us. Needs root and Debian's docker.io.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { existsSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { makeHostGroups, removeGroups } from '#cli/lab/cgroups-node';
import { cgroupRoot } from '#cli/lab/names';
import { attempt, run } from '#test/_support/command';
import { poll } from '#test/_support/poll';
import { containersOf, runningTasksOf } from './docker-api.ts';

const bridge = 'tsswarm';
/** The hosts' control groups, beside those of our labs: how processes are grouped changes what starting them takes. */
const groups = 'tsswarm';
const network = '10.79.0';

export interface SwarmService {
  readonly name: string;
  readonly replicas: number;
  /** Undefined = none. */
  readonly network?: string | undefined;
  /** For `sh -c`. */
  readonly script: string;
}

export interface SwarmLab {
  /** Seconds until the service's tasks run, then until the last container is gone. */
  measure(service: SwarmService, image: string): Promise<{ create: number; remove: number }>;
  /** Of driver overlay. */
  createNetwork(name: string): Promise<void>;
  /** The docker client against host `number` (from 1). */
  docker(number: number, ...args: readonly string[]): Promise<string>;
  /** The network namespace of host `number`, as `ip netns` names it. */
  namespaceOf(number: number): string;
  /** Address of host `number` beside the others. */
  addressOf(number: number): string;
  close(): Promise<void>;
}

export function swarmIsInstalled(): boolean {
  return existsSync('/usr/sbin/dockerd');
}

class Host {
  readonly number: number;
  readonly folder: string;
  daemon: ChildProcess | undefined;

  constructor(number: number, root: string) {
    this.number = number;
    this.folder = join(root, String(number));
  }

  get namespace(): string {
    return `tsswarm${this.number}`;
  }

  get socket(): string {
    return join(this.folder, 'docker.sock');
  }

  docker(...args: readonly string[]): Promise<string> {
    return run(['docker', '-H', `unix://${this.socket}`, ...args]);
  }

  async start(): Promise<void> {
    const veth = `${this.namespace}v`;
    await attempt(['ip', 'link', 'del', veth]);
    await attempt(['ip', 'netns', 'del', this.namespace]);
    await run(['ip', 'netns', 'add', this.namespace]);
    await run(['ip', 'link', 'add', veth, 'type', 'veth', 'peer', 'eth0', 'netns', this.namespace]);
    await run(['ip', 'link', 'set', veth, 'master', bridge, 'up']);
    const inside = `addr add ${network}.${this.number}/24 dev eth0\nlink set eth0 up\nlink set lo up\nroute add default via ${network}.254\n`;
    await run(['ip', '-n', this.namespace, '-batch', '-'], { input: inside });
    await mkdir(join(this.folder, 'lib'), { recursive: true });
    const script = `for file in $3; do echo $$ >"$file"; done
hostname swarm${this.number}; mount -t tmpfs tmpfs /run; mkdir -p /run/docker
export DOCKER_SERVICE_PREFER_OFFLINE_IMAGE=1
exec dockerd --data-root "$1/lib" --exec-root /run/docker -H "unix://$1/docker.sock" -p "$1/pid" --cgroup-parent "$2" --log-level warn`;
    const log = openSync(join(this.folder, 'log'), 'a');
    const enter = [
      '--net=/run/netns/' + this.namespace,
      'unshare',
      '-m',
      '--uts',
      '--propagation',
      'slave',
    ];
    this.daemon = spawn(
      'nsenter',
      [...enter, 'bash', '-c', script, 'bash', this.folder, this.#group, this.#enterGroup()],
      {
        stdio: ['ignore', log, log],
      },
    );
    await poll(`dockerd ${this.number} answers`, () => this.docker('version').then(() => true));
  }

  async stop(): Promise<void> {
    const daemon = this.daemon;
    if (daemon !== undefined && daemon.exitCode === null) {
      const closed = new Promise((resolve) => daemon.once('exit', resolve));
      daemon.kill('SIGTERM');
      await closed;
    }
    await attempt(['ip', 'link', 'del', `${this.namespace}v`]);
    await attempt(['ip', 'netns', 'del', this.namespace]);
    await removeGroups(groups, this.namespace);
  }

  get #group(): string {
    return `/${cgroupRoot}/${groups}/${this.namespace}`;
  }

  /**
   * Files by which a process gets into the host's control groups: those of version 1, as our labs have them. In
   * groups of version 2 that have groups below them there are no processes.
   */
  #enterGroup(): string {
    return makeHostGroups(groups, this.namespace)
      .filter((file) => !existsSync(join(dirname(file), 'cgroup.controllers')))
      .join(' ');
  }
}

async function loadImage(hosts: readonly Host[], image: string): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'tsswarm-image-'));
  await mkdir(join(root, 'bin'));
  await cp('/bin/busybox', join(root, 'bin/busybox'));
  for (const name of ['sh', 'sleep', 'httpd', 'wget', 'hostname', 'cat'])
    await symlink('busybox', join(root, 'bin', name));
  const archive = join(root, '..', `tsswarm-${process.pid}.tar`);
  await run(['tar', '-C', root, '-cf', archive, '.']);
  for (const host of hosts)
    await host.docker('import', '-c', 'CMD ["/bin/sleep","1000000"]', archive, image);
  await rm(root, { recursive: true });
  await rm(archive);
}

/** Up with `count` hosts, all of them managers, and `image` on each. */
export async function startSwarm(count: number, image: string): Promise<SwarmLab> {
  const root = await mkdtemp('/var/tmp/tsswarm-');
  await attempt(['ip', 'link', 'add', bridge, 'type', 'bridge']);
  await attempt(['ip', 'addr', 'add', `${network}.254/24`, 'dev', bridge]);
  await run(['ip', 'link', 'set', bridge, 'up']);
  const hosts = Array.from({ length: count }, (_, i) => new Host(i + 1, root));
  const hostOf = (number: number): Host => {
    const host = hosts[number - 1];
    if (host === undefined) throw new Error(`the swarm has no host ${number}`);
    return host;
  };
  const close = async (): Promise<void> => {
    await Promise.all(hosts.map((host) => host.stop()));
    await attempt(['ip', 'link', 'del', bridge]);
    await removeGroups(groups);
    await rm(root, { recursive: true, force: true });
  };
  try {
    await Promise.all(hosts.map((host) => host.start()));
    const [first, ...others] = hosts;
    if (first === undefined) throw new Error('a swarm needs at least one host');
    await first.docker('swarm', 'init', '--advertise-addr', `${network}.1`);
    const token = (await first.docker('swarm', 'join-token', '-q', 'manager')).trim();
    for (const host of others)
      await host.docker('swarm', 'join', '--token', token, `${network}.1:2377`);
    await loadImage(hosts, image);
    return {
      close,
      measure: (service, used) => measure(hosts, first, service, used),
      createNetwork: async (name) => {
        await first.docker('network', 'create', '-d', 'overlay', '--attachable', name);
      },
      docker: (number, ...args) => hostOf(number).docker(...args),
      namespaceOf: (number) => hostOf(number).namespace,
      addressOf: (number) => `${network}.${number}`,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** On a machine where programs start slowly, 60 replicas on an overlay take Swarm more than a minute. */
const deadlineMs = 300_000;

async function measure(
  hosts: readonly Host[],
  first: Host,
  { name, replicas, network: attached, script }: SwarmService,
  image: string,
): Promise<{ create: number; remove: number }> {
  const startedAt = performance.now();
  await first.docker(
    ...['service', 'create', '-d', '--no-resolve-image', '--name', name],
    ...(attached === undefined ? [] : ['--network', attached]),
    ...['--replicas', String(replicas), image, 'sh', '-c', script],
  );
  await poll(
    `${replicas} replicas run`,
    async () => (await runningTasksOf(first.socket, name)) === replicas,
    { deadlineMs },
  );
  const create = (performance.now() - startedAt) / 1000;
  const removedAt = performance.now();
  await first.docker('service', 'rm', name);
  await poll(
    'the last container is gone',
    async () => {
      for (const { socket } of hosts) if ((await containersOf(socket, name)) > 0) return false;
      return true;
    },
    { deadlineMs },
  );
  return { create, remove: (performance.now() - removedAt) / 1000 };
}
