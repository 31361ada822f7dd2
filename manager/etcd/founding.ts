import { ClusterError } from '#lib';
import type { Random } from '#lib';
import type { SeedState } from '../restore/index.ts';
import type { Etcd, Operation } from './etcd-port.ts';
import type { Keys } from './keys.ts';
import { encodeJson, SnapshotCheck, snapshotParts } from './values.ts';
import type { MemberRecord, SnapshotInfo } from './values.ts';

export interface FoundingOptions {
  readonly etcd: Etcd;
  readonly keys: Keys;
  readonly random: Random;
  readonly self: MemberRecord;
  /** Repeats what may be repeated until etcd answers, or for long enough. */
  readonly insist: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Begins an empty log with this manager as its only member, unless there is one: harmless then. */
export async function foundCluster(options: FoundingOptions): Promise<void> {
  const head = encodeJson({ version: 0, proposal: '' });
  await begin(options, [{ kind: 'put', key: options.keys.head, value: head }]);
}

/**
 * Begins with the state of a backup: a snapshot, written aside, that becomes the present one together with
 * the head. ALREADY_EXISTS when etcd holds a state of this cluster.
 */
export async function seedCluster(options: FoundingOptions, seed: SeedState): Promise<void> {
  const { keys, random } = options;
  const name = `${seed.index}-${random.bytes(6).toHex()}`;
  const check = new SnapshotCheck();
  for await (const value of snapshotParts(seed.image())) {
    const key = keys.snapshotPart(name, check.totals.parts);
    if (!(await whenNew(options, [{ kind: 'put', key, value }]))) throw thereAlready(keys);
    check.add(value);
  }
  const version = seed.index;
  const info: SnapshotInfo = { version, name, ...check.totals, logFrom: version + 1 };
  const isNew = await begin(options, [
    { kind: 'put', key: keys.head, value: encodeJson({ version, proposal: name }) },
    { kind: 'put', key: keys.snapshot, value: encodeJson(info) },
  ]);
  if (!isNew) await requireOwn(options, name);
}

function begin(options: FoundingOptions, changes: readonly Operation[]): Promise<boolean> {
  const { keys, self } = options;
  const member: Operation = { kind: 'put', key: keys.member(self.raftId), value: encodeJson(self) };
  return whenNew(options, [...changes, member]);
}

async function whenNew(
  { etcd, keys, insist }: FoundingOptions,
  changes: readonly Operation[],
): Promise<boolean> {
  const when = [{ key: keys.head, target: 'created', revision: 0 }] as const;
  const { isDone } = await insist(() => etcd.transact({ when, changes, otherwise: [] }));
  return isDone;
}

/** The answer to an attempt that succeeded may have been lost. */
async function requireOwn({ etcd, keys, insist }: FoundingOptions, name: string): Promise<void> {
  const { items } = await insist(() => etcd.range(keys.head));
  const text = new TextDecoder().decode(items[0]?.value);
  if (!text.includes(`"${name}"`)) throw thereAlready(keys);
}

function thereAlready(keys: Keys): ClusterError {
  const base = keys.live.start.slice(0, -'live/'.length);
  return new ClusterError(
    'ALREADY_EXISTS',
    `etcd holds a state of this cluster already, below ${base}: delete it there ` +
      `('etcdctl del --prefix ${base}'), or use another prefix`,
  );
}
