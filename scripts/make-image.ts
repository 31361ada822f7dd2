/**
 * Makes `build/busybox.tar`, an OCI archive of Debian's busybox-static under the names busybox:latest
 * and web:latest. Usage: make-image.ts [OUTPUT [NAME...]].
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { busyboxImage } from './busybox-image.ts';
import { buildImage, ociArchive } from './image-archive.ts';

const [output = join(import.meta.dirname, '../build/busybox.tar'), ...names] =
  process.argv.slice(2);
const busybox = await buildImage(busyboxImage(names.length > 0 ? names : ['busybox:latest']));
const images =
  names.length > 0
    ? [busybox]
    : [busybox, await buildImage(busyboxImage(['web:latest'], { Cmd: ['web'] }))];
mkdirSync(dirname(output), { recursive: true });
writeFileSync(output, await ociArchive(images));
console.log(`${output}: ${images.flatMap((image) => image.names).join(', ')}`);
