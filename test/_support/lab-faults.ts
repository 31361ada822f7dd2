/** Faults of a lab's hosts that happen at once: `tsctl lab fault` takes as long as a program's start. */
import { readFileSync } from 'node:fs';
import { processesOf } from '#cli/lab/cgroups-node';
import { initPid } from '#cli/lab/host-node';
import { hostAddress, hostNumber, linkName } from '#cli/lab/names';
import { readLab } from '#cli/lab/state-node';
import { run } from './command.ts';
import { labsRoot } from './lab.ts';
import type { Lab } from './lab.ts';
import { poll } from './poll.ts';

/**
 * From /proc/PID/status: the number that a process of a lab's host has there. Undefined for those of its
 * containers, whose numbers in namespaces of their own may be the same.
 */
export function pidOnHost(status: string): string | undefined {
  return /^NSpid:\s+\d+\s+(\d+)$/m.exec(status)?.[1];
}

export class LabFaults {
  readonly #lab: Lab;

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  /** To the daemon alone; its host's init starts it again half a second after its end. */
  signal(host: string, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(this.#daemonPid(host), signal);
  }

  /** The kernel ends every process of the host at once. */
  cutPower(host: string): void {
    const pid = initPid(this.#lab.name, this.#number(host));
    if (pid === undefined) throw new Error(`${host} is off`);
    process.kill(pid, 'SIGKILL');
  }

  /** After `cutPower`: what is left goes, and the host boots. */
  boot(host: string): Promise<boolean> {
    return poll(`${host} boots`, async () => {
      await this.#lab.fault('kill', host);
      await this.#lab.start(host);
      return true;
    });
  }

  async cut(host: string): Promise<void> {
    await this.#link(host, 'down');
  }

  async heal(host: string): Promise<void> {
    await this.#link(host, 'up');
  }

  /** The host's kernel drops what comes from these others, and from nobody else: a one-way cut. */
  async dropFrom(host: string, others: readonly string[]): Promise<void> {
    const pid = initPid(this.#lab.name, this.#number(host));
    if (pid === undefined) throw new Error(`${host} is off`);
    const index = readLab(labsRoot, this.#lab.name)?.index ?? 0;
    const rules = others.map((other) => {
      const address = hostAddress(index, this.#number(other));
      return `add rule inet deaf in ip saddr ${address} drop`;
    });
    const chain = 'add chain inet deaf in { type filter hook input priority -10; }';
    const lines = ['add table inet deaf', 'delete table inet deaf'];
    if (rules.length > 0) lines.push('add table inet deaf', chain, ...rules);
    const enter = ['nsenter', '--target', String(pid), '--net', '/usr/sbin/nft', '-f', '-'];
    await run(enter, { input: `${lines.join('\n')}\n` });
  }

  #number(host: string): number {
    return hostNumber(host, this.#lab.hosts.length);
  }

  #link(host: string, state: 'up' | 'down'): Promise<string> {
    const index = readLab(labsRoot, this.#lab.name)?.index ?? 0;
    return run(['ip', 'link', 'set', linkName(index, this.#number(host)), state]);
  }

  /** As this machine numbers it; the host has namespaces of its own. */
  #daemonPid(host: string): number {
    const inside = readFileSync(`${this.#lab.stateOf(host)}/run/lab/tesserad.pid`, 'utf8').trim();
    for (const pid of processesOf(this.#lab.name, host)) {
      try {
        const status = readFileSync(`/proc/${pid}/status`, 'utf8');
        if (pidOnHost(status) === inside) return pid;
      } catch {
        // It ended while it was looked at.
      }
    }
    throw new Error(`no tesserad runs on ${host}`);
  }
}
