/** Who a container runs as: `user[:group]` by name or number, from the image's own files. Pure. */
import { ClusterError } from '#lib';
import type { OciUser } from './oci-types.ts';

/** The image's /etc/passwd and /etc/group; empty when it has none. */
export interface UserFiles {
  readonly passwd: string;
  readonly group: string;
}

const idMax = 2 ** 31 - 1;

interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}
interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

function lines(text: string): readonly (readonly string[])[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'));
}

function parsePasswd(text: string): readonly PasswdEntry[] {
  return lines(text).flatMap(([name = '', , uid = '', gid = '']) =>
    name !== '' && /^\d+$/.test(uid) && /^\d+$/.test(gid)
      ? [{ name, uid: Number(uid), gid: Number(gid) }]
      : [],
  );
}

function parseGroup(text: string): readonly GroupEntry[] {
  return lines(text).flatMap(([name = '', , gid = '', members = '']) =>
    name !== '' && /^\d+$/.test(gid)
      ? [{ name, gid: Number(gid), members: members.trim().split(',') }]
      : [],
  );
}

function asNumber(text: string): number | undefined {
  if (!/^\d+$/.test(text)) return undefined;
  const value = Number(text);
  if (value > idMax)
    throw new ClusterError('INVALID_SPEC', `user or group id ${text} is above ${idMax}`);
  return value;
}

function groupId(text: string, groups: readonly GroupEntry[]): number {
  const id = groups.find((group) => group.name === text)?.gid ?? asNumber(text);
  if (id !== undefined) return id;
  throw new ClusterError(
    'INVALID_SPEC',
    `unable to find group ${text}: no matching entries in the image's /etc/group`,
  );
}

/**
 * `user` empty = root. A known user brings its own group and the groups it is a member of, unless
 * a group is named; `extraGroups` come on top. INVALID_SPEC for a name that the image does not have.
 */
export function resolveUser(
  user: string,
  extraGroups: readonly string[],
  files: UserFiles,
): OciUser {
  const groups = parseGroup(files.group);
  const [userText = '', groupText] = user.split(':', 2);
  const wanted = userText === '' ? '0' : userText;
  const users = parsePasswd(files.passwd);
  const number = asNumber(wanted);
  const entry = users.find((one) => one.name === wanted) ?? users.find((one) => one.uid === number);
  const uid = entry?.uid ?? number;
  if (uid === undefined)
    throw new ClusterError(
      'INVALID_SPEC',
      `unable to find user ${wanted}: no matching entries in the image's /etc/passwd`,
    );
  const isGroupNamed = groupText !== undefined && groupText !== '';
  const gid = isGroupNamed ? groupId(groupText, groups) : (entry?.gid ?? 0);
  const memberships = isGroupNamed
    ? []
    : groups.filter((group) => entry !== undefined && group.members.includes(entry.name));
  const additional = [
    ...memberships.map((group) => group.gid),
    ...extraGroups.map((name) => groupId(name, groups)),
  ];
  return { uid, gid, additionalGids: [...new Set(additional)].filter((id) => id !== gid) };
}
