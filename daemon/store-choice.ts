import { ClusterError } from '#lib';
import { splitHostPort } from './advertise.ts';

/** Where the managers of this cluster keep its state. */
export type StoreChoice =
  /** In the managers' own replicated log. */
  { readonly kind: 'raft' } | EtcdChoice;

export interface EtcdChoice {
  readonly kind: 'etcd';
  /** host:port of etcd's members, 1 to 9. */
  readonly endpoints: readonly string[];
  /** Of the keys in etcd, without slashes at the ends. */
  readonly prefix: string;
  /** Absolute paths; undefined = not given. */
  readonly caFile: string | undefined;
  readonly certificateFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly authFile: string | undefined;
}

export interface StoreTexts {
  readonly store: string;
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  readonly auth: string;
}

const defaultPort = 2379;
const defaultPrefix = 'tessera';
const endpointsMax = 9;
const prefixPattern = /^[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/;

/** INVALID_ARGUMENT for the first fault. */
export function parseStore(texts: StoreTexts): StoreChoice {
  const { store, ca, certificate, key, auth } = texts;
  if (store === 'raft') {
    const given = Object.entries({ ca, cert: certificate, key, auth }).find(
      ([, path]) => path !== '',
    );
    if (given === undefined) return { kind: 'raft' };
    throw invalid(`--store-${given[0]}: is only for --store etcd://HOST:PORT`);
  }
  const [, hosts = '', prefix = defaultPrefix] =
    /^etcd:\/\/([^/?#]+)(?:\/(.*?))?\/?$/.exec(store) ?? [];
  if (hosts === '')
    throw invalid(`--store: '${store}' is not valid: use raft or etcd://HOST:PORT[,HOST:PORT...]`);
  if (hosts.includes('@'))
    throw invalid('--store: no user or password here: put them in a file, see --store-auth');
  if (!prefixPattern.test(prefix))
    throw invalid(
      `--store: prefix '${prefix}' is not valid: use letters, digits, '.', '_' and '-'`,
    );
  const endpoints = hosts.split(',').map((host) => {
    const address = splitHostPort(host, defaultPort, '--store');
    return { ...address, text: `${bracketed(address.host)}:${address.port}` };
  });
  if (endpoints.length > endpointsMax)
    throw invalid(
      `--store: ${endpoints.length} members of etcd are given, ${endpointsMax} at most`,
    );
  if ((certificate === '') !== (key === ''))
    throw invalid('--store-cert and --store-key: give both or none');
  if (certificate !== '' && ca === '')
    throw invalid('--store-cert: needs --store-ca, the authority of the etcd to talk to');
  const far = endpoints.find(({ host }) => !isLoopback(host));
  if (ca === '' && far !== undefined)
    throw invalid(
      `--store: etcd at ${far.text} is not this host, and the cluster's keys must not travel in clear text: give --store-ca`,
    );
  const path = (name: string, value: string): string | undefined => absolute(name, value);
  return {
    kind: 'etcd',
    endpoints: endpoints.map(({ text }) => text),
    prefix,
    caFile: path('store-ca', ca),
    certificateFile: path('store-cert', certificate),
    keyFile: path('store-key', key),
    authFile: path('store-auth', auth),
  };
}

/**
 * What all managers of a cluster must have in common; kept in each node's record. Addresses of etcd are
 * not part of it: they may change.
 */
export function storeName(choice: StoreChoice): string {
  return choice.kind === 'raft' ? 'raft' : `etcd/${choice.prefix}`;
}

/** FAILED_PRECONDITION unless a manager with this choice can be one of the cluster's. */
export function requireSameStore(cluster: string, own: string): void {
  if (cluster === own) return;
  throw new ClusterError(
    'FAILED_PRECONDITION',
    `this cluster keeps its state in ${described(cluster)}, but tesserad was started for ` +
      `${described(own)}: start it with the --store that the other managers have`,
  );
}

function described(name: string): string {
  return name === 'raft' ? 'the managers (--store raft)' : `etcd below /${name.slice(5)}`;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function absolute(name: string, path: string): string | undefined {
  if (path === '') return undefined;
  if (path.startsWith('/')) return path;
  throw invalid(`--${name}: '${path}' is not valid: use an absolute path`);
}

function invalid(message: string): ClusterError {
  return new ClusterError('INVALID_ARGUMENT', message);
}
