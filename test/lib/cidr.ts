import test from 'ava';
import fc from 'fast-check';
import {
  cidrAt,
  cidrEnd,
  cidrHas,
  doCidrsOverlap,
  formatCidr,
  formatIpAddress,
  parseCidr,
  parseIpAddress,
} from '#lib';
import type { IpAddress } from '#lib';

const address: fc.Arbitrary<IpAddress> = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 32n) - 1n }).map((value) => ({ family: 4 as const, value })),
  fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map((value) => ({ family: 6 as const, value })),
);

test('an address that is written is read as itself', (t) => {
  fc.assert(
    fc.property(address, (one) => {
      t.deepEqual(parseIpAddress(formatIpAddress(one)), one);
    }),
    { seed: 410, numRuns: 300 },
  );
});

const notAddresses = [
  ...[
    '',
    '10.0.0',
    '10.0.0.256',
    '010.0.0.1',
    '10.0.0.1 ',
    '1.2.3.4.5',
    'fe80::1%eth0',
    ':::',
    'a',
  ],
  ...['0x0a.0.0.1', '1:2:3:4:5:6:7:8:9', '1'.repeat(100)],
];
for (const text of notAddresses) {
  test(`'${text.slice(0, 20)}' is no address`, (t) => {
    t.is(parseIpAddress(text), undefined);
  });
}

for (const text of ['10.0.0.0', '10.0.0.1/8', '10.0.0.0/33', 'fd00::/129', 'fd00::1/64', '/8']) {
  test(`'${text}' is no block`, (t) => {
    t.is(parseCidr(text), undefined);
  });
}

test('a block holds its first and its last address, and none beside', (t) => {
  fc.assert(
    fc.property(address, fc.nat(32), (one, length) => {
      const cidr = cidrAt(one, length);
      const { family } = one;
      t.deepEqual(parseCidr(formatCidr(cidr)), cidr);
      t.true(cidrHas(cidr, one) && cidrHas(cidr, { family, value: cidrEnd(cidr) }));
      t.false(cidrHas(cidr, { family, value: cidrEnd(cidr) + 1n }));
    }),
    { seed: 411, numRuns: 300 },
  );
});

test('blocks overlap when one holds the other, and only then', (t) => {
  const close = fc.record({
    value: fc.bigInt({ min: 0n, max: 4_095n }),
    length: fc.integer({ min: 20, max: 32 }),
  });
  fc.assert(
    fc.property(close, close, (a, b) => {
      const [one, other] = [a, b].map(({ value, length }) => cidrAt({ family: 4, value }, length));
      if (one === undefined || other === undefined) return;
      const base = (cidr: typeof one): IpAddress => ({ family: 4, value: cidr.base });
      const isHeld = cidrHas(one, base(other)) || cidrHas(other, base(one));
      t.is(doCidrsOverlap(one, other), isHeld);
      t.is(doCidrsOverlap(other, one), isHeld);
    }),
    { seed: 412, numRuns: 500 },
  );
});
