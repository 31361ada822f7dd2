/** Names of images as people type them, and in full. Pure. */
import { ClusterError } from '#lib';

/** `host/path:tag` or `host/path@digest` or both. */
export interface ImageReference {
  /** Host and optional port: `docker.io`, `registry.lan:5000`. */
  readonly host: string;
  readonly path: string;
  /** Empty when there is only a digest. */
  readonly tag: string;
  /** sha256:<hex>, or empty. */
  readonly digest: string;
}

const nameBytesMax = 255;
const pathPattern =
  /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const hostPattern =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?$/;
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const digestPattern = /^sha256:[0-9a-f]{64}$/;

function invalid(text: string, why: string): ClusterError {
  return new ClusterError(
    'INVALID_ARGUMENT',
    `image name '${text}' is not valid: ${why}; write [HOST[:PORT]/]PATH[:TAG][@sha256:DIGEST]`,
  );
}

/** HOST or HOST:PORT. */
export function isRegistryHost(text: string): boolean {
  return hostPattern.test(text);
}

function isHost(part: string): boolean {
  return part === 'localhost' || part.includes('.') || part.includes(':');
}

/** Fills in what is left out: docker.io, library/, latest. INVALID_ARGUMENT. */
export function parseReference(text: string): ImageReference {
  const at = text.indexOf('@');
  const digest = at < 0 ? '' : text.slice(at + 1);
  if (at >= 0 && !digestPattern.test(digest))
    throw invalid(text, `'${digest}' is not a digest (sha256: and 64 hex digits)`);
  const named = at < 0 ? text : text.slice(0, at);
  const slash = named.indexOf('/');
  const first = slash < 0 ? '' : named.slice(0, slash);
  const hasHost = isHost(first);
  const rest = hasHost ? named.slice(slash + 1) : named;
  const colon = rest.lastIndexOf(':');
  const path = colon < 0 ? rest : rest.slice(0, colon);
  const tag = colon < 0 ? (digest === '' ? 'latest' : '') : rest.slice(colon + 1);
  if (path === '') throw invalid(text, 'the path is empty');
  if (/[A-Z]/.test(path)) throw invalid(text, `'${path}' must be in lower case`);
  if (!pathPattern.test(path)) throw invalid(text, `'${path}' has characters that are not allowed`);
  if (colon >= 0 && !tagPattern.test(tag)) throw invalid(text, `'${tag}' is not a tag`);
  if (hasHost && !hostPattern.test(first)) throw invalid(text, `'${first}' is not a host`);
  const host = !hasHost || first === 'index.docker.io' ? 'docker.io' : first.toLowerCase();
  const full = host === 'docker.io' && !path.includes('/') ? `library/${path}` : path;
  if (host.length + 1 + full.length > nameBytesMax)
    throw invalid(text, `it is longer than ${nameBytesMax} characters`);
  return { host, path: full, tag, digest };
}

/** The full name, as containerd keeps it: docker.io/library/web:latest. */
export function formatReference(reference: ImageReference): string {
  const { host, path, tag, digest } = reference;
  return `${host}/${path}${tag === '' ? '' : `:${tag}`}${digest === '' ? '' : `@${digest}`}`;
}

/** The shortest name that means the same: web:latest. */
export function familiarName(fullName: string): string {
  return fullName.replace(/^docker\.io\/(?:library\/(?=[^/]*$))?/, '');
}
