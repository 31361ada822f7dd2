/** One host of a lab: boot, power cut, entering it. */
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ClusterError } from '#lib';
import {
  hostGroupFiles,
  killAll,
  makeHostGroups,
  processesOf,
  removeGroups,
} from './cgroups-node.ts';
import { initScript, launchScript } from './host-init.ts';
import {
  gatewayAddress,
  hostAddress,
  hostAddressV6,
  hostMarker,
  hostName,
  hostPaths,
  labPaths,
} from './names.ts';
import { connectHost } from './network-node.ts';
import type { LabState } from './state-node.ts';

const namespaces = ['--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup'];

/** The host's process 1 as this machine numbers it; undefined when the host is off. */
export function initPid(lab: string, host: number): number | undefined {
  for (const pid of processesOf(lab, hostName(host))) {
    try {
      const ids = /^NSpid:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
      const marker = hostMarker(lab, host);
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (/\s1$/.test(ids) && words.includes(marker)) return pid;
    } catch {
      // It ended while it was looked at.
    }
  }
  return undefined;
}

async function waitFor<T>(
  what: string,
  deadlineMs: number,
  check: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    const value = await check();
    if (value !== undefined) return value;
    if (performance.now() > endMs)
      throw new ClusterError('DEADLINE_EXCEEDED', `${what}: waited ${deadlineMs / 1000} s in vain`);
    await delay(10);
  }
}

/** Powers a host on that is off; resolves when its process 1 has its network. */
export async function bootHost(root: string, lab: LabState, host: number): Promise<void> {
  const name = hostName(host);
  await killAll(lab.name, name);
  await removeGroups(lab.name, name);
  const paths = hostPaths(root, lab.name, host);
  rmSync(paths.run, { recursive: true, force: true });
  for (const dir of [paths.run, paths.containerd, paths.tessera])
    mkdirSync(dir, { recursive: true });
  writeFileSync(paths.init, initScript);
  startInit(root, lab, host, makeHostGroups(lab.name, name));
  const pid = await waitFor(`${name} does not boot, see ${paths.dir}/init.log`, 20_000, () =>
    initPid(lab.name, host),
  );
  await connectHost(lab, host, pid);
  await waitFor(`${name} does not boot, see ${paths.dir}/init.log`, 20_000, () =>
    existsSync(`${paths.run}/lab/booted`) ? true : undefined,
  );
}

function startInit(root: string, lab: LabState, host: number, groupFiles: string[]): void {
  const paths = hostPaths(root, lab.name, host);
  const log = openSync(`${paths.dir}/init.log`, 'a');
  const args = [
    paths.init,
    hostMarker(lab.name, host),
    hostName(host),
    paths.dir,
    labPaths(root, lab.name).hostsFile,
    `${hostAddress(lab.index, host)}/24`,
    gatewayAddress(lab.index),
    `${hostAddressV6(lab.index, host)}/64`,
    lab.tesserad,
    ...lab.tesseradArgs,
  ];
  const child = spawn('sh', ['-c', launchScript, hostMarker(lab.name, host), 'sh', ...args], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: '/',
    env: {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/root',
      TESSERA_LAB_CGROUPS: groupFiles.join(' '),
    },
  });
  child.on('error', () => undefined);
  child.unref();
  closeSync(log);
}

/** SIGKILL to every process of the host; what it had in memory, mounts and network is gone. */
export async function cutPower(lab: string, host: number): Promise<void> {
  const pid = initPid(lab, host);
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
  await killAll(lab, hostName(host));
  await removeGroups(lab, hostName(host));
}

/** Kills what still carries the lab's mark but has not reached its cgroups. */
export function killStrays(lab: string): void {
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const words = readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0');
      const isStray = words.some((word) => word.startsWith(`${hostMarker(lab, 1).slice(0, -1)}`));
      if (isStray && Number(entry) !== process.pid) process.kill(Number(entry), 'SIGKILL');
    } catch {
      // It ended while it was looked at.
    }
  }
}

/** The command line that runs `command` inside the host, in its cgroups and namespaces. */
export function enterCommand(lab: string, host: number, command: readonly string[]): string[] {
  const pid = initPid(lab, host);
  if (pid === undefined) {
    const name = hostName(host);
    throw new ClusterError(
      'FAILED_PRECONDITION',
      `${name} of lab ${lab} is off: start it with 'tsctl lab start ${name} --name ${lab}'`,
    );
  }
  const files = hostGroupFiles(lab, hostName(host)).join(' ');
  const enter = `for file in ${files}; do echo $$ >"$file"; done; exec nsenter "$@"`;
  const inside = 'cd "$0" 2>/dev/null; exec "$@"';
  const target = ['--target', String(pid), ...namespaces, '--'];
  return ['sh', '-c', enter, 'sh', ...target, 'sh', '-c', inside, process.cwd(), ...command];
}

/** Resolves when something listens on the unix socket. */
export async function waitForSocket(path: string, deadlineMs: number): Promise<void> {
  await waitFor(`nothing listens on ${path}`, deadlineMs, () => tryConnect(path));
}

function tryConnect(path: string): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(undefined));
  });
}
