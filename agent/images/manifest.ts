/** What images are made of: indexes, manifests and configs, parsed once from untrusted JSON. Pure. */
import { ClusterError } from '#lib';
import type { Platform } from '#proto';
import * as v from 'valibot';

/** Largest index, manifest or config, bytes. */
export const documentBytesMax = 4 << 20;
/** Most layers of an image. */
export const layerCountMax = 256;

export const mediaTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  layerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  layerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
} as const;

const digestSchema = v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/, 'is not a sha256 digest'));
const sizeSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const descriptorSchema = v.object({
  mediaType: v.optional(v.string(), ''),
  digest: digestSchema,
  size: sizeSchema,
  platform: v.optional(
    v.object({
      os: v.optional(v.string(), ''),
      architecture: v.optional(v.string(), ''),
      variant: v.optional(v.string(), ''),
    }),
  ),
  annotations: v.optional(v.record(v.string(), v.string())),
});
/** A pointer to a blob. */
export type BlobDescriptor = v.InferOutput<typeof descriptorSchema>;

const indexSchema = v.object({
  manifests: v.pipe(v.array(descriptorSchema), v.maxLength(1_000)),
});
const manifestSchema = v.object({
  config: descriptorSchema,
  layers: v.pipe(v.array(descriptorSchema), v.maxLength(layerCountMax)),
});
export type Manifest = v.InferOutput<typeof manifestSchema>;

const textList = v.optional(v.nullable(v.array(v.string())));
const configSchema = v.object({
  os: v.optional(v.string(), 'linux'),
  architecture: v.optional(v.string(), ''),
  created: v.optional(v.nullable(v.string())),
  config: v.optional(
    v.nullable(
      v.object({
        Entrypoint: textList,
        Cmd: textList,
        Env: textList,
        WorkingDir: v.optional(v.string()),
        User: v.optional(v.string()),
        StopSignal: v.optional(v.string()),
        Volumes: v.optional(v.nullable(v.record(v.string(), v.unknown()))),
      }),
    ),
  ),
  rootfs: v.object({ diff_ids: v.pipe(v.array(digestSchema), v.maxLength(layerCountMax)) }),
});
export type ImageDocument = v.InferOutput<typeof configSchema>;

/** What a blob that an image name points at turned out to be. */
export type Target =
  | { readonly kind: 'index'; readonly manifests: readonly BlobDescriptor[] }
  | { readonly kind: 'manifest'; readonly manifest: Manifest };

function parseJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new ClusterError('IMAGE_INVALID', `${what} is not JSON`, { cause: error });
  }
}

function check<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  what: string,
): v.InferOutput<S> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue);
  const where = path === null ? '' : ` at ${path}`;
  throw new ClusterError('IMAGE_INVALID', `${what} is malformed${where}: ${issue.message}`);
}

/** An index or a manifest, by its content. IMAGE_INVALID. */
export function parseTarget(bytes: Uint8Array, what: string): Target {
  const value = parseJson(bytes, what);
  if (typeof value === 'object' && value !== null && 'manifests' in value)
    return { kind: 'index', manifests: check(indexSchema, value, what).manifests };
  if (typeof value === 'object' && value !== null && 'fsLayers' in value)
    throw new ClusterError(
      'IMAGE_INVALID',
      `${what} has the old manifest format (schema 1), which is not supported: push it again`,
    );
  return { kind: 'manifest', manifest: check(manifestSchema, value, what) };
}

/** An image's config. IMAGE_INVALID. */
export function parseImageDocument(bytes: Uint8Array, what: string): ImageDocument {
  return check(configSchema, parseJson(bytes, what), what);
}

/** The entry for this platform (the first that fits), or undefined. */
export function choosePlatform(
  manifests: readonly BlobDescriptor[],
  platform: Platform,
): BlobDescriptor | undefined {
  const fits = manifests.filter(
    (entry) =>
      entry.platform?.os === platform.os && entry.platform.architecture === platform.architecture,
  );
  // Of several arm variants, v8 is what 64-bit hosts run.
  const plain = fits.find((entry) => ['', 'v8'].includes(entry.platform?.variant ?? ''));
  const unnamed = manifests.filter(
    (entry) => entry.platform === undefined && isManifestType(entry.mediaType),
  );
  return plain ?? fits[0] ?? (unnamed.length === manifests.length ? unnamed[0] : undefined);
}

function isManifestType(mediaType: string): boolean {
  return ['', mediaTypes.manifest, mediaTypes.dockerManifest].includes(mediaType);
}

/** Every platform of an index as people write it: linux/amd64. */
export function platformNames(manifests: readonly BlobDescriptor[]): readonly string[] {
  return manifests.flatMap(({ platform }) =>
    platform === undefined || platform.os === 'unknown'
      ? []
      : [`${platform.os}/${platform.architecture}`],
  );
}
