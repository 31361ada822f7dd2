/** How each registry is reached: address, trust, mirrors. Read anew for each pull. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';

export interface RegistryConfig {
  /**
   * Folders with a subfolder HOST[:PORT] for each registry that has a certificate authority of its own,
   * in files ending in .crt or .pem.
   */
  readonly certificateFolders: readonly string[];
  /** HOST[:PORT] of registries whose certificate is not checked, or that speak plain HTTP. */
  readonly insecure: readonly string[];
  /** Registry -> HOST[:PORT] of mirrors, asked first and in this order. */
  readonly mirrors: Readonly<Record<string, readonly string[]>>;
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

async function certificates(
  folders: readonly string[],
  host: string,
): Promise<readonly string[] | undefined> {
  const found: string[] = [];
  for (const folder of folders) {
    const names = await readdir(join(folder, host)).catch(() => []);
    for (const name of names)
      if (/\.(?:crt|pem)$/.test(name)) found.push(await readFile(join(folder, host, name), 'utf8'));
  }
  return found.length === 0 ? undefined : [...rootCertificates, ...found];
}

function isLoopback(host: string): boolean {
  return /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/.test(host);
}

async function endpointsOf(
  config: RegistryConfig,
  host: string,
): Promise<readonly RegistryEndpoint[]> {
  const address = host === 'docker.io' ? 'registry-1.docker.io' : host;
  const isInsecure = config.insecure.includes(host) || isLoopback(host);
  const ca = await certificates(config.certificateFolders, host);
  const isVerified = !config.insecure.includes(host) && (!isLoopback(host) || ca !== undefined);
  const secure = { host, url: new URL(`https://${address}/`), ca, isVerified };
  // A certificate that was put there on purpose means TLS, and nothing less.
  if (!isInsecure || ca !== undefined) return [secure];
  return [secure, { host, url: new URL(`http://${address}/`), ca: undefined, isVerified: false }];
}

/** Mirrors first, then the registry itself. */
export async function registryEndpoints(
  config: RegistryConfig,
  host: string,
): Promise<readonly RegistryEndpoint[]> {
  const hosts = [...(config.mirrors[host] ?? []), host];
  return (await Promise.all(hosts.map((one) => endpointsOf(config, one)))).flat();
}
