import type { KeyRange } from './etcd-port.ts';

/** Digits of a version in a key: every safe integer fits, and keys sort as their numbers do. */
const digits = 16;

const padded = (value: number): string => String(value).padStart(digits, '0');

/**
 * Where a cluster's state stands in etcd, below `/<prefix>/<cluster id>/`:
 *
 *   live/head               version of the last entry; each write compares its revision
 *   live/snapshot           which snapshot is the present one
 *   live/leader             who leads; goes with the leader's lease
 *   live/members/<raft id>  the managers
 *   live/alive/<raft id>    those that run; goes with each one's lease
 *   log/<version>           entries
 *   snapshot/<name>/<part>  parts of snapshots
 */
export interface Keys {
  readonly head: string;
  readonly snapshot: string;
  readonly leader: string;
  readonly members: string;
  readonly alive: string;
  /** All that is small and must be known at once. */
  readonly live: KeyRange;
  /** `live` and the log: what a manager watches. */
  readonly watched: KeyRange;
  member(raftId: number): string;
  aliveMember(raftId: number): string;
  log(version: number): string;
  /** Versions from `first` up to and with `last`. */
  logRange(first: number, last: number): KeyRange;
  /** The version of a key of the log; undefined for any other key. */
  versionOf(key: string): number | undefined;
  snapshotPart(name: string, part: number): string;
  snapshotParts(name: string): KeyRange;
  /** Every snapshot's parts but those of `name`: before it and after it. */
  otherSnapshots(name: string): readonly KeyRange[];
}

/** The first key after all that begin with `prefix`. */
function after(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}

const within = (prefix: string): KeyRange => ({ start: prefix, end: after(prefix) });

export function keysOf(prefix: string, clusterId: string): Keys {
  const base = `/${prefix}/${clusterId}/`;
  const live = within(`${base}live/`);
  const logs = within(`${base}log/`);
  const snapshots = within(`${base}snapshot/`);
  return {
    head: `${base}live/head`,
    snapshot: `${base}live/snapshot`,
    leader: `${base}live/leader`,
    members: `${base}live/members/`,
    alive: `${base}live/alive/`,
    live,
    watched: { start: live.start, end: logs.end },
    member: (raftId) => `${base}live/members/${padded(raftId)}`,
    aliveMember: (raftId) => `${base}live/alive/${padded(raftId)}`,
    log: (version) => logs.start + padded(version),
    logRange: (first, last) => ({
      start: logs.start + padded(first),
      end: logs.start + padded(last + 1),
    }),
    versionOf: (key) => {
      if (!key.startsWith(logs.start)) return undefined;
      const text = key.slice(logs.start.length);
      return /^\d{16}$/.test(text) ? Number(text) : undefined;
    },
    snapshotPart: (name, part) => `${snapshots.start}${name}/${padded(part)}`,
    snapshotParts: (name) => within(`${snapshots.start}${name}/`),
    otherSnapshots: (name) => {
      const own = within(`${snapshots.start}${name}/`);
      return [
        { start: snapshots.start, end: own.start },
        { start: own.end, end: snapshots.end },
      ];
    },
  };
}
