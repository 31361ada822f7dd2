/** Reads what the choice of a store names: certificates, keys, a user and password. */
import { readFile, stat } from 'node:fs/promises';
import { ClusterError, messageOf } from '#lib';
import type { EtcdSettings } from '#manager/etcd/index';
import type { EtcdChoice, StoreChoice } from './store-choice.ts';

/** undefined for Raft. INVALID_ARGUMENT for a file that is missing, open to others, or not what it should be. */
export async function readStore(choice: StoreChoice): Promise<EtcdSettings | undefined> {
  if (choice.kind === 'raft') return undefined;
  const { endpoints, prefix } = choice;
  return { endpoints, prefix, tls: await readTls(choice), login: await readLogin(choice) };
}

async function readTls(choice: EtcdChoice): Promise<EtcdSettings['tls']> {
  const { caFile, certificateFile, keyFile } = choice;
  if (caFile === undefined) return undefined;
  const rootPem = await read('store-ca', caFile);
  if (certificateFile === undefined || keyFile === undefined) return { rootPem };
  const certificatePem = await read('store-cert', certificateFile);
  return { rootPem, certificatePem, keyPem: await readSecret('store-key', keyFile) };
}

/** One line, USER:PASSWORD. */
async function readLogin({ authFile }: EtcdChoice): Promise<EtcdSettings['login']> {
  if (authFile === undefined) return undefined;
  const text = (await readSecret('store-auth', authFile)).toString('utf8');
  const [, username, password] = /^([^:\n]+):([^\n]+)\n?$/.exec(text) ?? [];
  if (username === undefined || password === undefined)
    throw invalid('store-auth', authFile, 'expected one line USER:PASSWORD');
  return { username, password };
}

async function readSecret(name: string, path: string): Promise<Buffer> {
  const bytes = await read(name, path);
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0)
    throw invalid(name, path, "others than its owner may read it: run 'chmod 600' on it");
  return bytes;
}

async function read(name: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw invalid(name, path, messageOf(error));
  }
}

function invalid(name: string, path: string, why: string): ClusterError {
  return new ClusterError('INVALID_ARGUMENT', `--${name} ${path}: ${why}`);
}
