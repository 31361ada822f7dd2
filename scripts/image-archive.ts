/** Writes OCI image archives from files: how the demo's and the tests' images are made, without a registry. */
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import tar from 'tar-stream';

/** One entry of a layer, by kind. Paths are relative, without a leading slash. */
export type LayerEntry =
  | { readonly kind: 'directory'; readonly path: string; readonly mode?: number }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly content: Uint8Array | string;
      readonly mode?: number;
      readonly uid?: number;
    }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string };

export interface ImageSource {
  /** Names in the archive's index, e.g. `busybox:latest`. */
  readonly names: readonly string[];
  readonly layers: readonly (readonly LayerEntry[])[];
  /** The `config` member of the image's config: Cmd, Env, ... */
  readonly config: Readonly<Record<string, unknown>>;
  readonly compression?: 'none' | 'gzip' | 'zstd';
  /** Default: that of this machine. */
  readonly architecture?: string;
}

export interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly bytes: Uint8Array;
}

export interface BuiltImage {
  readonly names: readonly string[];
  readonly manifest: Blob;
  readonly config: Blob;
  readonly layers: readonly Blob[];
}

const prefix = 'application/vnd.oci.image';

export function blobOf(mediaType: string, content: Uint8Array | string): Blob {
  const bytes = Buffer.from(content);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return { mediaType, digest, size: bytes.length, bytes };
}

export const descriptorOf = ({ mediaType, digest, size }: Blob) => ({ mediaType, digest, size });

async function tarOf(entries: readonly LayerEntry[]): Promise<Uint8Array> {
  const pack = tar.pack();
  // The same bytes every time.
  const mtime = new Date(0);
  for (const entry of entries)
    if (entry.kind === 'directory')
      pack.entry({ name: entry.path, type: 'directory', mode: entry.mode ?? 0o755, mtime });
    else if (entry.kind === 'symlink')
      pack.entry({ name: entry.path, type: 'symlink', linkname: entry.target, mtime });
    else
      pack.entry(
        { name: entry.path, mode: entry.mode ?? 0o644, uid: entry.uid ?? 0, mtime },
        Buffer.from(entry.content),
      );
  pack.finalize();
  return await buffer(pack);
}

function compress(bytes: Uint8Array, compression: ImageSource['compression']): Blob {
  const layer = `${prefix}.layer.v1.tar`;
  if (compression === 'none') return blobOf(layer, bytes);
  if (compression === 'zstd') return blobOf(`${layer}+zstd`, zstdCompressSync(bytes));
  return blobOf(`${layer}+gzip`, gzipSync(bytes, { level: 6 }));
}

/** Every blob of an image. */
export async function buildImage(source: ImageSource): Promise<BuiltImage> {
  const tars = await Promise.all(source.layers.map(tarOf));
  const layers = tars.map((bytes) => compress(bytes, source.compression));
  const architecture = source.architecture ?? (process.arch === 'x64' ? 'amd64' : process.arch);
  const config = blobOf(
    `${prefix}.config.v1+json`,
    JSON.stringify({
      created: '1970-01-01T00:00:00Z',
      os: 'linux',
      architecture,
      config: source.config,
      rootfs: { type: 'layers', diff_ids: tars.map((bytes) => blobOf('', bytes).digest) },
    }),
  );
  const mediaType = `${prefix}.manifest.v1+json`;
  const manifest = blobOf(
    mediaType,
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: descriptorOf(config),
      layers: layers.map(descriptorOf),
    }),
  );
  return { names: source.names, manifest, config, layers };
}

/** An OCI layout as tar, uncompressed. */
export async function ociArchive(images: readonly BuiltImage[]): Promise<Uint8Array> {
  const pack = tar.pack();
  const mtime = new Date(0);
  const add = (name: string, content: Uint8Array | string): unknown =>
    pack.entry({ name, mtime, mode: 0o644 }, Buffer.from(content));
  add('oci-layout', JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  const written = new Set<string>();
  for (const blob of images.flatMap((image) => [...image.layers, image.config, image.manifest])) {
    if (written.has(blob.digest)) continue;
    written.add(blob.digest);
    add(`blobs/sha256/${blob.digest.slice(7)}`, blob.bytes);
  }
  const manifests = images.flatMap((image) =>
    image.names.map((name) => ({
      ...descriptorOf(image.manifest),
      annotations: { 'org.opencontainers.image.ref.name': name },
    })),
  );
  add('index.json', JSON.stringify({ schemaVersion: 2, manifests }));
  pack.finalize();
  return await buffer(pack);
}
