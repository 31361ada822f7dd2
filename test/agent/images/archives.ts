import test from 'ava';
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import tar from 'tar-stream';
import { ClusterError } from '#lib';
import { systemRandom } from '#lib/random-node';
import { planArchive } from '#agent/images/archive-images';
import { ArchiveReader } from '#agent/images/archive-node';
import { viewOf } from '#agent/images/archive-view-node';
import { MemoryBlobs } from '#test/_support/tiny-registry';
import { buildImage, ociArchive } from '../../../scripts/image-archive.ts';
import type { BuiltImage, LayerEntry } from '../../../scripts/image-archive.ts';

const file = (path: string, content: string): LayerEntry => ({ kind: 'file', path, content });
const image = (names: readonly string[], content = 'x'): Promise<BuiltImage> =>
  buildImage({ names, config: { Cmd: ['sh'] }, layers: [[file('a', content)], [file('b', 'y')]] });

async function* pieces(bytes: Uint8Array, size = 10_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function load(archive: Uint8Array, name = '', pieceBytes = 10_000) {
  const blobs = new MemoryBlobs();
  const reader = new ArchiveReader(blobs, systemRandom(), { signal: new AbortController().signal });
  const contents = await reader.read(pieces(archive, pieceBytes));
  return { blobs, plan: planArchive(viewOf(contents), name) };
}

type Files = Readonly<Record<string, Uint8Array | string | { readonly link: string }>>;

async function tarOf(files: Files): Promise<Uint8Array> {
  const pack = tar.pack();
  for (const [name, content] of Object.entries(files))
    if (typeof content === 'object' && 'link' in content)
      pack.entry({ name, type: 'symlink', linkname: content.link });
    else pack.entry({ name }, Buffer.from(content));
  pack.finalize();
  return await buffer(pack);
}

const sha = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex');

test('an OCI layout gives its images under full names', async (t) => {
  const built = await image(['web:1', 'team/web:2']);
  const { plan, blobs } = await load(await ociArchive([built]));
  t.deepEqual(
    plan.images.map(({ name, target }) => [name, target.digest]),
    [
      ['docker.io/library/web:1', built.manifest.digest],
      ['docker.io/team/web:2', built.manifest.digest],
    ],
  );
  t.deepEqual(
    plan.documents.map(({ digest }) => digest).toSorted(),
    [built.config.digest, built.manifest.digest].toSorted(),
  );
  for (const layer of built.layers) t.true(blobs.blobs.has(layer.digest));
});

for (const [name, compress] of [
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
] as const)
  test(`an archive may be compressed with ${name}, and come in pieces of one byte`, async (t) => {
    const built = await image(['web:1']);
    const { plan } = await load(compress(await ociArchive([built])), '', 1);
    t.is(plan.images[0]?.target.digest, built.manifest.digest);
  });

test('a given name replaces the name of the only image', async (t) => {
  const { plan } = await load(await ociArchive([await image(['web:1'])]), 'shop:7');
  t.deepEqual(
    plan.images.map(({ name }) => name),
    ['docker.io/library/shop:7'],
  );
});

/** As `docker save` wrote before it had layouts: a folder per layer, in any order. */
async function dockerSave(order: 'first' | 'last'): Promise<Uint8Array> {
  const layer = await tarOf({ a: 'x' });
  const config = JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha(layer)}`, `sha256:${sha(layer)}`] },
  });
  const configName = `${sha(config)}.json`;
  const list = JSON.stringify([
    { Config: configName, RepoTags: ['old:1'], Layers: ['l1/layer.tar', 'l2/layer.tar'] },
  ]);
  const rest = {
    'l1/layer.tar': layer,
    'l2/layer.tar': { link: '../l1/layer.tar' },
    [configName]: config,
  };
  return await tarOf(
    order === 'first' ? { 'manifest.json': list, ...rest } : { ...rest, 'manifest.json': list },
  );
}

for (const order of ['first', 'last'] as const)
  test(`an old docker archive is read with its list coming ${order}`, async (t) => {
    const { plan, blobs } = await load(await dockerSave(order));
    t.deepEqual(
      plan.images.map(({ name }) => name),
      ['docker.io/library/old:1'],
    );
    const target = plan.documents.find(({ digest }) => digest === plan.images[0]?.target.digest);
    const manifest = JSON.parse(new TextDecoder().decode(target?.bytes)) as {
      layers: { digest: string; mediaType: string }[];
    };
    t.is(manifest.layers.length, 2);
    for (const { digest, mediaType } of manifest.layers) {
      t.true(blobs.blobs.has(digest));
      t.is(mediaType, 'application/vnd.oci.image.layer.v1.tar');
    }
  });

test('a docker archive with a layout and bare tags is named by its list', async (t) => {
  const built = await image([]);
  const blob = (one: { readonly digest: string }) => `blobs/sha256/${one.digest.slice(7)}`;
  const files: Record<string, Uint8Array | string> = {};
  for (const one of [...built.layers, built.config, built.manifest]) files[blob(one)] = one.bytes;
  const { mediaType, digest, size } = built.manifest;
  const annotations = { 'org.opencontainers.image.ref.name': '3' };
  files['index.json'] = JSON.stringify({ manifests: [{ mediaType, digest, size, annotations }] });
  files['manifest.json'] = JSON.stringify([
    { Config: blob(built.config), RepoTags: ['new:3'], Layers: built.layers.map(blob) },
  ]);
  const { plan } = await load(await tarOf(files));
  t.deepEqual(
    plan.images.map(({ name }) => name),
    ['docker.io/library/new:3'],
  );
});

for (const [what, archive, pattern] of [
  ['nothing', async () => new Uint8Array(), /empty/],
  ['a text', async () => Buffer.from('hello '.repeat(500)), /not an image archive/],
  ['a tar without an image', () => tarOf({ a: 'b' }), /no index.json and no manifest.json/],
  [
    'a broken gzip',
    async () => gzipSync(Buffer.alloc(90_000, 1)).subarray(0, 60),
    /not an image archive/,
  ],
  [
    'a half layout',
    async () => (await ociArchive([await image(['web:1'])])).subarray(0, 3_000),
    /not an image archive/,
  ],
  ['an index that is no JSON', () => tarOf({ 'index.json': '{' }), /index.json is not JSON/],
  [
    'a list that is malformed',
    () => tarOf({ 'manifest.json': '[1]' }),
    /manifest.json is malformed/,
  ],
  [
    'a list without its files',
    () => tarOf({ 'manifest.json': '[{"Config":"c.json","Layers":[]}]' }),
    /c.json is missing/,
  ],
  [
    'a document with another digest',
    () => tarOf({ [`blobs/sha256/${'0'.repeat(64)}`]: '{}', 'index.json': '{"manifests":[]}' }),
    /another digest/,
  ],
  [
    'an image without a name',
    async () => await ociArchive([await image([])]),
    /no index.json|names no image/,
  ],
] as const)
  test(`${what} is refused as an archive`, async (t) => {
    const error = await t.throwsAsync(async () => load(await archive()), {
      instanceOf: ClusterError,
    });
    t.is(error?.code, 'IMAGE_INVALID', error?.message);
    t.regex(error?.message ?? '', pattern);
    t.notRegex(error?.message ?? '', /\n/);
  });

test('an index that names itself a thousand times over at every level is read once', async (t) => {
  const built = await image(['web:1']);
  const files: Record<string, Uint8Array | string> = {};
  const blob = (digest: string) => `blobs/sha256/${digest.slice(7)}`;
  for (const one of [...built.layers, built.config, built.manifest])
    files[blob(one.digest)] = one.bytes;
  let { digest } = built.manifest;
  for (let level = 0; level < 6; level++) {
    const manifests = Array.from({ length: 500 }, () => ({ digest, size: 1 }));
    const text = JSON.stringify({ manifests });
    digest = `sha256:${sha(text)}`;
    files[blob(digest)] = text;
  }
  const annotations = { 'org.opencontainers.image.ref.name': 'web:1' };
  files['index.json'] = JSON.stringify({ manifests: [{ digest, size: 1, annotations }] });
  const { plan } = await load(await tarOf(files));
  t.is(plan.images[0]?.target.digest, digest);
  t.is(plan.documents.length, 8);
});

test('a file with an endless path is refused', async (t) => {
  const link = tarOf({ a: { link: 'x'.repeat(10_000) } });
  for (const archive of [await tarOf({ ['x'.repeat(10_000)]: '' }), await link])
    await t.throwsAsync(load(archive), { code: 'IMAGE_INVALID', message: /path longer than 4096/ });
});

test('one name for two images is refused', async (t) => {
  const archive = await ociArchive([await image(['a:1']), await image(['b:1'], 'other')]);
  const error = await t.throwsAsync(load(archive, 'c:1'), { instanceOf: ClusterError });
  t.regex(error?.message ?? '', /holds 2 images/);
});

test('a damaged archive is refused or gives an image, and never fails in another way', async (t) => {
  const archive = await ociArchive([await image(['web:1'])]);
  await fc.assert(
    fc.asyncProperty(fc.nat(archive.length - 1), fc.nat(255), async (at, value) => {
      const damaged = Uint8Array.from(archive);
      damaged[at] = value;
      try {
        const { plan } = await load(damaged);
        return plan.images.length > 0;
      } catch (error) {
        const code = (error as { readonly code?: string }).code ?? '';
        return ['IMAGE_INVALID', 'INVALID_ARGUMENT'].includes(code);
      }
    }),
    { numRuns: 60 },
  );
  t.pass();
});
