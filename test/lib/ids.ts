import test from 'ava';
import { newId } from '#lib';
import type { Random } from '#lib';
import { systemRandom } from '#lib/random-node';

const drawing = (bytes: Uint8Array): Random => ({
  next: () => 0,
  below: () => 0,
  bytes: () => bytes,
  fork: () => drawing(bytes),
});

test('an id is the random bits as one number in base 36, most significant first', (t) => {
  const one = new Uint8Array(16);
  one[15] = 37;
  t.is(newId(drawing(one)), `${'0'.repeat(23)}11`);
  const first = new Uint8Array(16);
  first[0] = 1;
  t.is(newId(drawing(first)), (1n << 120n).toString(36).padStart(25, '0'));
  t.is(newId(drawing(new Uint8Array(16).fill(255))), ((1n << 128n) - 1n).toString(36));
});

test('no bytes of the system are given twice, in small pieces and in large ones', (t) => {
  const random = systemRandom();
  const seen = new Set<string>();
  for (let i = 0; i < 3_000; i++) {
    const bytes = random.bytes(i % 100 === 0 ? 65 : 16);
    t.is(bytes.length, i % 100 === 0 ? 65 : 16);
    seen.add(bytes.toHex());
  }
  t.is(seen.size, 3_000);
  t.false([...seen].some((hex) => /^0+$/.test(hex)));
  t.is(new Uint8Array(random.bytes(16).buffer).length, 16, 'nobody reaches the pool by it');
});
