/** What this host is: asked once at the start of the agent and with every description of the node. */
import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import type { Platform, Resources } from '#proto';
import { Platform as PlatformCodec, Resources as ResourcesCodec } from '#proto';

/** OCI's names of Node's architectures. */
const architectures: Readonly<Record<string, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
  ia32: '386',
};

export function hostPlatform(): Platform {
  return PlatformCodec.create({
    os: process.platform,
    architecture: architectures[process.arch] ?? process.arch,
  });
}

export function hostResources(): Resources {
  return ResourcesCodec.create({
    cpuNano: os.availableParallelism() * 1e9,
    memoryBytes: os.totalmem(),
    pids: Number(readText('/proc/sys/kernel/pid_max')),
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

export function operatingSystem(): string {
  const text = readText('/etc/os-release') || readText('/usr/lib/os-release');
  return /^PRETTY_NAME="?([^"\n]*)/m.exec(text)?.[1] ?? 'Linux';
}

export const kernelVersion = (): string => os.release();

export function cgroupVersion(): 1 | 2 {
  return existsSync('/sys/fs/cgroup/cgroup.controllers') ? 2 : 1;
}

export function hasSeccomp(): boolean {
  return /^Seccomp:/m.test(readText('/proc/self/status'));
}
