/** Which published ports of this host belong to which task; pure. */
import { ClusterError } from '#lib';
import { PortConfig } from '#proto';
import { isEveryAddress, protocolName } from './rules.ts';

/** Ports that are given out when none was asked for; the same range as other orchestrators use. */
const dynamicFirst = 30_000;
const dynamicLast = 32_767;

interface Holder {
  readonly taskId: string;
  readonly hostIp: string;
}

export class PublishedPorts {
  /** By protocol and port; several addresses of the host may have the same port. */
  readonly #holders = new Map<string, Holder[]>();
  #next = dynamicFirst;

  /** All or nothing. FAILED_PRECONDITION naming the port; LIMIT_EXCEEDED without free dynamic ports. */
  take(taskId: string, ports: readonly PortConfig[]): readonly PortConfig[] {
    const taken: PortConfig[] = [];
    try {
      for (const port of ports) {
        const filled = port.publishedPort === 0 ? this.#choose(port) : port;
        this.#takeOne(taskId, filled);
        taken.push(filled);
      }
      return taken;
    } catch (error) {
      this.release(taskId, taken);
      throw error;
    }
  }

  release(taskId: string, ports: readonly PortConfig[]): void {
    for (const port of ports) {
      const key = keyOf(port);
      const left = (this.#holders.get(key) ?? []).filter((holder) => holder.taskId !== taskId);
      if (left.length === 0) this.#holders.delete(key);
      else this.#holders.set(key, left);
    }
  }

  #takeOne(taskId: string, port: PortConfig): void {
    const holders = this.#holders.get(keyOf(port)) ?? [];
    const other = holders.find((holder) => overlaps(holder.hostIp, port.hostIp));
    if (other !== undefined) throw portTaken(port, `by task ${other.taskId}`);
    this.#holders.set(keyOf(port), [...holders, { taskId, hostIp: port.hostIp }]);
  }

  #choose(port: PortConfig): PortConfig {
    for (let tried = dynamicFirst; tried <= dynamicLast; tried++) {
      const publishedPort = this.#next;
      this.#next = publishedPort >= dynamicLast ? dynamicFirst : publishedPort + 1;
      const filled = PortConfig.create({ ...port, publishedPort });
      if (!this.#holders.has(keyOf(filled))) return filled;
    }
    throw new ClusterError(
      'LIMIT_EXCEEDED',
      `all ports from ${dynamicFirst} to ${dynamicLast} of this host are in use: publish a fixed port`,
    );
  }
}

/** `by`: who has it, e.g. 'by task x'. */
export function portTaken(port: PortConfig, by: string): ClusterError {
  const name = `${port.publishedPort}/${protocolName(port.protocol)}`;
  const where = isEveryAddress(port.hostIp) ? '' : ` on ${port.hostIp}`;
  return new ClusterError(
    'FAILED_PRECONDITION',
    `port ${name}${where} of this host is already in use ${by}: publish another port`,
    { details: { port: name } },
  );
}

function keyOf(port: PortConfig): string {
  return `${port.protocol}/${port.publishedPort}`;
}

function overlaps(a: string, b: string): boolean {
  return isEveryAddress(a) || isEveryAddress(b) || a === b;
}
