/**
 * Lets the lab's hosts reach each other and the outside on a machine that forbids it: packet forwarding
 * that is off is switched on for as long as labs exist, and where another program's firewall drops what it
 * does not know (as docker's does), the lab's bridge is let through.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { run } from '../process-node.ts';
import { bridgeName } from './names.ts';

const forwardFile = '/proc/sys/net/ipv4/ip_forward';
/** Says, by being there, that forwarding was off before the first lab. */
const markerOf = (root: string): string => `${root}/.forwarding-was-off`;

export function allowForwarding(root: string): void {
  if (readFileSync(forwardFile, 'utf8').trim() !== '0') return;
  writeFileSync(markerOf(root), '');
  writeFileSync(forwardFile, '1');
}

/** When the last lab went. */
export function restoreForwarding(root: string): void {
  if (!existsSync(markerOf(root))) return;
  writeFileSync(forwardFile, '0');
  rmSync(markerOf(root), { force: true });
}

const chain = ['ip', 'filter', 'FORWARD'] as const;

/** The rules of iptables' FORWARD chain, as nft shows them with handles; empty when there is none. */
async function forwardRules(): Promise<readonly string[]> {
  const text = await run('nft', ['-a', 'list', 'chain', ...chain]).catch(() => '');
  return text.split('\n');
}

/** Puts one rule for each direction in front, if that chain drops by default. */
export async function passFirewall(index: number): Promise<void> {
  const rules = await forwardRules();
  if (!rules.some((line) => /policy drop;/.test(line))) return;
  for (const side of ['iifname', 'oifname']) {
    const bridge = `"${bridgeName(index)}"`;
    if (rules.some((line) => line.includes(`${side} ${bridge} `))) continue;
    await run('nft', ['insert', 'rule', ...chain, side, bridge, 'counter', 'accept']);
  }
}

export async function unpassFirewall(index: number): Promise<void> {
  for (const line of await forwardRules()) {
    const handle = /# handle (\d+)$/.exec(line)?.[1];
    if (handle !== undefined && line.includes(`name "${bridgeName(index)}" `))
      await run('nft', ['delete', 'rule', ...chain, 'handle', handle]).catch(() => '');
  }
}
