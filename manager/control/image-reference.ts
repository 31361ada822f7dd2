/** What an image reference is made of, as `[registry[:port]/]path[:tag][@digest]`. */
export interface ImageReference {
  /** host or host:port; empty when none is written. */
  readonly registry: string;
  readonly path: string;
  /** Empty when none is written. */
  readonly tag: string;
  /** As in "sha256:..."; empty when none is written. */
  readonly digest: string;
}

const tagPattern = /^\w[\w.-]{0,127}$/;
const digestPattern = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;
const componentPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const registryPattern =
  /^(?:\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?)(?::[0-9]{1,5})?$/;
const pathLengthMax = 255;

function isRegistry(part: string): boolean {
  return part === 'localhost' || part.includes('.') || part.includes(':') || part.startsWith('[');
}

function fault(rest: string, tag: string, digest: string): string | undefined {
  if (digest !== '' && !digestPattern.test(digest))
    return 'the digest is not sha256: with 64 (or sha512: with 128) lower-case hex digits';
  if (tag !== '' && !tagPattern.test(tag))
    return 'the tag may hold letters, digits, _ . and -, at most 128 of them';
  if (rest === '') return 'the name is missing';
  return undefined;
}

/** The parts of `text`, or one line that says what is wrong with it. */
export function parseImageReference(text: string): ImageReference | string {
  const at = text.indexOf('@');
  const digest = at < 0 ? '' : text.slice(at + 1);
  if (at >= 0 && digest === '') return "the digest after '@' is missing";
  const named = at < 0 ? text : text.slice(0, at);
  const colon = named.lastIndexOf(':');
  const hasTag = colon > named.lastIndexOf('/') && !named.endsWith(']');
  const tag = hasTag ? named.slice(colon + 1) : '';
  if (hasTag && tag === '') return "the tag after ':' is missing";
  const rest = hasTag ? named.slice(0, colon) : named;
  const wrong = fault(rest, tag, digest);
  if (wrong !== undefined) return wrong;

  const parts = rest.split('/');
  const first = parts[0] ?? '';
  const registry = parts.length > 1 && isRegistry(first) ? first : '';
  if (registry !== '' && !registryPattern.test(registry))
    return 'the registry is not a host name or address with an optional port';
  const components = registry === '' ? parts : parts.slice(1);
  const path = components.join('/');
  if (path.length > pathLengthMax) return `the name is longer than ${pathLengthMax} characters`;
  const bad = components.find((part) => !componentPattern.test(part));
  if (bad !== undefined)
    return bad === bad.toLowerCase()
      ? 'the name may hold lower-case letters, digits and single separators . _ - /'
      : 'the name must be lower-case';
  return { registry, path, tag, digest };
}
