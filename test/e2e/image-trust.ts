/** What an image says of itself is checked before another image can be given its layers. */
import test from 'ava';
import { Readable } from 'node:stream';
import { ClusterError } from '#lib';
import { runsInOwnNamespaces } from '#test/_support/own-namespaces';
import { noAbort, OwnRuntime, runToEnd, shellPlan } from '#test/_support/own-runtime';
import { whyNoContainerd } from '#test/_support/private-containerd';
import { blobOf, buildImage, descriptorOf, ociArchive } from '../../scripts/image-archive.ts';
import { busyboxImage } from '../../scripts/busybox-image.ts';

const missing = whyNoContainerd();

if (missing !== undefined)
  test('this machine can run containers', (t) => {
    t.fail(`images cannot be tested: this ${missing}`);
  });
else if (runsInOwnNamespaces(test, import.meta.url))
  test("an image that claims another's layers is refused, and the other stays whole", async (t) => {
    const own = await OwnRuntime.open();
    t.teardown(() => own.close());
    const running = await own.agent();
    const base = busyboxImage(['honest:1']);
    const marked = (content: string, name: string) =>
      buildImage({
        ...base,
        names: [name],
        compression: 'gzip',
        layers: [...base.layers, [{ kind: 'file', path: 'mark', content }]],
      });
    const honest = await marked('honest', 'honest:1');
    const evil = await marked('evil', 'evil:1');
    const config = honest.config;
    const manifest = blobOf(
      evil.manifest.mediaType,
      JSON.stringify({
        schemaVersion: 2,
        config: descriptorOf(config),
        layers: evil.layers.map(descriptorOf),
      }),
    );
    const load = async (image: typeof evil) =>
      running.runtime.images.load(Readable.from([await ociArchive([image])]), '', noAbort);
    const error = await t.throwsAsync(load({ ...evil, config, manifest }), {
      instanceOf: ClusterError,
    });
    t.is(error?.code, 'IMAGE_INVALID', error?.message);
    await load(honest);
    const plan = shellPlan('cat /mark', { image: 'honest:1' });
    t.deepEqual((await runToEnd(running, plan)).lines, ['honest']);
  });
