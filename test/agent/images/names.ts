import test from 'ava';
import fc from 'fast-check';
import { ClusterError } from '#lib';
import { Platform } from '#proto';
import { parseChallenge, tokenUrl } from '#agent/images/auth-challenge';
import { chainIds } from '#agent/images/chain-id-node';
import { choosePlatform, parseImageDocument, parseTarget } from '#agent/images/manifest';
import { familiarName, formatReference, parseReference } from '#agent/images/reference';

const digest = `sha256:${'ab'.repeat(32)}`;

for (const [text, full, familiar] of [
  ['web', 'docker.io/library/web:latest', 'web:latest'],
  ['web:1', 'docker.io/library/web:1', 'web:1'],
  ['team/web', 'docker.io/team/web:latest', 'team/web:latest'],
  ['docker.io/web', 'docker.io/library/web:latest', 'web:latest'],
  ['index.docker.io/library/web', 'docker.io/library/web:latest', 'web:latest'],
  ['localhost/web', 'localhost/web:latest', 'localhost/web:latest'],
  ['registry:5000/a/b/c:x_1', 'registry:5000/a/b/c:x_1', 'registry:5000/a/b/c:x_1'],
  ['Registry.LAN/web', 'registry.lan/web:latest', 'registry.lan/web:latest'],
  ['[::1]:5000/web', '[::1]:5000/web:latest', '[::1]:5000/web:latest'],
  [`web@${digest}`, `docker.io/library/web@${digest}`, `web@${digest}`],
  [`web:2@${digest}`, `docker.io/library/web:2@${digest}`, `web:2@${digest}`],
] as const)
  test(`the image name ${text} means ${full}`, (t) => {
    t.is(formatReference(parseReference(text)), full);
    t.is(familiarName(full), familiar);
  });

for (const [text, why] of [
  ['', 'empty'],
  ['Web', 'lower case'],
  ['web:', 'not a tag'],
  ['web:a/b', 'not a host'],
  ['web@sha256:12', 'not a digest'],
  ['we b', 'not allowed'],
  ['a//b', 'not allowed'],
  ['web:-x', 'not a tag'],
  [`${'a'.repeat(300)}`, 'longer than'],
] as const)
  test(`the image name '${text.slice(0, 20)}' is refused, saying ${why}`, (t) => {
    const error = t.throws(() => parseReference(text), { instanceOf: ClusterError });
    t.is(error?.code, 'INVALID_ARGUMENT');
    t.regex(error?.message ?? '', new RegExp(why));
  });

test('a full name parses to itself, whatever the name', (t) => {
  const part = fc.stringMatching(/^[a-z0-9]{1,8}([._-][a-z0-9]{1,5})?$/);
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), part, (path, tag) => {
      const full = formatReference(parseReference(`${path.join('/')}:${tag}`));
      return formatReference(parseReference(full)) === full;
    }),
  );
  t.pass();
});

test('the chain of one layer is the layer, of two the digest of both', (t) => {
  t.deepEqual(chainIds([]), []);
  const [first, second] = chainIds([`sha256:${'1'.repeat(64)}`, `sha256:${'2'.repeat(64)}`]);
  t.is(first, `sha256:${'1'.repeat(64)}`);
  t.is(second, 'sha256:9932074217c35353d2e03a3f5a86549f7c67bfeb0ba53e23d69f4d4c8f7958f5');
});

const entry = (os: string, architecture: string, variant?: string) => ({
  mediaType: '',
  digest: `sha256:${Buffer.from(`${os}${architecture}${variant ?? ''}`)
    .toString('hex')
    .padEnd(64, '0')
    .slice(0, 64)}`,
  size: 1,
  platform: { os, architecture, variant: variant ?? '' },
});

test('the manifest of this platform is chosen from an index', (t) => {
  const amd = entry('linux', 'amd64');
  const arm7 = entry('linux', 'arm64', 'v7');
  const arm8 = entry('linux', 'arm64', 'v8');
  const unknown = entry('unknown', 'unknown');
  const all = [unknown, amd, arm7, arm8];
  const pick = (architecture: string) =>
    choosePlatform(all, Platform.create({ os: 'linux', architecture }));
  t.is(pick('amd64'), amd);
  t.is(pick('arm64'), arm8);
  t.is(pick('s390x'), undefined);
});

test('an index without platforms gives its only manifest', (t) => {
  const { platform: _, ...bare } = entry('linux', 'amd64');
  t.is(choosePlatform([bare], Platform.create({ os: 'linux', architecture: 'amd64' })), bare);
});

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

test('documents that are not what they should be are IMAGE_INVALID, naming the place', (t) => {
  const refuse = (work: () => unknown, pattern: RegExp): void => {
    const error = t.throws(work, { instanceOf: ClusterError });
    t.is(error?.code, 'IMAGE_INVALID');
    t.regex(error?.message ?? '', pattern);
  };
  refuse(() => parseTarget(new Uint8Array([0xff, 0xfe]), 'x'), /x is not JSON/);
  refuse(
    () => parseTarget(json({ manifests: [{ digest: 'md5:1', size: 1 }] }), 'x'),
    /manifests.0.digest/,
  );
  refuse(() => parseTarget(json({ fsLayers: [] }), 'x'), /schema 1/);
  refuse(() => parseTarget(json({ config: { digest, size: -1 }, layers: [] }), 'x'), /config.size/);
  refuse(() => parseImageDocument(json({ rootfs: {} }), 'x'), /rootfs.diff_ids/);
  const layers = Array.from({ length: 300 }, () => ({ digest, size: 1 }));
  refuse(() => parseTarget(json({ config: { digest, size: 1 }, layers }), 'x'), /layers/);
});

test('a config with nulls where nothing is set is read', (t) => {
  const document = parseImageDocument(
    json({ config: { Cmd: null, Entrypoint: ['/a'], Volumes: null }, rootfs: { diff_ids: [] } }),
    'x',
  );
  t.deepEqual(document.config?.Entrypoint, ['/a']);
});

test('the challenge of a registry is understood', (t) => {
  t.deepEqual(
    parseChallenge(
      'Bearer realm="https://auth.lan/token",service="r.lan",scope="repository:a:pull,push"',
    ),
    {
      kind: 'bearer',
      realm: 'https://auth.lan/token',
      service: 'r.lan',
      scope: 'repository:a:pull,push',
    },
  );
  t.deepEqual(parseChallenge('Basic realm="x"'), { kind: 'basic' });
  t.deepEqual(parseChallenge('Basic realm="x", Bearer realm=https://a/b'), {
    kind: 'bearer',
    realm: 'https://a/b',
    service: '',
    scope: '',
  });
  t.is(parseChallenge('Negotiate'), undefined);
});

test('the address for a token carries service and scope, and only http addresses are used', (t) => {
  const url = tokenUrl(
    { kind: 'bearer', realm: 'https://auth.lan/token?a=b', service: 's', scope: '' },
    'team/web',
  );
  t.is(url?.href, 'https://auth.lan/token?a=b&service=s&scope=repository%3Ateam%2Fweb%3Apull');
  t.is(tokenUrl({ kind: 'bearer', realm: 'file:///etc', service: '', scope: '' }, 'x'), undefined);
  t.is(tokenUrl({ kind: 'bearer', realm: 'nonsense', service: '', scope: '' }, 'x'), undefined);
});
