/**
 * Flows of datagrams that began before a published port led anywhere: the kernel has noted that they are
 * the host's own, and does not ask again as long as they go on. Pure.
 */

/** A port of the host, as datagrams come to it. */
export interface UnledPort {
  /** Bare; undefined = every address of the host. */
  readonly address: string | undefined;
  readonly port: number;
}

const udp = '17';

/** The port of an entrance's key: `PROTOCOL . PORT`, or `ADDRESS . PROTOCOL . PORT`; undefined when not UDP's. */
export function unledPort(key: string): UnledPort | undefined {
  const words = key.split(' . ');
  const [protocol, port] = words.slice(-2);
  if (protocol !== udp || port === undefined) return undefined;
  return { address: words.length === 3 ? words[0] : undefined, port: Number(port) };
}

/**
 * From what `conntrack -L -p udp` prints, the commands for `conntrack --load-file -` that end those flows.
 * Flows that were answered, or led elsewhere, go on.
 */
export function endingLines(listing: string, ports: readonly UnledPort[]): readonly string[] {
  const wanted = new Set(ports.map(({ address = '', port }) => `${address} ${port}`));
  return listing.split('\n').flatMap((line) => {
    if (!line.startsWith('udp ') || !line.includes('[UNREPLIED]')) return [];
    const fields = [...line.matchAll(/\b(src|dst|sport|dport)=(\S+)/g)].map(([, , value]) => value);
    const [src = '', dst = '', sport = '', dport = '', ...reply] = fields;
    if (!wanted.has(` ${dport}`) && !wanted.has(`${dst} ${dport}`)) return [];
    if (reply.join(' ') !== `${dst} ${src} ${dport} ${sport}`) return [];
    const family = src.includes(':') ? 'ipv6' : 'ipv4';
    return [`-D -f ${family} -p udp -s ${src} -d ${dst} --sport ${sport} --dport ${dport}`];
  });
}
