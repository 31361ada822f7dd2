import test from 'ava';
import { crc32c } from '../../raft/log/crc32c.ts';
import { seededRandom } from '#lib';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** The definition, one bit at a time. */
function slowly(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) === 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

test('the check values of RFC 3720 come out', (t) => {
  t.is(crc32c(text('123456789')), 0xe3069283);
  t.is(crc32c(new Uint8Array(32)), 0x8a9136aa);
  t.is(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  t.is(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
  t.is(crc32c(new Uint8Array(0)), 0);
});

test('any length at any offset is as the definition says, in one go or in two', (t) => {
  const random = seededRandom(32);
  const bytes = random.bytes(200);
  for (let length = 0; length < 70; length++) {
    const part = bytes.subarray(length % 13, (length % 13) + length);
    t.is(crc32c(part), slowly(part));
    const cut = random.below(length + 1);
    t.is(crc32c(part.subarray(cut), crc32c(part.subarray(0, cut))), crc32c(part));
  }
});
