/**
 * How each registry is reached: address, trust, mirrors. Read anew for each pull, so that a change
 * needs no restart. In `<folder>/HOST[:PORT]/` of each certificate folder:
 *
 * - `*.crt`, `*.pem`: authorities that are trusted for this registry, besides the system's;
 * - `registry.yaml`: `insecure: true` (certificate not checked, or plain HTTP), `mirrors: [HOST, ...]`.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { ClusterError } from '#lib';
import * as v from 'valibot';
import { parse } from 'yaml';
import { isRegistryHost } from './reference.ts';

export interface RegistryConfig {
  /** Looked through in this order; what is found is put together. */
  readonly folders: readonly string[];
}

/** One way to reach a registry. */
export interface RegistryEndpoint {
  /** HOST[:PORT] as in the image's name; shown to people. */
  readonly host: string;
  readonly url: URL;
  /** PEM; undefined = the system's. */
  readonly ca: readonly string[] | undefined;
  readonly isVerified: boolean;
}

interface Settings {
  readonly authorities: readonly string[];
  readonly insecure: boolean;
  readonly mirrors: readonly string[];
}

const mirrorsMax = 16;
const fileSchema = v.nullable(
  v.strictObject({
    insecure: v.optional(v.boolean(), false),
    mirrors: v.optional(
      v.pipe(
        v.array(v.pipe(v.string(), v.check(isRegistryHost, 'is not HOST or HOST:PORT'))),
        v.maxLength(mirrorsMax),
      ),
      [],
    ),
  }),
);

async function readSettingsFile(path: string): Promise<v.InferOutput<typeof fileSchema>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return null;
  }
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new ClusterError('INVALID_ARGUMENT', `${path} is not YAML`, { cause: error });
  }
  const result = v.safeParse(fileSchema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const where = v.getDotPath(issue) ?? 'its top';
  throw new ClusterError('INVALID_ARGUMENT', `${path} is malformed at ${where}: ${issue.message}`);
}

async function settingsOf(config: RegistryConfig, host: string): Promise<Settings> {
  const authorities: string[] = [];
  const mirrors: string[] = [];
  let insecure = false;
  for (const folder of config.folders) {
    const own = join(folder, host);
    const names = await readdir(own).catch(() => []);
    for (const name of names)
      if (/\.(?:crt|pem)$/.test(name)) authorities.push(await readFile(join(own, name), 'utf8'));
    const settings = await readSettingsFile(join(own, 'registry.yaml'));
    insecure ||= settings?.insecure ?? false;
    mirrors.push(...(settings?.mirrors ?? []));
  }
  return { authorities, insecure, mirrors };
}

function isLoopback(host: string): boolean {
  return /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/.test(host);
}

function endpointsOf(host: string, settings: Settings): readonly RegistryEndpoint[] {
  const address = host === 'docker.io' ? 'registry-1.docker.io' : host;
  const { authorities, insecure } = settings;
  const hasAuthority = authorities.length > 0;
  const ca = hasAuthority ? [...rootCertificates, ...authorities] : undefined;
  const isVerified = !insecure && (hasAuthority || !isLoopback(host));
  const secure = { host, url: new URL(`https://${address}/`), ca, isVerified };
  if (isVerified) return [secure];
  return [secure, { host, url: new URL(`http://${address}/`), ca: undefined, isVerified }];
}

/** Mirrors first, then the registry itself. INVALID_ARGUMENT for a malformed registry.yaml. */
export async function registryEndpoints(
  config: RegistryConfig,
  host: string,
): Promise<readonly RegistryEndpoint[]> {
  const own = await settingsOf(config, host);
  const mirrors = await Promise.all(
    own.mirrors.map(async (mirror) => endpointsOf(mirror, await settingsOf(config, mirror))),
  );
  return [...mirrors.flat(), ...endpointsOf(host, own)];
}
