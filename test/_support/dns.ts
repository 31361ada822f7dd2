/** DNS messages as askers send and read them, written apart from the server's own codec. */

export interface Asked {
  readonly id?: number;
  readonly type?: number;
  readonly class?: number;
  readonly flags?: number;
  /** EDNS with this UDP size. */
  readonly ednsSize?: number;
  readonly ednsVersion?: number;
}

const types: Readonly<Record<string, number>> = {
  A: 1,
  SOA: 6,
  PTR: 12,
  MX: 15,
  AAAA: 28,
  ANY: 255,
};

export function ask(name: string, type: string, asked: Asked = {}): Buffer {
  const labels = name === '' ? [] : name.split('.');
  const encoded = labels.map((label) =>
    Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1'),
  );
  const head = Buffer.alloc(12);
  head.writeUInt16BE(asked.id ?? 0x1234, 0);
  head.writeUInt16BE(asked.flags ?? 0x0100, 2);
  head.writeUInt16BE(1, 4);
  const tail = Buffer.alloc(5);
  tail.writeUInt16BE(asked.type ?? types[type] ?? 0, 1);
  tail.writeUInt16BE(asked.class ?? 1, 3);
  if (asked.ednsSize === undefined) return Buffer.concat([head, ...encoded, tail]);
  head.writeUInt16BE(1, 10);
  const opt = Buffer.alloc(11);
  opt.writeUInt16BE(41, 1);
  opt.writeUInt16BE(asked.ednsSize, 3);
  opt.writeUInt8(asked.ednsVersion ?? 0, 6);
  return Buffer.concat([head, ...encoded, tail, opt]);
}

export interface Read {
  readonly id: number;
  readonly code: number;
  readonly isAuthoritative: boolean;
  readonly isCut: boolean;
  readonly isRecursive: boolean;
  readonly question: string;
  /** "A 10.0.0.1", "PTR 1.web", "SOA"; sorted. */
  readonly records: readonly string[];
  readonly authorities: readonly string[];
  readonly ttls: readonly number[];
  readonly hasEdns: boolean;
  readonly length: number;
}

/** Throws on anything that is not a whole message. */
export function read(bytes: Uint8Array): Read {
  const buffer = Buffer.from(bytes);
  let at = 12;
  const name = (from: number): { readonly text: string; readonly end: number } => {
    const labels: string[] = [];
    let place = from;
    let end = 0;
    for (let jumps = 0; jumps < 10; ) {
      const length = buffer.readUInt8(place);
      if (length >= 0xc0) {
        end ||= place + 2;
        place = buffer.readUInt16BE(place) & 0x3fff;
        jumps++;
        continue;
      }
      place++;
      if (length === 0) return { text: labels.join('.'), end: end || place };
      labels.push(buffer.toString('latin1', place, place + length));
      place += length;
    }
    throw new Error('a name that goes in circles');
  };
  let question = '';
  if (buffer.readUInt16BE(4) > 0) {
    const asked = name(at);
    question = asked.text;
    at = asked.end + 4;
  }
  const ttls: number[] = [];
  let extended = 0;
  const section = (count: number): string[] =>
    Array.from({ length: count }, () => {
      at = name(at).end;
      const type = buffer.readUInt16BE(at);
      const ttl = buffer.readUInt32BE(at + 4);
      const length = buffer.readUInt16BE(at + 8);
      const data = buffer.subarray(at + 10, at + 10 + length);
      if (data.length !== length) throw new Error('cut off');
      if (type !== 41) ttls.push(ttl);
      else extended = buffer.readUInt8(at + 4);
      const start = at + 10;
      at = start + length;
      if (type === 1) return `A ${[...data].join('.')}`;
      if (type === 28) return `AAAA ${data.toString('hex').replace(/(....)(?!$)/g, '$1:')}`;
      if (type === 12) return `PTR ${name(start).text}`;
      return Object.entries(types).find(([, value]) => value === type)?.[0] ?? `type ${type}`;
    });
  const records = section(buffer.readUInt16BE(6));
  const authorities = section(buffer.readUInt16BE(8));
  const additional = section(buffer.readUInt16BE(10));
  if (at !== buffer.length) throw new Error('something follows the message');
  const flags = buffer.readUInt16BE(2);
  if ((flags & 0x8000) === 0) throw new Error('no answer');
  return {
    id: buffer.readUInt16BE(0),
    code: (flags & 15) + (extended << 4),
    isAuthoritative: (flags & 0x0400) !== 0,
    isCut: (flags & 0x0200) !== 0,
    isRecursive: (flags & 0x0080) !== 0,
    question,
    records: records.toSorted(),
    authorities,
    ttls,
    hasEdns: additional.includes('type 41'),
    length: buffer.length,
  };
}
