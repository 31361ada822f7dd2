import test from 'ava';
import fc from 'fast-check';
import { BackupHeader } from '#proto';
import { packBackup, readBackup } from '#proto/backup-node';

const header = BackupHeader.create({
  clusterId: 'cluster1',
  version: 42,
  createdAtMs: 1_800_000_000_000,
  tesseraVersion: '0.1.0',
  counts: { node: 3, service: 2 },
});
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const secret = bytesOf('an unlock key');

async function* streamOf(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function packed(image: readonly Uint8Array[], key?: Uint8Array): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of packBackup(header, streamOf(image), key)) {
    if (part.length > 256 << 10) throw new Error('a chunk is too long');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

async function unpacked(file: Uint8Array, key?: Uint8Array): Promise<Buffer> {
  const image: Uint8Array[] = [];
  const onImage = (bytes: Uint8Array): void => void image.push(bytes);
  const read = await readBackup(streamOf([file]), { secret: key, onImage });
  if (read.header.clusterId !== header.clusterId || read.header.version !== header.version)
    throw new Error('another header');
  return Buffer.concat(image);
}

test('what is packed is read again, plain and encrypted, however it is cut', async (t) => {
  const image = fc.array(fc.uint8Array({ maxLength: 3_000 }), { maxLength: 5 });
  const property = fc.asyncProperty(image, fc.boolean(), async (chunks, isEncrypted) => {
    const key = isEncrypted ? secret : undefined;
    const file = await packed(chunks, key);
    t.deepEqual(await unpacked(file, key), Buffer.concat(chunks));
    const single = [...file].map((byte) => new Uint8Array([byte]));
    await readBackup(streamOf(single));
  });
  await fc.assert(property, { numRuns: 30, seed: 7 });
});

test('a long image travels in chunks below 256 KiB', async (t) => {
  const image = new Uint8Array(1_000_000).map((_, i) => i % 251);
  t.deepEqual(await unpacked(await packed([image])), Buffer.from(image));
});

test('a byte changed, left out or added anywhere is refused, with or without a key', async (t) => {
  for (const key of [undefined, secret]) {
    const file = await packed([bytesOf('some objects'), bytesOf('and more')], key);
    for (let at = 0; at < file.length; at++) {
      const flipped = Buffer.from(file);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      await t.throwsAsync(unpacked(flipped, key), undefined, `flipped at ${at}`);
      await t.throwsAsync(unpacked(file.subarray(0, at), key), undefined, `cut at ${at}`);
    }
    const longer = Buffer.concat([file, bytesOf('x')]);
    await t.throwsAsync(unpacked(longer, key), { code: 'DATA_LOSS' });
  }
});

test('an encrypted backup is checked without the key, and read with the right one only', async (t) => {
  const file = await packed([bytesOf('the root key')], secret);
  t.false(file.includes('the root key'));
  t.is((await unpacked(file)).length, 0);
  t.is((await unpacked(file, secret)).toString(), 'the root key');
  await t.throwsAsync(unpacked(file, bytesOf('another key')), {
    code: 'PERMISSION_DENIED',
    message: /another unlock key/,
  });
});

test('what is no backup, or of another format, is told as that', async (t) => {
  const notOne = { code: 'INVALID_ARGUMENT', message: /not a backup/ };
  await t.throwsAsync(unpacked(bytesOf('#!/bin/sh\necho hello')), notOne);
  await t.throwsAsync(unpacked(new Uint8Array(0)), notOne);
  const file = await packed([]);
  const at = file.indexOf(8, 12);
  t.is(file[at + 1], 1, 'the format, the first field of the header');
  file[at + 1] = 2;
  await t.throwsAsync(unpacked(file), {
    code: 'INVALID_ARGUMENT',
    message: /has format 2 and this program reads 1/,
  });
});
