import type { Logger } from '#lib';
import { messageOf } from '#lib';
import type { MeshHost } from './mesh-host.ts';
import type { MeshRules } from './mesh-rules.ts';
import { findClashes } from './port-clashes.ts';
import type { Clashes } from './port-clashes.ts';
import { portName } from './published-port.ts';
import { families } from './structure.ts';
import type { Elements } from './table-contents.ts';

/**
 * Published ports beside processes of the host that listen on the same: who came first has the port. The
 * other is told of in the log, and counted.
 */
export class PortKeeper {
  readonly #host: MeshHost;
  readonly #rules: MeshRules;
  readonly #log: Logger;
  /** Left to processes of the host. */
  readonly #kept = new Set<string>();
  /** Published by the mesh. */
  readonly #published = new Set<string>();
  /** Of those, what a process listens on too, in vain. */
  readonly #contested = new Set<string>();

  constructor(host: MeshHost, rules: MeshRules, log: Logger) {
    this.#host = host;
    this.#rules = rules;
    this.#log = log;
  }

  /** Ports as `portName`: not published here, and published over a process that listens. */
  get clashes(): { readonly kept: ReadonlySet<string>; readonly contested: ReadonlySet<string> } {
    return { kept: this.#kept, contested: this.#contested };
  }

  /** Before new ports are published. `elements`: those of an earlier life, whose ports stay ours. */
  async admit(elements: Elements | undefined): Promise<void> {
    if (!this.#rules.takeHasNewPorts()) return;
    const found = await this.#find();
    const ours = elements === undefined ? new Set() : portsIn(elements);
    const wanted = this.#wanted();
    for (const set of [this.#kept, this.#published, this.#contested])
      for (const name of [...set]) if (!wanted.has(name)) set.delete(name);
    for (const name of wanted) {
      if (this.#kept.has(name) || this.#published.has(name)) continue;
      if (!found.everywhere.has(name) || ours.has(name)) {
        this.#published.add(name);
        continue;
      }
      this.#kept.add(name);
      this.#log.warn('a process of this host has a published port: it is not published here', {
        port: name,
      });
    }
    this.#rules.keep(new Set(this.#kept), found.onLoopback);
  }

  /** From time to time: ports that came free are published; true when the rules changed. */
  async check(): Promise<boolean> {
    const wanted = this.#wanted();
    if (wanted.size === 0) return false;
    const found = await this.#find();
    let isChanged = false;
    for (const name of [...this.#kept]) {
      if (wanted.has(name) && found.everywhere.has(name)) continue;
      this.#kept.delete(name);
      this.#published.add(name);
      isChanged = true;
      this.#log.info('a published port is free again: it is published here', { port: name });
    }
    for (const name of this.#published) {
      if (!found.everywhere.has(name)) this.#contested.delete(name);
      else if (!this.#contested.has(name)) {
        this.#contested.add(name);
        this.#log.warn('a process of this host listens on a published port, and is not reached', {
          port: name,
        });
      }
    }
    this.#rules.keep(new Set(this.#kept), found.onLoopback);
    return isChanged;
  }

  #wanted(): ReadonlySet<string> {
    return new Set(this.#rules.publishedPorts().map(portName));
  }

  async #find(): Promise<Clashes> {
    const gateways = families.flatMap((family) => [
      ...(this.#rules.contents.elements.get(`gateways${family}`)?.keys() ?? []),
    ]);
    try {
      const listeners = await this.#host.listeners();
      return findClashes(this.#rules.publishedPorts(), listeners, new Set(gateways));
    } catch (error) {
      this.#log.warn('listening processes cannot be listed: port clashes are not seen', {
        err: messageOf(error),
      });
      return { everywhere: new Set(), onLoopback: new Set() };
    }
  }
}

function portsIn(elements: Elements): ReadonlySet<string> {
  const keys = families.flatMap((family) => [
    ...(elements.get(`port${family}`)?.keys() ?? []),
    ...(elements.get(`address_port${family}`)?.keys() ?? []),
  ]);
  return new Set(keys.map((key) => key.split(' . ').slice(-2).join(' . ')));
}
