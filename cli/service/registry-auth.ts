/** Credentials that `docker login` left on this machine, for the registry of a service's image. */
import { readFileSync } from 'node:fs';
import { ClusterError } from '#lib';
import { RegistryAuth } from '#proto';
import type { ServiceSpec } from '#proto';
import { containerOf, editContainer } from './edit.ts';

interface DockerConfig {
  readonly auths?: Readonly<Record<string, { readonly auth?: string } | undefined>>;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Where docker itself looks for an image without a host in its name. */
const defaultRegistry = 'docker.io';
const defaultRegistryKey = 'https://index.docker.io/v1/';

/** The registry in an image's name: what stands before the first slash, if it looks like a host. */
export function registryOf(image: string): string {
  const first = image.includes('/') ? (image.split('/')[0] ?? '') : '';
  const isHost = first.includes('.') || first.includes(':') || first === 'localhost';
  return isHost ? first : defaultRegistry;
}

/** FAILED_PRECONDITION when this machine has no credentials for that registry. */
export function readRegistryAuth(image: string, env: Env): RegistryAuth {
  const path = `${env['DOCKER_CONFIG'] ?? `${env['HOME'] ?? ''}/.docker`}/config.json`;
  const registry = registryOf(image);
  const missing = (cause?: unknown): ClusterError =>
    new ClusterError(
      'FAILED_PRECONDITION',
      `no credentials for ${registry} in ${path}: run 'docker login ${registry}' first`,
      { cause },
    );
  let config: DockerConfig;
  try {
    config = JSON.parse(readFileSync(path, 'utf8')) as DockerConfig;
  } catch (error) {
    throw missing(error);
  }
  const auths = config.auths ?? {};
  const entry =
    auths[registry] ??
    auths[`https://${registry}`] ??
    (registry === defaultRegistry ? auths[defaultRegistryKey] : undefined);
  if (entry?.auth === undefined) throw missing();
  const text = Buffer.from(entry.auth, 'base64').toString('utf8');
  const at = text.indexOf(':');
  if (at < 0) throw missing();
  return RegistryAuth.create({ username: text.slice(0, at), password: text.slice(at + 1) });
}

export function withRegistryAuth(spec: ServiceSpec, env: Env): ServiceSpec {
  const registryAuth = readRegistryAuth(containerOf(spec).image, env);
  return editContainer(spec, (container) => ({ ...container, registryAuth }));
}
