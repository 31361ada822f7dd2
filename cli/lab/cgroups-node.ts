/** A lab's cgroups: one folder per host in every hierarchy, holding all processes of that host. */
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ClusterError } from '#lib';
import { cgroupRoot } from './names.ts';

/** Where the machine's cgroup hierarchies are mounted: one for version 2, one per controller for 1. */
export function cgroupMounts(): string[] {
  const points = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter((fields) => fields[2] === 'cgroup' || fields[2] === 'cgroup2')
    .map((fields) => fields[1] ?? '');
  if (points.length > 0) return [...new Set(points)];
  throw new ClusterError(
    'FAILED_PRECONDITION',
    'no cgroup hierarchy is mounted under /sys/fs/cgroup: the lab needs cgroups (version 1 or 2)',
  );
}

const groupDirs = (path: string): string[] =>
  cgroupMounts().map((mount) => `${mount}/${cgroupRoot}/${path}`);

/** A cpuset (version 1) starts empty and then takes no process: it is given its parent's. */
function fillCpuset(dir: string): void {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const path = `${dir}/${file}`;
    if (!existsSync(path) || readFileSync(path, 'utf8').trim() !== '') continue;
    const parent = readFileSync(`${dir}/../${file}`, 'utf8').trim();
    if (parent !== '') writeFileSync(path, parent);
  }
}

/** On version 2 a parent must hand its controllers down before a child has any. */
function passControllersDown(dir: string): void {
  const parent = `${dir}/..`;
  if (!existsSync(`${parent}/cgroup.controllers`)) return;
  const names = readFileSync(`${parent}/cgroup.controllers`, 'utf8').trim().split(' ');
  for (const name of names.filter((text) => text !== '')) {
    try {
      writeFileSync(`${parent}/cgroup.subtree_control`, `+${name}`);
    } catch {
      // A controller that cannot be handed down is one the hosts do without.
    }
  }
}

/** Makes the host's groups; gives the `cgroup.procs` files that a process enters them by. */
export function makeHostGroups(lab: string, host: string): string[] {
  return groupDirs(`${lab}/${host}`).map((dir) => {
    mkdirSync(dir, { recursive: true });
    for (const path of [`${dir}/../..`, `${dir}/..`, dir]) {
      passControllersDown(path);
      fillCpuset(path);
    }
    return `${dir}/cgroup.procs`;
  });
}

/** The files of a host's existing groups, to move a process into them. */
export function hostGroupFiles(lab: string, host: string): string[] {
  return groupDirs(`${lab}/${host}`)
    .map((dir) => (existsSync(`${dir}/init`) ? `${dir}/init/cgroup.procs` : `${dir}/cgroup.procs`))
    .filter((file) => existsSync(file));
}

function subgroups(dir: string): string[] {
  let entries: string[];
  try {
    entries = readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `${dir}/${entry.name}`);
  } catch {
    return [];
  }
  return [...entries.flatMap(subgroups), dir];
}

/** Every process in the lab's (or one host's) groups, as this machine numbers them. */
export function processesOf(lab: string, host?: string): number[] {
  const path = host === undefined ? lab : `${lab}/${host}`;
  const pids = new Set<number>();
  for (const dir of groupDirs(path).flatMap(subgroups)) {
    try {
      for (const line of readFileSync(`${dir}/cgroup.procs`, 'utf8').split('\n'))
        if (Number(line) > 0) pids.add(Number(line));
    } catch {
      // The group went while it was read.
    }
  }
  return [...pids];
}

/** SIGKILL to all of them until none is left; DEADLINE_EXCEEDED after 15 s. */
export async function killAll(lab: string, host?: string): Promise<void> {
  for (let tries = 0; tries < 1500; tries++) {
    const pids = processesOf(lab, host);
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It was gone already.
      }
    }
    await delay(10);
  }
  throw new ClusterError(
    'DEADLINE_EXCEEDED',
    `processes of lab ${lab} survive SIGKILL: ${processesOf(lab, host).join(' ')}`,
  );
}

/** Removes the empty groups; those that are gone are no error. */
export async function removeGroups(lab: string, host?: string): Promise<void> {
  const path = host === undefined ? lab : `${lab}/${host}`;
  for (let tries = 0; tries < 200; tries++) {
    const dirs = groupDirs(path).flatMap(subgroups);
    if (dirs.length === 0) break;
    for (const dir of dirs) {
      try {
        rmdirSync(dir);
      } catch {
        // The kernel may still be taking the last process out: once more.
      }
    }
    await delay(10);
  }
  // The folder of all labs goes with the last lab.
  for (const root of groupDirs('.')) {
    try {
      rmdirSync(dirname(root));
    } catch {
      // Another lab is there, or it was gone.
    }
  }
}

/** Names of the labs that have groups, whether their state is there or not. */
export function labsWithGroups(): string[] {
  const names = new Set<string>();
  for (const mount of cgroupMounts()) {
    const dir = `${mount}/${cgroupRoot}`;
    if (!existsSync(dir)) continue;
    for (const entry of readdirSync(dir, { withFileTypes: true }))
      if (entry.isDirectory()) names.add(entry.name);
  }
  return [...names];
}
