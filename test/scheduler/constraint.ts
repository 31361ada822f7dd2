import test from 'ava';
import fc from 'fast-check';
import { hasCode, messageOf } from '#lib';
import { NodeDescription, NodeRole, NodeSpec, NodeStatus, Platform } from '#proto';
import { nodeSatisfies, parseConstraint, parsePreference } from '#scheduler';
import { aNode } from '#test/_support/objects';

const node = aNode('n1', {
  spec: NodeSpec.create({ labels: { zone: 'EU-West', 'com.example/disk': 'ssd' } }),
  status: NodeStatus.create({ address: '10.1.2.3:4711' }),
  description: NodeDescription.create({
    hostname: 'Alpha',
    platform: Platform.create({ os: 'linux', architecture: 'amd64' }),
    engineLabels: { storage: 'nvme' },
  }),
  role: NodeRole.MANAGER,
});

const table: readonly (readonly [string, boolean])[] = [
  ['node.labels.constructor!=x', true],
  ['engine.labels.toString!=x', true],
  ['node.id==n1', true],
  ['node.id!=n1', false],
  ['node.hostname==alpha', true],
  ['NODE.Hostname == ALPHA', true],
  ['node.role==manager', true],
  ['node.role==worker', false],
  ['node.ip==10.1.2.3', true],
  ['node.ip==10.1.0.0/16', true],
  ['node.ip!=10.1.0.0/16', false],
  ['node.ip==10.2.0.0/16', false],
  ['node.ip==fd00::/8', false],
  ['node.platform.os==Linux', true],
  ['node.platform.arch==x86_64', true],
  ['node.platform.arch==aarch64', false],
  ['node.labels.zone==eu-west', true],
  ['node.labels.zone!=eu-west', false],
  ['node.labels.Zone==eu-west', false],
  ['node.labels.com.example/disk==SSD', true],
  ['node.labels.missing==x', false],
  ['node.labels.missing!=x', true],
  ['engine.labels.storage==nvme', true],
  ['engine.labels.storage==hdd', false],
];

for (const [text, expected] of table) {
  test(`${text} ${expected ? 'holds' : 'does not hold'} on the node of the table`, (t) => {
    t.is(nodeSatisfies(node, [text]), expected);
  });
}

test('several constraints must all hold', (t) => {
  t.true(nodeSatisfies(node, ['node.id==n1', 'node.role!=worker']));
  t.false(nodeSatisfies(node, ['node.id==n1', 'node.role==worker']));
});

test('a constraint that cannot be read is satisfied by no node', (t) => {
  t.false(nodeSatisfies(node, ['node.colour!=red']));
});

const wrong: readonly (readonly [string, RegExp])[] = [
  ['node.role', /^constraint "node.role": has neither == nor !=; write KEY==VALUE/],
  ['node.role=manager', /has neither == nor !=/],
  ['==x', /has no key/],
  ['node.role==', /has no value/],
  ['node.role==boss', /a role is manager or worker/],
  ['node.colour==red', /there is no key "node.colour" \(there are node.id, node.hostname/],
  ['node.labels.==red', /there is no key "node.labels."/],
  ['node.labels.a b==red', /there is no key "node.labels.a b"/],
  ['node.ip==10.0.0.0/99', /"10.0.0.0\/99" is neither an IP address nor a CIDR/],
  ['node.id==a==b', /has more than one operator/],
  [`node.id==${'x'.repeat(600)}`, /longer than 512 characters/],
];

for (const [text, expected] of wrong) {
  test(`${text.slice(0, 30)} is refused with what is wrong`, (t) => {
    const error = t.throws(() => parseConstraint(text));
    t.true(hasCode(error, 'INVALID_SPEC'));
    t.regex(messageOf(error), expected);
    t.false(messageOf(error).includes('\n'));
  });
}

test('any text is either read or refused with INVALID_SPEC', (t) => {
  const operand = fc.stringMatching(/^[a-z.=! ]*$/);
  fc.assert(
    fc.property(fc.oneof(fc.string(), operand), (text) => {
      try {
        parseConstraint(text);
      } catch (error) {
        t.true(hasCode(error, 'INVALID_SPEC'), text);
      }
    }),
    { seed: 7, numRuns: 300 },
  );
  t.pass();
});

test('a preference is spread= and a key', (t) => {
  t.deepEqual(parsePreference('spread=node.labels.zone'), { kind: 'node-label', label: 'zone' });
  t.throws(() => parsePreference('pack=node.labels.zone'), { message: /write spread=/ });
  t.throws(() => parsePreference('spread=zone'), { message: /is not understood/ });
});
