import { resolve } from 'node:path';
import { ClusterError } from '#lib';
import { UsageError } from '../cli.ts';
import type { CommandModule } from '../command-tree.ts';
import type { TlsFiles } from '../connection.ts';
import { addExamples } from '../flags.ts';
import { toTarget } from '../globals.ts';

interface Options {
  readonly host: string;
  readonly description?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export const command: CommandModule = {
  configure(command, cli) {
    command
      .argument('<CONTEXT>', 'its name')
      .requiredOption('--host <host>', 'unix:///PATH or HOST:PORT')
      .option('--description <text>', 'a few words')
      .option('--ca <file>', "the cluster's root certificate, for HOST:PORT")
      .option('--cert <file>', "a manager's certificate, for HOST:PORT")
      .option('--key <file>', 'its key');
    addExamples(command, [
      'tsctl context create far --host 192.168.1.10:7377 --ca ca.pem --cert node.pem --key key.pem',
    ]);
    command.action((name: string, options: Options) => {
      const { host } = toTarget('--host', options.host);
      if (cli.contexts.list().some((context) => context.name === name))
        throw new ClusterError(
          'ALREADY_EXISTS',
          `context ${name} already exists: remove it with 'tsctl context rm ${name}'`,
        );
      const tls = tlsOf(options);
      const { description } = options;
      cli.contexts.save({
        name,
        host,
        ...(tls === undefined ? {} : { tls }),
        ...(description === undefined ? {} : { description }),
      });
      cli.terminal.out(`${name}\n`);
    });
  },
};

function tlsOf({ ca, cert, key }: Options): TlsFiles | undefined {
  if (ca === undefined && cert === undefined && key === undefined) return undefined;
  if (ca === undefined || cert === undefined || key === undefined)
    throw new UsageError('--ca, --cert and --key belong together: give all three');
  return { ca: resolve(ca), certificate: resolve(cert), key: resolve(key) };
}
