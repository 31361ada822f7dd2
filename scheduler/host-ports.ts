/** Ports that tasks take on the host itself. */
import { PublishMode } from '#proto';
import type { PortConfig, Task } from '#proto';

/** Ports of one node in use: by protocol and number, how many tasks hold which address. */
export class HostPorts {
  readonly #held = new Map<string, Map<string, number>>();

  take(ports: readonly PortConfig[]): void {
    for (const port of ports) {
      const held = this.#held.get(portKey(port)) ?? new Map<string, number>();
      held.set(port.hostIp, (held.get(port.hostIp) ?? 0) + 1);
      this.#held.set(portKey(port), held);
    }
  }

  release(ports: readonly PortConfig[]): void {
    for (const port of ports) {
      const held = this.#held.get(portKey(port));
      const left = (held?.get(port.hostIp) ?? 0) - 1;
      if (held === undefined || left < 0) continue;
      if (left > 0) held.set(port.hostIp, left);
      else held.delete(port.hostIp);
      if (held.size === 0) this.#held.delete(portKey(port));
    }
  }

  /** Whether none is in use. An empty address stands for all, so it meets every other. */
  areFree(ports: readonly PortConfig[]): boolean {
    return ports.every((port) => {
      const held = this.#held.get(portKey(port));
      if (held === undefined) return true;
      return port.hostIp !== '' && !held.has(port.hostIp) && !held.has('');
    });
  }
}

function portKey(port: PortConfig): string {
  return `${port.protocol}/${port.publishedPort}`;
}

function isFixed(port: PortConfig): boolean {
  return port.mode === PublishMode.HOST && port.publishedPort > 0;
}

/** The host ports a task asks for by number. */
export function wantedHostPorts(task: Task): readonly PortConfig[] {
  return task.ports.length === 0 ? task.ports : task.ports.filter(isFixed);
}

/** The host ports a task holds: those it asked for and those its node gave it. */
export function heldHostPorts(task: Task): readonly PortConfig[] {
  const given = task.status?.ports ?? [];
  return given.length === 0 ? wantedHostPorts(task) : given.filter(isFixed);
}
