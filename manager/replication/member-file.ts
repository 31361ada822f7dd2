import { ClusterError } from '#lib';
import type { Random } from '#lib';
import type { Disk, MemberId } from 'raft-ts';
import type { MemberAddress } from './raft-wire.ts';

/** What a manager has to know of itself and others before it can read its log. */
export interface MemberRecord {
  readonly raftId: MemberId;
  /** Members as they were told at joining. */
  readonly contacts: ReadonlyMap<MemberId, MemberAddress>;
  /**
   * Set while this manager is being made the only one (decision 0091): `log`, until its log says so;
   * `nodes`, until the store says so. Killed in between, the next start goes on.
   */
  readonly forced?: 'log' | 'nodes' | undefined;
}

const fileName = 'member.json';
const temporaryName = 'member.json.new';

/** A new id, 48 random bits, never 0. */
export function newRaftId(random: Random): MemberId {
  let id = 0;
  for (const byte of random.bytes(6)) id = id * 256 + byte;
  return id === 0 ? newRaftId(random) : id;
}

/** undefined when there is none yet; DATA_LOSS when it cannot be read. */
export async function loadMember(disk: Disk): Promise<MemberRecord | undefined> {
  if (!(await disk.list('')).includes(fileName)) return undefined;
  const text = new TextDecoder().decode(await disk.read(fileName));
  try {
    const { raftId, contacts, forced } = JSON.parse(text) as {
      readonly raftId: unknown;
      readonly forced?: unknown;
      readonly contacts: readonly [MemberId, MemberAddress][];
    };
    if (!Number.isSafeInteger(raftId)) throw new Error('no raft id');
    const isForced = forced === 'log' || forced === 'nodes';
    return {
      raftId: raftId as number,
      contacts: new Map(contacts),
      forced: isForced ? forced : undefined,
    };
  } catch (error) {
    throw new ClusterError(
      'DATA_LOSS',
      `${fileName} of this manager is damaged: run 'tsctl cluster rejoin' on this host, and the other managers take it in again`,
      { cause: error },
    );
  }
}

/** Durable when it resolves; the file before it stays whole until then. */
export async function saveMember(disk: Disk, record: MemberRecord): Promise<void> {
  const { raftId, contacts, forced } = record;
  const text = JSON.stringify({ raftId, contacts: [...contacts], forced });
  const file = await disk.open(temporaryName);
  try {
    const bytes = new TextEncoder().encode(text);
    await file.truncate(0);
    await file.write(bytes, 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(temporaryName, fileName);
  await disk.syncDirectory('');
}
