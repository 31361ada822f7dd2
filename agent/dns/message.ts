/**
 * As much of the DNS's wire format as a server needs that answers from a table and passes on the
 * rest: questions are read, answers written (RFC 1035, 2308, 6891). Pure; nothing here throws.
 */

export const RecordType = { A: 1, NS: 2, SOA: 6, PTR: 12, AAAA: 28, OPT: 41, ANY: 255 } as const;
export const ResponseCode = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
} as const;
export type ResponseCode = (typeof ResponseCode)[keyof typeof ResponseCode];

const headerLength = 12;
const classInternet = 1;
const classAny = 255;
/** A name's longest encoding, bytes. */
const nameLengthMax = 255;
/** Without EDNS, RFC 1035 2.3.4. */
const plainSizeMax = 512;
/** Largest answer over UDP: fits into every network's packets. */
export const udpSizeMax = 1232;
export const tcpSizeMax = 65_535;

export interface Query {
  readonly id: number;
  /** "web", "tasks.web": lower-cased, without the last dot; '' = the root. */
  readonly name: string;
  readonly type: number;
  /** Largest answer over UDP that the asker takes, bytes: 512..1232. */
  readonly udpSize: number;
  readonly hasEdns: boolean;
  readonly isRecursionDesired: boolean;
  /** The question as it came, its letters' case too: what is repeated in the answer. */
  readonly question: Uint8Array;
}

/** What came in: a question; nonsense that deserves a word; nonsense that does not. */
export type Received =
  | { readonly kind: 'query'; readonly query: Query }
  | { readonly kind: 'refuse'; readonly query: Query; readonly code: ResponseCode }
  | { readonly kind: 'drop' };

const drop: Received = { kind: 'drop' };
const u16 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

/** Names of other characters than these are not ours, and are shown nowhere: the rest is replaced. */
const visible = (code: number): string =>
  code > 0x20 && code < 0x7f && code !== 0x2e ? String.fromCharCode(code) : '\ufffd';

interface Name {
  readonly name: string;
  /** Where what follows it begins. */
  readonly end: number;
}

/** An uncompressed name, as they stand in questions; undefined when it is none. */
function readName(bytes: Uint8Array, start: number): Name | undefined {
  const labels: string[] = [];
  let at = start;
  for (;;) {
    const length = bytes[at];
    if (length === undefined || length > 63) return undefined;
    at++;
    if (length === 0) break;
    if (at + length > bytes.length || at + length - start >= nameLengthMax) return undefined;
    let label = '';
    for (let i = at; i < at + length; i++) label += visible(bytes[i] ?? 0);
    labels.push(label.toLowerCase());
    at += length;
  }
  return { name: labels.join('.'), end: at };
}

/** Reads one message. Whatever the bytes are, an answer comes of them. */
export function readQuery(bytes: Uint8Array): Received {
  if (bytes.length < headerLength) return drop;
  const flags = u16(bytes, 2);
  // An answer: whoever answers answers invites loops.
  if ((flags & 0x8000) !== 0) return drop;
  const nothing: Query = {
    id: u16(bytes, 0),
    name: '',
    type: 0,
    udpSize: plainSizeMax,
    hasEdns: false,
    isRecursionDesired: (flags & 0x0100) !== 0,
    question: new Uint8Array(0),
  };
  const refuse = (code: ResponseCode, query = nothing): Received => ({
    kind: 'refuse',
    query,
    code,
  });
  if ((flags & 0x7800) !== 0) return refuse(ResponseCode.NOTIMP);
  if (u16(bytes, 4) !== 1 || u16(bytes, 6) !== 0) return refuse(ResponseCode.FORMERR);
  const name = readName(bytes, headerLength);
  if (name === undefined || name.end + 4 > bytes.length) return refuse(ResponseCode.FORMERR);
  const end = name.end + 4;
  const asked: Query = {
    ...nothing,
    name: name.name,
    type: u16(bytes, name.end),
    question: bytes.slice(headerLength, end),
  };
  const edns = readEdns(bytes, end, u16(bytes, 8) + u16(bytes, 10));
  if (edns === undefined) return refuse(ResponseCode.FORMERR, asked);
  const query: Query = { ...asked, ...edns };
  if (edns.version > 0) return refuse(ResponseCode.BADVERS, query);
  const askedClass = u16(bytes, name.end + 2);
  if (askedClass !== classInternet && askedClass !== classAny)
    return refuse(ResponseCode.REFUSED, query);
  return { kind: 'query', query };
}

interface Edns {
  readonly udpSize: number;
  readonly hasEdns: boolean;
  readonly version: number;
}

/** Looks for the OPT record among the `count` that follow; undefined when they are broken. */
function readEdns(bytes: Uint8Array, start: number, count: number): Edns | undefined {
  let at = start;
  for (let i = 0; i < count; i++) {
    const name = skipName(bytes, at);
    if (name === undefined || name + 10 > bytes.length) return undefined;
    const end = name + 10 + u16(bytes, name + 8);
    if (end > bytes.length) return undefined;
    if (u16(bytes, name) === RecordType.OPT && name === at + 1) {
      const wanted = u16(bytes, name + 2);
      const udpSize = Math.min(udpSizeMax, Math.max(plainSizeMax, wanted));
      return { udpSize, hasEdns: true, version: bytes[name + 5] ?? 0 };
    }
    at = end;
  }
  return { udpSize: plainSizeMax, hasEdns: false, version: 0 };
}

/** Where a name ends that may be compressed; undefined when it is broken. */
function skipName(bytes: Uint8Array, start: number): number | undefined {
  let at = start;
  for (;;) {
    const length = bytes[at];
    if (length === undefined || at - start > nameLengthMax) return undefined;
    if (length >= 0xc0) return at + 2;
    if (length > 63) return undefined;
    at += length + 1;
    if (length === 0) return at;
  }
}

export interface AddressRecord {
  readonly type: typeof RecordType.A | typeof RecordType.AAAA;
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
}
export interface PointerRecord {
  readonly type: typeof RecordType.PTR;
  /** As "1.web". Labels of 1..63 bytes. */
  readonly target: string;
}
export type AnswerRecord = AddressRecord | PointerRecord;

export interface Answer {
  readonly code: ResponseCode;
  /** Of the question's name. */
  readonly records: readonly AnswerRecord[];
  /** How long records, or that there are none, may be remembered, s. */
  readonly ttlSeconds: number;
  /** From our own table: with the authority that lets a "no" be remembered. */
  readonly isOwn: boolean;
}

export const failure = (code: ResponseCode): Answer => ({
  code,
  records: [],
  ttlSeconds: 0,
  isOwn: false,
});

const optLength = 11;

/**
 * The message that answers `query`, of at most `sizeMax` bytes. Records that do not fit are left
 * out: over UDP the answer then says so, and the asker comes back by TCP.
 */
export function writeAnswer(
  query: Query,
  answer: Answer,
  sizeMax: number,
  isUdp: boolean,
): Uint8Array {
  const writer = new AnswerWriter(sizeMax - (query.hasEdns ? optLength : 0));
  writer.bytes(new Uint8Array(headerLength));
  writer.bytes(query.question);
  let count = 0;
  for (const record of answer.records) {
    if (!writer.record(record, answer.ttlSeconds)) break;
    count++;
  }
  const isCut = count < answer.records.length && isUdp;
  const isNo = answer.isOwn && answer.records.length === 0;
  const authorities = isNo && writer.authority(answer.ttlSeconds) ? 1 : 0;
  if (query.hasEdns) writer.edns(answer.code);
  const message = writer.finished;
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  view.setUint16(0, query.id);
  const flags =
    0x8000 |
    (answer.isOwn ? 0x0400 : 0) |
    (isCut ? 0x0200 : 0) |
    (query.isRecursionDesired ? 0x0100 : 0) |
    0x0080 |
    (answer.code & 15);
  view.setUint16(2, flags);
  view.setUint16(4, query.question.length > 0 ? 1 : 0);
  view.setUint16(6, count);
  view.setUint16(8, authorities);
  view.setUint16(10, query.hasEdns ? 1 : 0);
  return message;
}

class AnswerWriter {
  readonly #sizeMax: number;
  #bytes = new Uint8Array(512);
  #length = 0;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get finished(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  bytes(more: Uint8Array): void {
    if (this.#length + more.length > this.#bytes.length) {
      const grown = new Uint8Array(2 * (this.#length + more.length));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(more, this.#length);
    this.#length += more.length;
  }

  /** False when there is no room for it. */
  record(record: AnswerRecord, ttlSeconds: number): boolean {
    const data = record.type === RecordType.PTR ? nameBytes(record.target) : record.address;
    return this.#record(record.type, ttlSeconds, data);
  }

  /** The start of authority of the question's name, for a "no" (RFC 2308). */
  authority(ttlSeconds: number): boolean {
    const data = new Uint8Array(22);
    // Server and mailbox: the root, one byte each; serial, refresh, retry, expire, minimum.
    const view = new DataView(data.buffer);
    view.setUint32(2, 1);
    for (const at of [6, 10, 14, 18]) view.setUint32(at, ttlSeconds);
    return this.#record(RecordType.SOA, ttlSeconds, data);
  }

  edns(code: ResponseCode): void {
    const data = new Uint8Array(optLength);
    const view = new DataView(data.buffer);
    view.setUint16(1, RecordType.OPT);
    view.setUint16(3, udpSizeMax);
    view.setUint8(5, code >> 4);
    this.bytes(data);
  }

  #record(type: number, ttlSeconds: number, data: Uint8Array): boolean {
    if (this.#length + headerLength + data.length > this.#sizeMax) return false;
    const head = new Uint8Array(12);
    const view = new DataView(head.buffer);
    // The question's name, which stands right after the header.
    view.setUint16(0, 0xc000 | headerLength);
    view.setUint16(2, type);
    view.setUint16(4, classInternet);
    view.setUint32(6, ttlSeconds);
    view.setUint16(10, data.length);
    this.bytes(head);
    this.bytes(data);
    return true;
  }
}

function nameBytes(name: string): Uint8Array {
  const parts = name.split('.').map((label) => Buffer.from(label, 'latin1').subarray(0, 63));
  return Buffer.concat([...parts.flatMap((part) => [Buffer.of(part.length), part]), Buffer.of(0)]);
}
