/** What `ip` and `ss` print, for an examination. Pure. */
import * as v from 'valibot';
import type { HostLinks, SocketOwner, Uplink, VxlanDevice } from './doctor-host.ts';

const linksSchema = v.array(
  v.object({
    ifname: v.optional(v.string(), ''),
    mtu: v.optional(v.number(), 0),
    linkinfo: v.optional(
      v.object({
        info_kind: v.optional(v.string(), ''),
        info_data: v.optional(v.record(v.string(), v.unknown()), {}),
      }),
    ),
  }),
);
const addressesSchema = v.array(
  v.object({
    ifname: v.optional(v.string(), ''),
    mtu: v.optional(v.number(), 0),
    addr_info: v.optional(v.array(v.object({ local: v.optional(v.string(), '') })), []),
  }),
);

/** Of `ip -json -details link show`, a line `::`, and `ip -json address show`. Throws on another form. */
export function parseLinks(text: string): HostLinks {
  const [links = '[]', addresses = '[]'] = text.split(/^::\n/m);
  const vxlans: VxlanDevice[] = [];
  const mtus = new Map<string, number>();
  for (const { ifname, mtu, linkinfo } of v.parse(linksSchema, JSON.parse(links))) {
    mtus.set(ifname, mtu);
    if (linkinfo?.info_kind !== 'vxlan') continue;
    const { id, port } = linkinfo.info_data;
    vxlans.push({ name: ifname, vni: Number(id ?? 0), port: Number(port ?? 0) });
  }
  const uplinks = new Map<string, Uplink>();
  for (const { ifname, mtu, addr_info } of v.parse(addressesSchema, JSON.parse(addresses)))
    for (const { local } of addr_info) uplinks.set(local, { device: ifname, mtu });
  return { uplinks, vxlans, mtus };
}

/** Of `ss -H -l -n -p -t -u`; lines of another form are left out. */
export function parseSockets(text: string): readonly SocketOwner[] {
  return text.split('\n').flatMap((line): readonly SocketOwner[] => {
    const [protocol = '', , , , local = '', , users = ''] = line.trim().split(/\s+/);
    const port = Number(/:(\d+)$/.exec(local)?.[1]);
    if ((protocol !== 'tcp' && protocol !== 'udp') || !Number.isSafeInteger(port)) return [];
    const [, program, pid] = /\(\("([^"]*)",pid=(\d+)/.exec(users) ?? [];
    return [{ protocol, port, owner: program === undefined ? '' : `${program} (pid ${pid})` }];
  });
}
