/** The containerd adapter against a containerd of its own: the contract, then what only it can show. */
import test from 'ava';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { silentLogger, silentMetrics } from '#lib';
import { systemClock } from '#lib/clock-node';
import { systemRandom } from '#lib/random-node';
import type { ContainerPlan } from '#agent';
import { createContainerdRuntime } from '#agent/containerd/index';
import { runsInOwnNamespaces } from '#test/_support/own-namespaces';
import { startContainerd, whyNoContainerd } from '#test/_support/private-containerd';
import { runtimeContract } from '#test/_support/runtime-contract';
import { busyboxImage } from '../../scripts/busybox-image.ts';
import { buildImage, ociArchive } from '../../scripts/image-archive.ts';

const missing = whyNoContainerd();
const { signal } = new AbortController();

async function openRuntime() {
  const containerd = await startContainerd();
  const dataDir = join(containerd.folder, 'data');
  const cgroupParent = `/tessera-test-${process.pid}`;
  const open = () =>
    createContainerdRuntime(
      {
        socketPath: containerd.socketPath,
        dataDir,
        cgroupParent,
        clock: systemClock(),
        random: systemRandom(),
        log: silentLogger,
        metrics: silentMetrics,
      },
      signal,
    );
  const { runtime, stop } = await open();
  const archive = await ociArchive([await buildImage(busyboxImage(['busybox:latest']))]);
  const names = await runtime.images.load(Readable.from([archive]), '', signal);
  return { containerd, dataDir, cgroupParent, runtime, stop, open, names };
}

if (missing !== undefined)
  test('this machine can run containers', (t) => {
    t.fail(`the containerd adapter cannot be tested: this ${missing}`);
  });
else if (runsInOwnNamespaces(test, import.meta.url)) {
  const opened = openRuntime();
  opened.catch(() => undefined);
  test.after.always(async () => {
    const { containerd, stop } = await opened;
    await stop();
    await containerd.stop();
  });

  test('an archive brings its images under full names', async (t) => {
    t.deepEqual((await opened).names, ['busybox:latest']);
  });

  runtimeContract(test, async () => ({
    runtime: (await opened).runtime,
    image: 'busybox:latest',
    networkNamespacePath: '',
  }));
}

export type { ContainerPlan };
