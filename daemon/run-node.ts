/** Puts one daemon together from its options; `main.ts` runs it, tests run several in one process. */
import { hostname } from 'node:os';
import {
  certificateDigest,
  certificateSigner,
  makeKeyAndRequest,
  makeRootCa,
} from '#manager/ca/certificates-node';
import type { PrometheusMetrics } from '#lib/metrics-node';
import { splitHostPort } from './advertise.ts';
import { Daemon } from './daemon.ts';
import { addressTowards, hostAddresses } from './host-addresses-node.ts';
import { HttpFace } from './http-node.ts';
import { requestCertificate } from './joining-node.ts';
import { LocalServer, lockDirectory } from './local-server-node.ts';
import { Member } from './member-node.ts';
import { DiskNodeFiles } from './node-files-node.ts';
import type { Options } from './options.ts';
import type { Basics, MakeAgent, MakeManager, MakeStoredManager } from './ports.ts';
import { restore } from './restoring-node.ts';
import { storeName } from './store-choice.ts';
import { readStore } from './store-files-node.ts';
import { version } from './version.ts';

export interface RunOptions extends Basics {
  readonly options: Options;
  readonly metrics: PrometheusMetrics;
  readonly makeAgent: MakeAgent;
  readonly makeManager: MakeManager;
}

export interface Running {
  /** Containers keep running. */
  stop(): Promise<void>;
  /** The port of the HTTP face; 0 when there is none. */
  readonly httpPort: number;
}

/** Resolves when the local socket answers. FAILED_PRECONDITION when something of it is taken. */
export async function run(parts: RunOptions): Promise<Running> {
  const { options, log, metrics } = parts;
  const store = storeName(options.store);
  const etcd = await readStore(options.store);
  const makeManager: MakeStoredManager = (parameters) =>
    parts.makeManager({ ...parameters, storeName: store, etcd });
  const unlock = await lockDirectory(options.dataDirectory, parts.clock);
  const files = await DiskNodeFiles.open(options.dataDirectory, parts.random);
  const certificates = {
    signer: certificateSigner,
    makeRoot: makeRootCa,
    makeKeyAndRequest,
    digestOf: certificateDigest,
  };
  const name = options.hostname || hostname();
  const daemon = new Daemon({
    ...parts,
    files,
    hostname: name,
    storeName: store,
    version,
    pid: process.pid,
    hostAddresses,
    addressTowards,
    certificates,
    requestCertificate,
    restore,
    makeMember: (start) => {
      const own = { files, certificates, hostname: name, storeName: store, makeManager };
      return new Member({ ...parts, ...start, ...own });
    },
  });
  const http = openHttp(options.metricsAddress, metrics, daemon);
  const local = new LocalServer({
    ...parts,
    runDirectory: options.runDirectory,
    local: daemon.handlers(),
    control: daemon.control(),
  });
  try {
    const httpPort = (await http?.listen()) ?? 0;
    await local.listen();
    log.info('tesserad started', { version, pid: process.pid, httpPort });
    const starting = daemon.start();
    const stop = async (): Promise<void> => {
      await daemon.stop();
      await starting;
      await local.close();
      await http?.close();
      unlock();
    };
    return { stop, httpPort };
  } catch (error) {
    await http?.close();
    unlock();
    throw error;
  }
}

function openHttp(
  address: string | undefined,
  metrics: PrometheusMetrics,
  daemon: Daemon,
): HttpFace | undefined {
  if (address === undefined) return undefined;
  return new HttpFace({
    ...splitHostPort(address, 0, '--metrics', 0),
    contentType: metrics.contentType,
    renderMetrics: () => metrics.render(),
    health: () => daemon.error,
  });
}
