/** Ports that tasks take on the host itself. */
import { PublishMode } from '#proto';
import type { PortConfig, Task } from '#proto';

/** Ports of one node in use: by protocol and number, how many tasks hold which address. */
export class HostPorts {
  readonly #held = new Map<string, Map<string, number>>();

  take(ports: readonly PortConfig[]): void {
    for (const port of ports) {
      const held = this.#held.get(portKey(port)) ?? new Map<string, number>();
      const address = addressOf(port);
      held.set(address, (held.get(address) ?? 0) + 1);
      this.#held.set(portKey(port), held);
    }
  }

  release(ports: readonly PortConfig[]): void {
    for (const port of ports) {
      const held = this.#held.get(portKey(port));
      const address = addressOf(port);
      const left = (held?.get(address) ?? 0) - 1;
      if (held === undefined || left < 0) continue;
      if (left > 0) held.set(address, left);
      else held.delete(address);
      if (held.size === 0) this.#held.delete(portKey(port));
    }
  }

  /** What is held that stands in the way of `ports`. */
  heldAgainst(ports: readonly PortConfig[]): readonly PortConfig[] {
    return ports.flatMap((port) => {
      const wanted = addressOf(port);
      return [...(this.#held.get(portKey(port)) ?? [])].flatMap(([hostIp, count]) =>
        wanted === '' || hostIp === '' || hostIp === wanted
          ? Array.from({ length: count }, () => ({ ...port, hostIp }))
          : [],
      );
    });
  }

  /** Whether none is in use. "" stands for all addresses, so it meets every other. */
  areFree(ports: readonly PortConfig[]): boolean {
    return ports.every((port) => {
      const held = this.#held.get(portKey(port));
      if (held === undefined) return true;
      const address = addressOf(port);
      return address !== '' && !held.has(address) && !held.has('');
    });
  }
}

/** The address that the port is bound to; "" for all, however that was written. */
export function addressOf({ hostIp }: Pick<PortConfig, 'hostIp'>): string {
  return hostIp === '0.0.0.0' || hostIp === '::' ? '' : hostIp;
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
