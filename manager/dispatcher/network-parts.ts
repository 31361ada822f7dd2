import { Endpoint, Network, NetworkChanges, NetworkHost, NetworkService } from '#proto';

/** Most objects and names of removed ones in one message. */
const partObjectsMax = 1000;
/** Most bytes of them; one object alone may be more. */
const partBytesMax = 1 << 20;

/** The lists of a NetworkChanges, without its number. */
export type ChangeBody = Omit<NetworkChanges, 'sequence' | 'isFull' | 'isContinued'>;
type ListName = keyof ChangeBody;
type Lists = { [L in ListName]: ChangeBody[L][number][] };

/** In the order in which they are told: what is removed makes room first. */
const sizes: { readonly [L in ListName]: (item: ChangeBody[L][number]) => number } = {
  removedNetworkIds: (id) => id.length,
  removedHosts: (key) => key.length,
  removedEndpoints: (key) => key.length,
  removedServices: (key) => key.length,
  networks: (network) => Network.encode(network).length,
  hosts: (host) => NetworkHost.encode(host).length,
  services: (service) => NetworkService.encode(service).length,
  endpoints: (endpoint) => Endpoint.encode(endpoint).length,
};
const listNames = Object.keys(sizes) as ListName[];

/** The lists of one message, and how much they are. */
export interface Part {
  readonly body: ChangeBody;
  readonly objects: number;
  /** Of the objects and names, encoded. */
  readonly bytes: number;
}

interface OpenPart {
  readonly body: Lists;
  objects: number;
  bytes: number;
}

const emptyLists = (): Lists =>
  Object.fromEntries(listNames.map((name) => [name, []])) as unknown as Lists;

const fits = (part: Part, objects: number, bytes: number): boolean =>
  part.objects + objects <= partObjectsMax && part.bytes + bytes <= partBytesMax;

/** Gathers changes into messages that are not too large. */
export class PartWriter {
  readonly #parts: OpenPart[] = [];

  /** None when nothing was added. */
  get parts(): readonly Part[] {
    return this.#parts;
  }

  add<L extends ListName>(list: L, item: ChangeBody[L][number]): void {
    const bytes = sizes[list](item);
    let part = this.#parts.at(-1);
    if (part === undefined || !fits(part, 1, bytes)) {
      part = { body: emptyLists(), objects: 0, bytes: 0 };
      this.#parts.push(part);
    }
    (part.body[list] as ChangeBody[L][number][]).push(item);
    part.objects++;
    part.bytes += bytes;
  }
}

/** The same in fewer messages; one that stands alone stays as it is. */
export function merged(parts: readonly Part[]): readonly Part[] {
  const result: Part[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (last === undefined || !fits(last, part.objects, part.bytes)) result.push(part);
    else
      result[result.length - 1] = {
        body: joined(last.body, part.body),
        objects: last.objects + part.objects,
        bytes: last.bytes + part.bytes,
      };
  }
  return result;
}

function joined(a: ChangeBody, b: ChangeBody): ChangeBody {
  const lists = emptyLists();
  for (const name of listNames)
    for (const item of [...a[name], ...b[name]]) (lists[name] as unknown[]).push(item);
  return lists;
}
