import { PublishMode } from '#proto';
import type { PortConfig, Protocol, Service } from '#proto';
import { portKey } from '../store/network-keys.ts';

/** Published ports that the cluster chooses itself. */
export const dynamicPortMin = 30_000;
export const dynamicPortMax = 32_767;

/** Which services publish which ports. */
export class PortBook {
  readonly #users = new Map<string, Set<string>>();
  readonly #byService = new Map<string, readonly string[]>();
  #cursor = dynamicPortMax;

  note(serviceId: string, ports: readonly PortConfig[]): void {
    this.forget(serviceId);
    if (ports.length === 0) return;
    const keys = [
      ...new Set(ports.map(({ protocol, publishedPort }) => portKey(protocol, publishedPort))),
    ];
    this.#byService.set(serviceId, keys);
    for (const key of keys) {
      const users = this.#users.get(key);
      if (users === undefined) this.#users.set(key, new Set([serviceId]));
      else users.add(serviceId);
    }
  }

  forget(serviceId: string): void {
    for (const key of this.#byService.get(serviceId) ?? []) {
      const users = this.#users.get(key);
      users?.delete(serviceId);
      if (users?.size === 0) this.#users.delete(key);
    }
    this.#byService.delete(serviceId);
  }

  /** The next free port that the cluster may choose; undefined when there is none. */
  next(protocol: Protocol, isTaken: (port: number) => boolean): number | undefined {
    const count = dynamicPortMax - dynamicPortMin + 1;
    for (let step = 0; step < count; step++) {
      this.#cursor = this.#cursor >= dynamicPortMax ? dynamicPortMin : this.#cursor + 1;
      if (this.#users.has(portKey(protocol, this.#cursor)) || isTaken(this.#cursor)) continue;
      return this.#cursor;
    }
    return undefined;
  }
}

/** What a port was before, where the cluster chose its number. */
function isSamePort(a: PortConfig, b: PortConfig): boolean {
  return a.targetPort === b.targetPort && a.protocol === b.protocol && a.hostIp === b.hostIp;
}

export interface ChosenPorts {
  readonly ports: readonly PortConfig[];
  /** '' unless there were none left. */
  readonly error: string;
}

/** The ports of a service with mode ingress, every number filled in; what was chosen before stays. */
export function choosePorts(service: Service, book: PortBook): ChosenPorts {
  const asked = (service.spec?.endpoint?.ports ?? []).filter(
    ({ mode }) => mode === PublishMode.INGRESS,
  );
  const before = [...(service.endpoint?.ports ?? [])];
  const ports: PortConfig[] = [];
  let error = '';
  for (const port of asked) {
    if (port.publishedPort !== 0) {
      ports.push(port);
      continue;
    }
    const isOurs = (one: PortConfig): boolean =>
      one.publishedPort >= dynamicPortMin &&
      one.publishedPort <= dynamicPortMax &&
      isSamePort(one, port) &&
      !asked.some((other) => other.publishedPort === one.publishedPort);
    const at = before.findIndex(isOurs);
    const kept = at < 0 ? undefined : before.splice(at, 1)[0];
    const publishedPort =
      kept?.publishedPort ??
      book.next(port.protocol, (number) => ports.some((one) => one.publishedPort === number));
    if (publishedPort === undefined) {
      error =
        `all ports of ${dynamicPortMin} to ${dynamicPortMax} are in use:` +
        ` give --publish published=`;
      continue;
    }
    ports.push({ ...port, publishedPort });
  }
  return { ports, error };
}
