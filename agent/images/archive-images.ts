/** Which images an archive holds, under which names; pure. */
import { ClusterError } from '#lib';
import * as v from 'valibot';
import { mediaTypes, parseImageDocument, parseTarget } from './manifest.ts';
import type { BlobDescriptor } from './manifest.ts';
import { formatReference, parseReference } from './reference.ts';

/** A file of the archive: its bytes if it is a document, else only where it was stored. */
export interface ArchiveFile {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly isGzip: boolean;
  readonly bytes: Uint8Array | undefined;
}

export interface ArchiveView {
  /** Follows links; undefined when there is no such file. */
  file(path: string): ArchiveFile | undefined;
  digestOf(bytes: Uint8Array): string;
}

export interface ArchiveImage {
  readonly name: string;
  readonly target: BlobDescriptor;
}

export interface ArchivePlan {
  readonly images: readonly ArchiveImage[];
  /** Small blobs to write before the images are adopted. */
  readonly documents: readonly { readonly digest: string; readonly bytes: Uint8Array }[];
}

const dockerSchema = v.array(
  v.object({
    Config: v.string(),
    RepoTags: v.optional(v.nullable(v.array(v.string()))),
    Layers: v.array(v.string()),
  }),
);
type DockerImage = v.InferOutput<typeof dockerSchema>[number];

const invalid = (why: string): ClusterError =>
  new ClusterError('IMAGE_INVALID', `not an image archive: ${why}`);

/**
 * `givenName` (as typed, or empty) replaces the name of the only image. IMAGE_INVALID when there is no
 * image, a part is missing, or an image has no name.
 */
export function planArchive(view: ArchiveView, givenName: string): ArchivePlan {
  const documents = new Map<string, Uint8Array>();
  const dockerImages = parseDockerList(view);
  const index = view.file('index.json')?.bytes;
  const found =
    index === undefined
      ? dockerImages.map((image) => fromDocker(view, image, documents))
      : fromLayout(view, index, dockerImages, documents);
  if (found.length === 0) throw invalid('it has no index.json and no manifest.json');
  const given = givenName === '' ? undefined : formatReference(parseReference(givenName));
  if (given !== undefined && found.length > 1)
    throw new ClusterError(
      'IMAGE_INVALID',
      `the archive holds ${found.length} images, so '${givenName}' cannot name them all: leave the name out`,
    );
  const images = found.flatMap(({ names, target }) => {
    const wanted = given === undefined ? names : [given];
    if (wanted.length === 0)
      throw new ClusterError('IMAGE_INVALID', 'the archive names no image: give it a name');
    return wanted.map((name) => ({ name, target }));
  });
  return {
    images,
    documents: [...documents].map(([digest, bytes]) => ({ digest, bytes })),
  };
}

interface Found {
  readonly names: readonly string[];
  readonly target: BlobDescriptor;
}

function parseDockerList(view: ArchiveView): readonly DockerImage[] {
  const bytes = view.file('manifest.json')?.bytes;
  if (bytes === undefined) return [];
  try {
    return v.parse(dockerSchema, JSON.parse(new TextDecoder().decode(bytes)));
  } catch (error) {
    throw new ClusterError('IMAGE_INVALID', 'not an image archive: manifest.json is malformed', {
      cause: error,
    });
  }
}

function fullNames(names: readonly string[]): readonly string[] {
  return [...new Set(names.map((name) => formatReference(parseReference(name))))];
}

function fromLayout(
  view: ArchiveView,
  index: Uint8Array,
  dockerImages: readonly DockerImage[],
  documents: Map<string, Uint8Array>,
): readonly Found[] {
  const parsed = parseTarget(index, 'index.json');
  if (parsed.kind !== 'index') throw invalid('index.json is not an index');
  // The same image under several names has an entry for each.
  const byDigest = new Map<string, { names: string[]; target: BlobDescriptor }>();
  const taken = new Map<string, readonly string[]>();
  for (const entry of parsed.manifests) {
    const configDigests = takeDocuments(view, entry, documents, taken);
    const { annotations: _, platform: _platform, ...bare } = entry;
    const found = byDigest.get(entry.digest) ?? { names: new Array<string>(), target: bare };
    found.names.push(...namesOf(entry, configDigests, dockerImages));
    byDigest.set(entry.digest, found);
  }
  return [...byDigest.values()].map(({ names, target }) => ({ names: fullNames(names), target }));
}

function namesOf(
  entry: BlobDescriptor,
  configDigests: readonly string[],
  dockerImages: readonly DockerImage[],
): readonly string[] {
  const full = entry.annotations?.['io.containerd.image.name'];
  if (full !== undefined) return [full];
  const ref = entry.annotations?.['org.opencontainers.image.ref.name'] ?? '';
  // Some tools put only the tag there.
  if (/[/:]/.test(ref)) return [ref];
  return dockerImages
    .filter((image) => configDigests.some((digest) => image.Config.includes(digest.slice(7))))
    .flatMap((image) => image.RepoTags ?? []);
}

/** Notes the documents under `entry` that the archive has; resolves to the configs' digests. */
function takeDocuments(
  view: ArchiveView,
  entry: BlobDescriptor,
  documents: Map<string, Uint8Array>,
  taken: Map<string, readonly string[]>,
): readonly string[] {
  const bytes = view.file(`blobs/sha256/${entry.digest.slice(7)}`)?.bytes;
  // An index may name platforms that the archive does not carry.
  if (bytes === undefined) return [];
  // And an index of indexes may name one of them many times over.
  const known = taken.get(entry.digest);
  if (known !== undefined) return known;
  documents.set(entry.digest, bytes);
  const target = parseTarget(bytes, entry.digest);
  if (target.kind === 'index') {
    const below = target.manifests.flatMap((child) => takeDocuments(view, child, documents, taken));
    const configs = [...new Set(below)];
    taken.set(entry.digest, configs);
    return configs;
  }
  const { config } = target.manifest;
  const configBytes = view.file(`blobs/sha256/${config.digest.slice(7)}`)?.bytes;
  if (configBytes !== undefined) documents.set(config.digest, configBytes);
  return [config.digest];
}

function fromDocker(
  view: ArchiveView,
  image: DockerImage,
  documents: Map<string, Uint8Array>,
): Found {
  const config = view.file(image.Config);
  if (config?.bytes === undefined) throw invalid(`${image.Config} is missing`);
  const document = parseImageDocument(config.bytes, image.Config);
  const layers = image.Layers.map((path, i) => {
    const layer = view.file(path);
    if (layer === undefined) throw invalid(`${path} is missing`);
    if (!layer.isGzip && document.rootfs.diff_ids[i] !== layer.digest)
      throw invalid(`the content of ${path} has another digest than its config says`);
    const mediaType = layer.isGzip ? mediaTypes.layerGzip : mediaTypes.layer;
    return { mediaType, digest: layer.digest, size: layer.sizeBytes };
  });
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, digest: config.digest, size: config.sizeBytes },
    layers,
  };
  const bytes = new TextEncoder().encode(JSON.stringify(manifest));
  const digest = view.digestOf(bytes);
  documents.set(config.digest, config.bytes);
  documents.set(digest, bytes);
  return {
    names: fullNames(image.RepoTags ?? []),
    target: { mediaType: mediaTypes.manifest, digest, size: bytes.length },
  };
}
