import test from 'ava';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { ClusterError, silentLogger } from '#lib';
import type { ErrorCode } from '#lib';
import { systemClock } from '#lib/clock-node';
import { systemRandom } from '#lib/random-node';
import { Platform, RegistryAuth } from '#proto';
import { parseReference } from '#agent/images/reference';
import { RegistryFetcher } from '#agent/images/registry-fetcher-node';
import { MemoryBlobs, TinyRegistry } from '#test/_support/tiny-registry';
import type { TinyRegistryOptions } from '#test/_support/tiny-registry';
import { blobOf, buildImage, descriptorOf } from '../../../scripts/image-archive.ts';
import type { BuiltImage } from '../../../scripts/image-archive.ts';

const platform = Platform.create({ os: 'linux', architecture: 'amd64' });

function image(seed: string, layers = 2): Promise<BuiltImage> {
  return buildImage({
    names: [],
    architecture: 'amd64',
    compression: 'none',
    config: { Cmd: ['sh'] },
    layers: Array.from({ length: layers }, (_, i) => [
      { kind: 'file', path: `file${i}`, content: `${seed}${i}`.repeat(40_000) },
    ]),
  });
}

async function open(t: ExecutionContext, options: TinyRegistryOptions = {}) {
  const registry = new TinyRegistry(options);
  const host = await registry.start();
  t.teardown(() => registry.stop());
  const built = await image('web');
  registry.put('team/web', '1', built);
  const blobs = new MemoryBlobs();
  const folder = mkdtempSync(join(tmpdir(), 'tessera-registries-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const configure = (text: string): void => {
    mkdirSync(join(folder, host), { recursive: true });
    writeFileSync(join(folder, host, 'registry.yaml'), text);
  };
  const fetcher = () =>
    new RegistryFetcher({
      config: { folders: ['/nowhere', folder] },
      blobs,
      platform,
      clock: systemClock(),
      random: systemRandom(),
      log: silentLogger,
    });
  const progress: { status: string; bytesDone: number; bytesTotal: number }[] = [];
  const pull = (name: string, auth?: RegistryAuth, from = fetcher()) =>
    from.fetch(parseReference(name), auth, (event) => progress.push(event), {
      signal: AbortSignal.timeout(60_000),
      lease: 'x',
    });
  const counted = (part: string) => registry.seen.filter(({ path }) => path.includes(part)).length;
  return { registry, host, built, blobs, pull, progress, counted, fetcher, configure };
}

async function refused(
  t: ExecutionContext,
  code: ErrorCode,
  pattern: RegExp,
  work: Promise<unknown>,
): Promise<void> {
  const error = await t.throwsAsync(work, { instanceOf: ClusterError });
  t.is(error?.code, code, error?.message);
  t.regex(error?.message ?? '', pattern);
}

test('an image is fetched with every blob and its manifest', async (t) => {
  const { host, built, blobs, pull, progress } = await open(t);
  const target = await pull(`${host}/team/web:1`);
  t.is(target.digest, built.manifest.digest);
  for (const blob of [...built.layers, built.config, built.manifest])
    t.deepEqual(Buffer.from(blobs.blobs.get(blob.digest) ?? []), Buffer.from(blob.bytes));
  const last = progress.at(-1);
  t.is(last?.status, 'downloaded');
  t.is(last?.bytesDone, last?.bytesTotal);
});

test('of an index the manifest of this platform is fetched, and the index kept', async (t) => {
  const { host, registry, built, blobs, pull } = await open(t);
  const other = await image('other');
  registry.put('team/web', 'other', other);
  const index = blobOf(
    'application/vnd.oci.image.index.v1+json',
    JSON.stringify({
      schemaVersion: 2,
      manifests: [
        { ...descriptorOf(other.manifest), platform: { os: 'linux', architecture: 'arm64' } },
        { ...descriptorOf(built.manifest), platform: { os: 'linux', architecture: 'amd64' } },
      ],
    }),
  );
  registry.putManifest('team/web', 'multi', index);
  const target = await pull(`${host}/team/web:multi`);
  t.is(target.digest, index.digest);
  t.true(blobs.blobs.has(index.digest));
  t.true(blobs.blobs.has(built.manifest.digest));
  t.false(blobs.blobs.has(other.manifest.digest));
});

test('a host without a variant in the index is told which there are', async (t) => {
  const { host, registry, built, pull } = await open(t);
  const manifests = [
    { ...descriptorOf(built.manifest), platform: { os: 'linux', architecture: 's390x' } },
  ];
  const index = blobOf('application/vnd.oci.image.index.v1+json', JSON.stringify({ manifests }));
  registry.putManifest('team/web', 'multi', index);
  await refused(t, 'IMAGE_NOT_FOUND', /linux\/amd64.*linux\/s390x/, pull(`${host}/team/web:multi`));
});

test('an image that is not there is IMAGE_NOT_FOUND with its name and registry', async (t) => {
  const { host, pull } = await open(t);
  await refused(
    t,
    'IMAGE_NOT_FOUND',
    new RegExp(`image ${host}/team/web:9 not found in registry ${host}: check the name and tag`),
    pull(`${host}/team/web:9`),
  );
});

for (const kind of ['basic', 'token'] as const) {
  const login = { kind, username: 'ann', password: 'secret' };

  test(`a registry with a login (${kind}) serves who has it`, async (t) => {
    const { host, built, pull } = await open(t, { login });
    const auth = RegistryAuth.create({ username: 'ann', password: 'secret' });
    t.is((await pull(`${host}/team/web:1`, auth)).digest, built.manifest.digest);
  });

  test(`a registry with a login (${kind}) refuses a wrong password and nobody`, async (t) => {
    const { host, pull } = await open(t, { login });
    const wrong = RegistryAuth.create({ username: 'ann', password: 'guess' });
    const name = `${host}/team/web:1`;
    await refused(
      t,
      'REGISTRY_UNAUTHORIZED',
      /refuses access to team\/web.*user ann/,
      pull(name, wrong),
    );
    const error = await t.throwsAsync(pull(name));
    t.regex(error?.message ?? '', /log in/);
    t.notRegex(error?.message ?? '', /guess|secret/);
  });
}

test('a download that breaks off goes on where it stopped', async (t) => {
  const { host, registry, built, pull } = await open(t, {
    fault: (path, count) =>
      path.includes('/blobs/') && count < 2 ? { kind: 'cut', afterBytes: 50_000 } : undefined,
  });
  await pull(`${host}/team/web:1`);
  const [layer] = built.layers;
  const ranges = registry.seen
    .filter(({ path }) => path.endsWith(layer?.digest ?? 'none'))
    .map(({ range }) => range);
  t.is(ranges[0], '');
  t.true(ranges.length >= 2);
  t.true(
    ranges.slice(1).every((range) => /^bytes=[1-9]\d*-$/.test(range)),
    ranges.join(),
  );
});

test('a registry that is busy is asked again', async (t) => {
  const { host, built, pull, counted } = await open(t, {
    fault: (path, count) =>
      path.includes('/manifests/') && count === 0 ? { kind: 'status', status: 503 } : undefined,
  });
  t.is((await pull(`${host}/team/web:1`)).digest, built.manifest.digest);
  t.is(counted('/manifests/'), 2);
});

test('a registry that stays busy is REGISTRY_UNAVAILABLE', async (t) => {
  const { host, pull } = await open(t, { fault: () => ({ kind: 'status', status: 500 }) });
  await refused(t, 'REGISTRY_UNAVAILABLE', /answers with status 500/, pull(`${host}/team/web:1`));
});

test('a registry that nobody serves is REGISTRY_UNAVAILABLE, naming it', async (t) => {
  const { host, registry, pull } = await open(t);
  await registry.stop();
  await refused(
    t,
    'REGISTRY_UNAVAILABLE',
    new RegExp(`registry ${host} does not answer.*ECONNREFUSED`),
    pull(`${host}/team/web:1`),
  );
});

test('a manifest that is not what its digest says is refused', async (t) => {
  const { host, built, pull } = await open(t, {
    fault: (path) => (path.includes('/manifests/') ? { kind: 'other-bytes' } : undefined),
  });
  const name = `${host}/team/web@${built.manifest.digest}`;
  await refused(t, 'IMAGE_INVALID', /something else/, pull(name));
});

test('a blob that the registry lost is IMAGE_INVALID', async (t) => {
  const { host, registry, built, pull } = await open(t);
  registry.dropBlob(built.layers[0]?.digest ?? '');
  await refused(t, 'IMAGE_INVALID', /not its blob sha256:/, pull(`${host}/team/web:1`));
});

test('a blob that goes on after the size in its manifest is cut off', async (t) => {
  const { host, registry, built, blobs, pull } = await open(t);
  const [first, second] = built.layers.map(descriptorOf);
  const manifest = blobOf(
    built.manifest.mediaType,
    JSON.stringify({
      schemaVersion: 2,
      config: descriptorOf(built.config),
      layers: [{ ...first, size: 1_000 }, second],
    }),
  );
  registry.putManifest('team/web', 'lies', manifest);
  await refused(t, 'IMAGE_INVALID', /larger than the 1000 bytes/, pull(`${host}/team/web:lies`));
  t.false(blobs.blobs.has(first?.digest ?? ''));
});

test('a login does not follow a redirect to another host', async (t) => {
  const store = new TinyRegistry();
  const storeHost = await store.start();
  t.teardown(() => store.stop());
  const built = await image('web');
  store.put('team/web', '1', built);
  const { host, pull } = await open(t, {
    login: { kind: 'basic', username: 'ann', password: 'secret' },
    fault: (path) =>
      path.includes('/blobs/') ? { kind: 'redirect', to: `http://${storeHost}${path}` } : undefined,
  });
  const auth = RegistryAuth.create({ username: 'ann', password: 'secret' });
  t.is((await pull(`${host}/team/web:1`, auth)).digest, built.manifest.digest);
  t.true(store.seen.length >= 3);
  t.true(store.seen.every(({ authorization }) => authorization === ''));
});

test('a mirror is asked first and without the login; the registry itself when it fails', async (t) => {
  const mirror = await open(t);
  const origin = await open(t);
  const auth = RegistryAuth.create({ username: 'ann', password: 'secret' });
  origin.configure(`mirrors: ['${mirror.host}']`);
  await origin.pull(`${origin.host}/team/web:1`, auth);
  t.is(origin.registry.seen.length, 0);
  t.true(mirror.registry.seen.every(({ authorization }) => authorization === ''));
  const other = await image('only here');
  origin.registry.put('team/web', '2', other);
  const target = await origin.pull(`${origin.host}/team/web:2`, auth);
  t.is(target.digest, other.manifest.digest);
});

test('two pulls of one image at the same time fetch each blob once', async (t) => {
  const { host, built, pull, counted, fetcher } = await open(t);
  const one = fetcher();
  const name = `${host}/team/web:1`;
  await Promise.all([pull(name, undefined, one), pull(name, undefined, one)]);
  for (const layer of built.layers) t.is(counted(layer.digest), 1);
});

test('an aborted pull ends', async (t) => {
  const { host, fetcher } = await open(t);
  const signal = AbortSignal.abort(new ClusterError('CANCELLED', 'no longer wanted'));
  const reference = parseReference(`${host}/team/web:1`);
  await t.throwsAsync(
    fetcher().fetch(reference, undefined, () => undefined, { signal, lease: 'x' }),
  );
});

for (const [text, pattern] of [
  ['mirrors: [', /registry.yaml is not YAML/],
  ['mirrors: ["http://x"]', /malformed at mirrors.0: is not HOST or HOST:PORT/],
  ['insecure: maybe', /malformed at insecure/],
  ['insecurely: true', /malformed at insecurely/],
] as const)
  test(`settings of a registry that say '${text}' are refused with the file and the place`, async (t) => {
    const { host, pull, configure } = await open(t);
    configure(text);
    await refused(t, 'INVALID_ARGUMENT', pattern, pull(`${host}/team/web:1`));
  });
