/** The lab's network on this machine: one bridge, one veth pair per host, NAT to the outside. */
import { run } from '../process-node.ts';
import { passFirewall, unpassFirewall } from './forwarding-node.ts';
import {
  bridgeName,
  gatewayAddress,
  gatewayAddressV6,
  linkAlias,
  linkName,
  macAddress,
} from './names.ts';
import { natTableName, subnet } from './names.ts';
import type { LabRef } from './names.ts';

interface LinkInfo {
  readonly ifname: string;
  readonly ifalias?: string;
}

async function links(): Promise<LinkInfo[]> {
  return JSON.parse(await run('ip', ['-json', 'link', 'show'])) as LinkInfo[];
}

async function hasLink(name: string): Promise<boolean> {
  return (await links()).some((link) => link.ifname === name);
}

/** The bridge with the gateway's address, and the NAT table. May be called again. */
export async function makeBridge(lab: LabRef): Promise<void> {
  const bridge = bridgeName(lab.index);
  if (!(await hasLink(bridge))) await run('ip', ['link', 'add', bridge, 'type', 'bridge']);
  await run('ip', ['link', 'set', bridge, 'address', macAddress(lab.index, 0)]);
  await run('ip', ['link', 'set', bridge, 'alias', linkAlias(lab.name), 'up']);
  await run('ip', ['address', 'replace', `${gatewayAddress(lab.index)}/24`, 'dev', bridge]);
  const own = `${gatewayAddressV6(lab.index)}/64`;
  // A machine without IPv6 has labs without it.
  await run('ip', ['-6', 'address', 'replace', own, 'dev', bridge, 'nodad']).catch(() => '');
  await run('nft', ['-f', '-'], { input: natRules(lab.index) });
  await passFirewall(lab.index);
}

function natRules(index: number): string {
  const table = `ip ${natTableName(index)}`;
  return [
    `table ${table} {}`,
    `delete table ${table}`,
    `table ${table} {`,
    '  chain postrouting {',
    '    type nat hook postrouting priority 100;',
    `    ip saddr ${subnet(index)} oifname != "${bridgeName(index)}" masquerade`,
    '  }',
    '}',
    '',
  ].join('\n');
}

/** Puts `eth0` into the network namespace of `pid` and its other end on the bridge. */
export async function connectHost(lab: LabRef, host: number, pid: number): Promise<void> {
  const link = linkName(lab.index, host);
  // A namespace dies a moment after its last process, and the old pair with it.
  if (await hasLink(link)) await run('ip', ['link', 'delete', link]).catch(() => '');
  await run('ip', ['-batch', '-'], {
    input: [
      `link add ${link} type veth peer name eth0 address ${macAddress(lab.index, host)} netns ${pid}`,
      `link set ${link} alias ${linkAlias(lab.name)}`,
      `link set ${link} master ${bridgeName(lab.index)} up`,
      '',
    ].join('\n'),
  });
}

/** Pulls the host's cable. */
export async function cutHost(lab: LabRef, host: number): Promise<void> {
  await run('ip', ['link', 'set', linkName(lab.index, host), 'down']);
}

export async function healHost(lab: LabRef, host: number): Promise<void> {
  await run('ip', ['link', 'set', linkName(lab.index, host), 'up']);
}

function isOfIndex(link: string, index: number | undefined): boolean {
  return index !== undefined && (link === bridgeName(index) || link.startsWith(`tl${index}h`));
}

/** Removes whatever link and table the lab has; what is not there is no error. */
export async function removeNetwork(name: string, index: number | undefined): Promise<void> {
  const own = (await links()).filter(
    (link) => link.ifalias === linkAlias(name) || isOfIndex(link.ifname, index),
  );
  const indexes = new Set(index === undefined ? [] : [index]);
  for (const link of own) {
    const found = /^tlab(\d+)$/.exec(link.ifname)?.[1] ?? /^tl(\d+)h/.exec(link.ifname)?.[1];
    if (found !== undefined) indexes.add(Number(found));
    await run('ip', ['link', 'delete', link.ifname]).catch(() => '');
  }
  for (const one of indexes) {
    const table = natTableName(one);
    const input = `table ip ${table} {}\ndelete table ip ${table}\n`;
    await run('nft', ['-f', '-'], { input });
    await unpassFirewall(one);
  }
}

/** Names of the labs that have links, whether their state is there or not. */
export async function labsWithLinks(): Promise<string[]> {
  const prefix = linkAlias('');
  const names = (await links()).flatMap((link) =>
    link.ifalias?.startsWith(prefix) ? [link.ifalias.slice(prefix.length)] : [],
  );
  return [...new Set(names)];
}
