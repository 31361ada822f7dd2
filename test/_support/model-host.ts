/** A host's links, tables and rules in memory, moved by the lines that the overlay gives to the tools. */
import type { OverlayHost } from '#agent/overlay/index';
import type { ChangeLines } from '#agent/overlay/entries';
import { ruleCount } from '#agent/overlay/rules';

/** Understands the lines as the kernel does, as far as entries go; anything else is an error. */
export class ModelHost implements OverlayHost {
  readonly entries = new Map<string, string>();
  readonly mtus = new Map<string, number>();
  /** Lines taken. */
  lineCount = 0;
  /** Complaints of the next calls. */
  readonly failures: string[] = [];

  read() {
    // Of a table that is not whole nothing is told.
    const isWhole = this.entries.has('table');
    const told = [...this.entries].filter(([key]) => isWhole || !key.startsWith('element '));
    return Promise.resolve({ entries: new Map(told), mtus: this.mtus });
  }

  apply(lines: ChangeLines): Promise<string> {
    const failure = this.failures.shift();
    if (failure !== undefined) return Promise.resolve(failure);
    const complaints: string[] = [];
    const all = [
      ...lines.ip,
      ...lines.shell,
      ...lines.bridge,
      ...lines.nft.flatMap((text) => (text.startsWith('table') ? ['table'] : text.split('\n'))),
    ];
    for (const line of all) {
      this.lineCount++;
      if (!this.#run(line)) complaints.push(line);
    }
    return Promise.resolve(complaints.join('; '));
  }

  /** As when someone else deletes a device. */
  dropDevice(name: string): void {
    for (const key of this.entries.keys()) {
      const [kind = '', of = ''] = key.split(' ');
      const isOn = of === name && kind !== 'element' && kind !== 'host';
      const isBehind = kind === 'port' && this.entries.get(key) === name;
      const isIn = kind === 'member' && this.entries.get(key)?.startsWith(`${name} `) === true;
      if (isOn || isBehind || isIn) this.entries.delete(key);
    }
  }

  #has(device: string): boolean {
    return this.entries.has(`bridge ${device}`) || this.entries.has(`vxlan ${device}`);
  }

  #set(device: string, key: string, value: string): boolean {
    if (!this.#has(device)) return false;
    this.entries.set(key, value);
    return true;
  }

  #run(line: string): boolean {
    const match = (pattern: RegExp): readonly string[] | undefined => pattern.exec(line)?.slice(1);
    let found = match(/^link add name (\S+) type bridge$/);
    if (found) return this.#add('bridge', found[0] ?? '', '');
    found = match(
      /^link add name (\S+) type vxlan id (\d+) dstport (\d+) local (\S+) nolearning proxy$/,
    );
    if (found) return this.#add('vxlan', found[0] ?? '', `${found[1]} ${found[3]} ${found[2]}`);
    if (match(/^link set dev (\S+) type bridge nf_call/)) return true;
    found = match(/^link set dev (\S+) address (\S+) mtu (\d+) up$/);
    if (found) return this.#set(found[0] ?? '', `bridge ${found[0]}`, `${found[1]} ${found[2]}`);
    found = match(/^link set dev (\S+) type vxlan id (\d+) local (\S+)$/);
    if (found) {
      const key = `vxlan ${found[0]}`;
      const [vni, , port] = (this.entries.get(key) ?? '').split(' ');
      return vni === found[1] && this.#set(found[0] ?? '', key, `${vni} ${found[2]} ${port}`);
    }
    found = match(/^link set dev (\S+) mtu (\d+)$/);
    if (found) {
      const key = `vxlan ${found[0]}`;
      const [vni, local, port] = (this.entries.get(key) ?? '').split(' ');
      return this.#set(found[0] ?? '', key, `${vni} ${local} ${port} ${found[1]}`);
    }
    found = match(/^link delete dev (\S+)$/);
    if (found) {
      const isThere = this.#has(found[0] ?? '');
      this.dropDevice(found[0] ?? '');
      return isThere;
    }
    found = match(/^link set dev (\S+) master (\S+) up$/);
    if (found) return this.#set(found[1] ?? '', `member ${found[0]}`, `${found[1]} `);
    found = match(/^link set dev (\S+) type bridge_slave learning off flood off hairpin (on|off)$/);
    if (found) {
      const key = `member ${found[0]}`;
      const [bridge] = (this.entries.get(key) ?? '').split(' ');
      this.entries.set(key, `${bridge} ${found[1] === 'on' ? 'task' : 'vxlan'}`);
      return bridge !== '';
    }
    return this.#runEntry(line);
  }

  #runEntry(line: string): boolean {
    const words = line.split(' ');
    const [first = '', second = '', third = '', , fifth = ''] = words;
    const at = (word: string): string => words[words.indexOf(word) + 1] ?? '';
    const dev = at('dev');
    switch (`${first} ${second}`) {
      case 'address replace':
        return this.#set(dev, `address ${dev} ${third}`, '');
      case 'address delete':
        return this.entries.delete(`address ${dev} ${third}`);
      case 'neigh replace':
        return this.#set(dev, `neigh ${dev} ${third}`, fifth);
      case 'neigh delete':
        return this.entries.delete(`neigh ${dev} ${third}`);
      case 'fdb replace':
        if (words.includes('self')) return this.#set(dev, `fdb ${dev} ${third}`, at('dst'));
        return this.#setPort(dev, third);
      case 'fdb delete':
        if (words.includes('self')) return this.entries.delete(`fdb ${dev} ${third}`);
        return this.entries.delete(`port ${this.#masterOf(dev)} ${third}`);
      case 'add element':
        if (!this.entries.has('table')) return false;
        this.entries.set(elementKey(line), '');
        return true;
      case 'delete element':
        return this.entries.delete(elementKey(line));
      default:
        return this.#runRest(line);
    }
  }

  #runRest(line: string): boolean {
    const found = /^echo (\S+) >\/proc\/sys\/net\/(ipv\d\/conf\/(\S+)\/\S+)$/.exec(line);
    if (found !== null)
      return this.#set(found[3] ?? '', `switch ${found[3]} ${found[2]}`, found[1] ?? '');
    if (line.startsWith('if [') && line.includes('rp_filter'))
      this.entries.set('host sources', 'on');
    else if (line.startsWith('if [') && line.includes('ipv6')) this.entries.set('host ipv6', 'on');
    else if (line === 'delete table inet tessera_overlay') return this.entries.delete('table');
    else if (line === 'table') {
      for (const key of this.entries.keys())
        if (key.startsWith('element ')) this.entries.delete(key);
      this.entries.set('table', String(ruleCount));
    } else return false;
    return true;
  }

  #add(kind: string, name: string, value: string): boolean {
    if (this.#has(name)) return false;
    this.entries.set(`${kind} ${name}`, value);
    return true;
  }

  #masterOf(link: string): string {
    return this.entries.get(`member ${link}`)?.split(' ')[0] ?? '';
  }

  #setPort(link: string, mac: string): boolean {
    const bridge = this.#masterOf(link);
    return bridge !== '' && this.#set(bridge, `port ${bridge} ${mac}`, link);
  }
}

/** `add element inet tessera_overlay SET { NAME }` */
function elementKey(line: string): string {
  const [, set = '', name = ''] = /tessera_overlay (\S+) \{ (.+) \}$/.exec(line) ?? [];
  return `element ${set} ${name}`;
}
