import { ClusterError } from '#lib';
import type { Ms } from '#lib';
import { NodeRole } from '#proto';
import type { Availability } from '#proto';
import type { Keyring } from '#manager/keys/keyring-node';
import type { TlsMaterial } from './peer-identity.ts';

/** What this host knows of the cluster it is in; `node.json` in the data directory. */
export interface NodeRecord {
  readonly nodeId: string;
  readonly clusterId: string;
  readonly role: NodeRole;
  /** host:port others reach this node at. */
  readonly advertiseAddress: string;
  /** host:port the TLS port is bound to while this node is a manager. */
  readonly listenAddress: string;
  /** Where others send VXLAN packets; '' = the host of `advertiseAddress`. */
  readonly dataPathAddress: string;
  /** host:port; the last list a manager sent. At most 64. */
  readonly managerAddresses: readonly string[];
  /** Where the managers keep the state; see `storeName`. */
  readonly store: string;
}

/** A join that has not been answered yet; it goes on in the background and after a restart. */
export interface JoinRecord {
  readonly token: string;
  readonly remoteAddress: string;
  readonly advertiseAddress: string;
  readonly listenAddress: string;
  readonly dataPathAddress: string;
  readonly availability: Availability;
  readonly keyPem: string;
  readonly csrDerBase64: string;
}

/** The state of this host on disk. Every save is whole or not at all, also when power goes. */
export interface NodeFiles {
  /** The keys of what is stored here; throws before they are open. */
  readonly keyring: Keyring;
  /**
   * Reads the keys, or makes new ones where there are none. 'locked': a key is needed, by `unlock`.
   */
  openKeys(): Promise<'open' | 'locked'>;
  /** INVALID_KEY for a wrong one. */
  unlockKeys(unlockKey: Uint8Array): Promise<void>;
  /** New keys for a new membership; locked from the start when there is an unlock key. */
  createKeys(lock?: { readonly unlockKey: Uint8Array; readonly version: number }): Promise<void>;
  loadNode(): Promise<NodeRecord | undefined>;
  saveNode(record: NodeRecord): Promise<void>;
  /** The private key is stored encrypted; the keys must be open. */
  loadMaterial(): Promise<TlsMaterial | undefined>;
  saveMaterial(material: TlsMaterial): Promise<void>;
  loadJoin(): Promise<JoinRecord | undefined>;
  saveJoin(record: JoinRecord | undefined): Promise<void>;
  /** The first objects of a cluster that is being made here, until the store has them; encoded. */
  loadFirst(): Promise<Uint8Array | undefined>;
  saveFirst(bytes: Uint8Array | undefined): Promise<void>;
  /** The manager's log and state only; the rest stays. */
  wipeManager(): Promise<void>;
  /**
   * The manager's log gets another name; at most `damagedMax` are kept. Resolves to its path, and to
   * those that were deleted for it.
   */
  setManagerAside(
    nowMs: Ms,
  ): Promise<{ readonly path: string; readonly removed: readonly string[] }>;
  /** Everything that belongs to the cluster, so that the host can join another. */
  wipe(): Promise<void>;
  /** Own directories of the parts. */
  readonly managerDirectory: string;
  readonly agentDirectory: string;
}

export function parseNodeRecord(text: string, path: string): NodeRecord {
  const value = parseObject(text, path);
  const string = (name: string): string => field(value, name, path);
  const addresses = value['managerAddresses'];
  return {
    nodeId: string('nodeId'),
    clusterId: string('clusterId'),
    role: value['role'] === 'manager' ? NodeRole.MANAGER : NodeRole.WORKER,
    advertiseAddress: string('advertiseAddress'),
    listenAddress: string('listenAddress'),
    dataPathAddress: optional(value, 'dataPathAddress'),
    managerAddresses: Array.isArray(addresses) ? addresses.map(String) : [],
    store: typeof value['store'] === 'string' ? value['store'] : 'raft',
  };
}

export function formatNodeRecord(record: NodeRecord): string {
  const role = record.role === NodeRole.MANAGER ? 'manager' : 'worker';
  return `${JSON.stringify({ format: 1, ...record, role }, null, 2)}\n`;
}

export function parseJoinRecord(text: string, path: string): JoinRecord {
  const value = parseObject(text, path);
  const string = (name: string): string => field(value, name, path);
  return {
    token: string('token'),
    remoteAddress: string('remoteAddress'),
    advertiseAddress: string('advertiseAddress'),
    listenAddress: string('listenAddress'),
    dataPathAddress: optional(value, 'dataPathAddress'),
    availability: Number(value['availability']) as Availability,
    keyPem: string('keyPem'),
    csrDerBase64: string('csrDerBase64'),
  };
}

function parseObject(text: string, path: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Told below, in our own words.
  }
  throw damaged(path);
}

function field(value: Readonly<Record<string, unknown>>, name: string, path: string): string {
  const found = value[name];
  if (typeof found !== 'string') throw damaged(path);
  return found;
}

/** A field that earlier versions did not write. */
function optional(value: Readonly<Record<string, unknown>>, name: string): string {
  const found = value[name];
  return typeof found === 'string' ? found : '';
}

function damaged(path: string): ClusterError {
  return new ClusterError(
    'DATA_LOSS',
    `${path} is damaged: restore it from a backup, or run 'tsctl leave --force' and join again`,
  );
}
