import { Cluster, Node } from '#proto';
import type { FirstObjects } from './ports.ts';

/** As bytes for `NodeFiles.saveFirst`. Holds the root's key: for root's eyes only. */
export function encodeFirst(first: FirstObjects): Uint8Array {
  const cluster = Cluster.encode(first.cluster).toBase64();
  const node = Node.encode(first.node).toBase64();
  return new TextEncoder().encode(JSON.stringify({ cluster, node }));
}

export function decodeFirst(bytes: Uint8Array): FirstObjects {
  const value = JSON.parse(new TextDecoder().decode(bytes)) as Record<'cluster' | 'node', string>;
  return {
    cluster: Cluster.decode(Uint8Array.fromBase64(value.cluster)),
    node: Node.decode(Uint8Array.fromBase64(value.node)),
  };
}
