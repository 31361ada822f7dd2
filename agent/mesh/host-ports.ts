/** Ports that tasks of this host publish on it alone (mode=host), as elements. Pure. */
import type { PortConfig } from '#proto';
import { bareAddress } from './addresses.ts';
import type { BareAddress } from './addresses.ts';
import { entrancePlaces } from './published-port.ts';
import type { TableContents } from './table-contents.ts';

interface Element {
  readonly map: string;
  readonly key: string;
  readonly value: string;
}

export class HostPorts {
  readonly #contents: TableContents;
  readonly #began: (key: string) => void;
  readonly #elements = new Map<string, readonly Element[]>();

  /** `began`: the port of this key leads to a task from now on. */
  constructor(contents: TableContents, began: (key: string) => void) {
    this.#contents = contents;
    this.#began = began;
  }

  /** In place of what the task had. */
  set(taskId: string, addresses: readonly string[], ports: readonly PortConfig[]): void {
    this.remove(taskId);
    const bare = addresses.flatMap((address) => bareAddress(address) ?? []);
    const elements = ports.flatMap((port) => bare.flatMap((address) => elementsOf(port, address)));
    for (const { map, key, value } of elements) this.#contents.set(map, key, value);
    if (elements.length > 0) this.#elements.set(taskId, elements);
    for (const { key } of elements) this.#began(key);
  }

  remove(taskId: string): void {
    for (const { map, key } of this.#elements.get(taskId) ?? []) this.#contents.delete(map, key);
    this.#elements.delete(taskId);
  }
}

function elementsOf(port: PortConfig, to: BareAddress): readonly Element[] {
  return entrancePlaces(port)
    .filter(({ family }) => family === to.family)
    .map(({ door, family, key }) => ({
      map: door === 'port' ? `host_port${family}` : `address_host_port${family}`,
      key,
      value: `${to.address} . ${port.targetPort}`,
    }));
}
