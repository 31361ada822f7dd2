import { MountKind, MountKindNames } from '#proto';
import type { ContainerSpec, Mount } from '#proto';
import { parseImageReference } from './image-reference.ts';
import { invalid, quoted, requireCount, requireEnum, requireRange } from './invalid.ts';
import { validateLabels } from './validate-labels.ts';
import { limits } from './limits.ts';

const containerNamePattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const userPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})?$/;
const groupPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;
const capabilityPattern = /^(?:CAP_)?[A-Z][A-Z_]{1,40}$|^ALL$/;
const signalPattern = /^(?:SIG[A-Z0-9]{2,10}(?:[+-][0-9]{1,2})?|[1-9][0-9]?)$/;
const sysctlPattern = /^[a-z0-9_-]+(?:[./][a-zA-Z0-9_-]+)+$/;
const volumeNamePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;
const envNamePattern = /^[^=\0]+$/;
const environmentFlag = '--env';

function requireText(field: string, what: string, text: string, bytesMax: number): void {
  if (text.includes('\0')) throw invalid(field, `${what} holds a NUL character: remove it`);
  if (Buffer.byteLength(text) > bytesMax)
    throw invalid(field, `${what} is longer than ${bytesMax} bytes: shorten it`);
}

function isCleanPath(path: string): boolean {
  return path.startsWith('/') && !path.split('/').includes('..');
}

function requirePath(field: string, what: string, path: string): void {
  if (!isCleanPath(path) || path.includes('\0'))
    throw invalid(field, `${what} ${quoted(path)} is not an absolute path without '..'`);
  if (path.length > limits.pathLengthMax)
    throw invalid(field, `${what} is longer than ${limits.pathLengthMax} characters: shorten it`);
}

/** `image` as `service create IMAGE` takes it, or `image pull`. */
export function validateImage(field: string, image: string): void {
  if (image === '') throw invalid(field, 'no image given: name one, as in registry/path:tag');
  if (image.length > limits.imageLengthMax)
    throw invalid(field, `image is longer than ${limits.imageLengthMax} characters`);
  const parsed = parseImageReference(image);
  if (typeof parsed === 'string')
    throw invalid(field, `image ${quoted(image)} is not a valid reference: ${parsed}`);
}

function validateEnv(at: string, env: readonly string[]): void {
  requireCount(`${at}.env`, environmentFlag, env, limits.envMax);
  for (const entry of env) {
    const equals = entry.indexOf('=');
    if (equals <= 0 || !envNamePattern.test(entry.slice(0, equals)))
      throw invalid(`${at}.env`, `--env ${quoted(entry)}: write it as NAME=VALUE`);
    const name = entry.slice(0, equals);
    requireText(`${at}.env`, `--env ${quoted(name)}`, entry, limits.envBytesMax);
  }
}

function validateArguments(at: string, container: ContainerSpec): void {
  const lists = [
    ['command', '--entrypoint', container.command],
    ['args', 'the command line', container.args],
  ] as const;
  for (const [field, what, list] of lists) {
    requireCount(`${at}.${field}`, what, list, limits.argsMax);
    for (const word of list) requireText(`${at}.${field}`, what, word, limits.argBytesMax);
  }
}

function requireEach(
  field: string,
  flag: string,
  list: readonly string[],
  max: number,
  pattern: RegExp,
  rule: string,
): void {
  requireCount(field, flag, list, max);
  for (const word of list)
    if (!pattern.test(word)) throw invalid(field, `${flag} ${quoted(word)} is not valid: ${rule}`);
}

function validateMount(at: string, mount: Mount): void {
  const target = quoted(mount.target);
  requireEnum(`${at}.kind`, '--mount type', mount.kind, MountKindNames);
  if (mount.target === '') throw invalid(`${at}.target`, '--mount has no target: add target=/path');
  requirePath(`${at}.target`, '--mount target', mount.target);
  if (/^\/+$/.test(mount.target))
    throw invalid(`${at}.target`, "--mount target '/' would hide the image: use a directory in it");
  if (mount.kind === MountKind.BIND) {
    if (mount.source === '')
      throw invalid(`${at}.source`, `--mount of ${target} has no source: add source=/path`);
    requirePath(`${at}.source`, `--mount source of ${target}`, mount.source);
  }
  if (mount.kind === MountKind.VOLUME && mount.source !== '')
    if (!volumeNamePattern.test(mount.source))
      throw invalid(
        `${at}.source`,
        `--mount source ${quoted(mount.source)} is not a volume name: use letters, digits, _ . -` +
          ', at most 128 (a path needs type=bind)',
      );
  if (mount.isExisting && (mount.kind !== MountKind.VOLUME || mount.source === ''))
    throw invalid(at, `--mount of ${target}: existing needs a volume with a name`);
  if (mount.kind === MountKind.TMPFS) {
    if (mount.source !== '')
      throw invalid(`${at}.source`, `--mount of ${target} is a tmpfs: it takes no source`);
    requireRange(`${at}.tmpfs_mode`, '--mount tmpfs-mode', mount.tmpfsMode, 0, 0o7777);
    return;
  }
  if (mount.tmpfsSizeBytes !== 0 || mount.tmpfsMode !== 0)
    throw invalid(at, `--mount of ${target}: tmpfs-size and tmpfs-mode need type=tmpfs`);
}

function validateMounts(at: string, mounts: readonly Mount[]): void {
  requireCount(`${at}.mounts`, '--mount', mounts, limits.mountsMax);
  const targets = new Set<string>();
  for (const [index, mount] of mounts.entries()) {
    validateMount(`${at}.mounts[${index}]`, mount);
    const target = mount.target.replace(/\/+/g, '/').replace(/\/$/, '');
    if (targets.has(target))
      throw invalid(
        `${at}.mounts[${index}].target`,
        `two --mount have the target ${quoted(target)}: give each its own`,
      );
    targets.add(target);
  }
}

function validateProcess(at: string, container: ContainerSpec): void {
  validateArguments(at, container);
  validateEnv(at, container.env);
  if (container.workingDirectory !== '')
    requirePath(`${at}.working_directory`, '--workdir', container.workingDirectory);
  if (container.user !== '' && !userPattern.test(container.user))
    throw invalid(
      `${at}.user`,
      `--user ${quoted(container.user)} is not valid: write uid, name, uid:gid or name:group`,
    );
  requireEach(
    `${at}.groups`,
    '--group',
    container.groups,
    limits.groupsMax,
    groupPattern,
    'write a group name or number',
  );
  if (container.stopSignal !== '' && !signalPattern.test(container.stopSignal))
    throw invalid(
      `${at}.stop_signal`,
      `--stop-signal ${quoted(container.stopSignal)} is not valid: write a name as in SIGTERM`,
    );
  requireRange(
    `${at}.stop_grace_period_ms`,
    '--stop-grace-period (ms)',
    container.stopGracePeriodMs ?? 0,
    0,
    limits.durationMsMax,
  );
}

function validateConfinement(at: string, container: ContainerSpec): void {
  const capabilities = [
    ['capability_add', '--cap-add', container.capabilityAdd],
    ['capability_drop', '--cap-drop', container.capabilityDrop],
  ] as const;
  for (const [field, flag, list] of capabilities)
    requireEach(
      `${at}.${field}`,
      flag,
      list,
      limits.capabilitiesMax,
      capabilityPattern,
      'write a capability as in CAP_NET_ADMIN, or ALL',
    );
  const names = Object.keys(container.sysctls);
  requireEach(
    `${at}.sysctls`,
    '--sysctl',
    names,
    limits.sysctlsMax,
    sysctlPattern,
    'write a name as in net.ipv4.ip_forward',
  );
  for (const [name, value] of Object.entries(container.sysctls))
    requireText(`${at}.sysctls`, `--sysctl ${name}`, value, limits.labelValueLengthMax);
  const auth = container.registryAuth;
  if (auth !== undefined && auth.username.length + auth.password.length > limits.authLengthMax)
    throw invalid(`${at}.registry_auth`, 'the registry credentials are too long');
}

/** One container of a task; `at` is its path in the spec. INVALID_SPEC for the first fault. */
export function validateContainer(at: string, container: ContainerSpec): void {
  if (!containerNamePattern.test(container.name))
    throw invalid(
      `${at}.name`,
      `container name ${quoted(container.name)} is not valid: use lower-case letters, digits` +
        ' and -, at most 63',
    );
  validateImage(`${at}.image`, container.image);
  validateLabels(`${at}.labels`, '--container-label', container.labels);
  validateProcess(at, container);
  validateMounts(at, container.mounts);
  validateConfinement(at, container);
}
