/** The flags before the command, and which daemon they choose. */
import type { Command } from 'commander';
import { ClusterError } from '#lib';
import { UsageError } from './cli.ts';
import type { Target, TlsFiles } from './connection.ts';
import { defaultContextName } from './contexts-node.ts';
import type { Context, ContextStore } from './contexts-node.ts';

export interface GlobalOptions {
  readonly host?: string;
  readonly context?: string;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

export const globalFlagsWithValue: ReadonlySet<string> = new Set([
  '-H',
  '--host',
  '-c',
  '--context',
  '--tls-ca',
  '--tls-cert',
  '--tls-key',
]);

export function readGlobals(program: Command): void {
  program
    .option('-H, --host <host>', 'the daemon: unix:///PATH or HOST:PORT')
    .option('-c, --context <name>', "a daemon by its context's name: see 'tsctl context ls'")
    .option('--tls-ca <file>', "the cluster's root certificate, for HOST:PORT")
    .option('--tls-cert <file>', "a manager's certificate, for HOST:PORT")
    .option('--tls-key <file>', 'its key');
}

export interface TargetEnv {
  readonly TESSERA_HOST?: string | undefined;
  readonly TESSERA_CONTEXT?: string | undefined;
}

/** Flags before environment before the chosen context before the local socket. */
export function chooseTarget(
  globals: GlobalOptions,
  env: TargetEnv,
  contexts: ContextStore,
): Target {
  if (globals.host !== undefined && globals.context !== undefined)
    throw new UsageError('--host and --context both choose the daemon: give one of them');
  if (globals.host !== undefined) return toTarget('--host', globals.host, tlsFlags(globals));
  if (globals.context !== undefined) return contextTarget(contexts.get(globals.context));
  if (env.TESSERA_HOST) return toTarget('TESSERA_HOST', env.TESSERA_HOST, tlsFlags(globals));
  return contextTarget(contexts.get(env.TESSERA_CONTEXT || contexts.currentName()));
}

function tlsFlags(globals: GlobalOptions): TlsFiles | undefined {
  const { tlsCa: ca, tlsCert: certificate, tlsKey: key } = globals;
  if (ca === undefined && certificate === undefined && key === undefined) return undefined;
  if (ca !== undefined && certificate !== undefined && key !== undefined)
    return { ca, certificate, key };
  throw new UsageError('--tls-ca, --tls-cert and --tls-key belong together: give all three');
}

function contextTarget(context: Context): Target {
  const target = toTarget(`context ${context.name}`, context.host, context.tls);
  return context.name === defaultContextName ? target : { ...target, context: context.name };
}

/** Checks the form; `source` names where the text came from. */
export function toTarget(source: string, host: string, tls?: TlsFiles): Target {
  const isUnix = /^unix:\/\/\/.+/.test(host);
  const port = Number(/^[^\s/]+:(\d{1,5})$/.exec(host)?.[1]);
  if (!isUnix && !(port >= 1 && port <= 65_535))
    throw new ClusterError(
      'INVALID_ARGUMENT',
      `${source} '${host}' is not a daemon's address: use unix:///PATH or HOST:PORT`,
    );
  return tls === undefined ? { host } : { host, tls };
}
