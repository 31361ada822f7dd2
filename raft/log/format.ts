import { RaftError } from '../errors.ts';

/** Of segments and snapshots alike. Version 1 had another checksum and was never released. */
const FORMAT_VERSION = 2;

/** The first four bytes of what is stored: 'ra', its kind, the version of the format. */
export const magics = {
  frame: magicOf('L'),
  sealedFrame: magicOf('E'),
  snapshot: magicOf('S'),
  sealedSnapshot: magicOf('T'),
} as const;

const known: ReadonlySet<number> = new Set(Object.values(magics).map((magic) => magic >>> 8));

function magicOf(kind: string): number {
  const [r = 0, a = 0, letter = 0] = new TextEncoder().encode(`ra${kind}`);
  return ((r << 24) | (a << 16) | (letter << 8) | FORMAT_VERSION) >>> 0;
}

/** Throws `UNKNOWN_FORMAT` when the bytes begin as another version of this library wrote them. */
export function refuseOtherFormat(bytes: Uint8Array, path: string): void {
  const [r = 0, a = 0, letter = 0, version = FORMAT_VERSION] = bytes;
  if (version === FORMAT_VERSION || !known.has((r << 16) | (a << 8) | letter)) return;
  throw new RaftError(
    'UNKNOWN_FORMAT',
    `${path} was written in another format than ${FORMAT_VERSION}, the only one known here ` +
      '(or its first bytes are damaged): use the version of the program that wrote it',
  );
}
