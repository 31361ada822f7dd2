/** The process `tsctl`: the real terminal, clock, environment and connection. */
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { systemClock } from '#lib/clock-node';
import type { Cli, Terminal } from './cli.ts';
import type { Connection, Target } from './connection.ts';
import { contextStore } from './contexts-node.ts';
import { chooseTarget, toTarget } from './globals.ts';
import type { GlobalOptions } from './globals.ts';
import { runProgram } from './program.ts';

const env = process.env;
let exitCode = 0;
const open: Connection[] = [];
const interrupt = new AbortController();

function terminal(): Terminal {
  const isTty = process.stdout.isTTY;
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isTty,
    columns: process.stdout.columns || 80,
    hasColour: isTty && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
  };
}

async function openTo(target: Target): Promise<Connection> {
  const { connectTo } = await import('./client-node.ts');
  const connection = connectTo(target);
  open.push(connection);
  return connection;
}

function makeCli(globals: GlobalOptions): Cli {
  const configHome = env['XDG_CONFIG_HOME'] || resolve(homedir(), '.config');
  const contexts = contextStore(resolve(configHome, 'tessera'));
  let connection: Promise<Connection> | undefined;
  return {
    terminal: terminal(),
    clock: systemClock(),
    signal: interrupt.signal,
    contexts,
    installDir: env['TESSERA_INSTALL_DIR'] || dirname(import.meta.dirname),
    labRoot: env['TESSERA_LAB_ROOT'] || '/var/lib/tessera-lab',
    env,
    readSecret: async (prompt) => (await import('./secret-input-node.ts')).readSecret(prompt),
    connect: () => {
      const { TESSERA_HOST, TESSERA_CONTEXT } = env;
      const target = chooseTarget(globals, { TESSERA_HOST, TESSERA_CONTEXT }, contexts);
      connection ??= openTo(target);
      return connection;
    },
    connectTo: (host) => openTo(toTarget('host', host)),
    setExitCode: (code) => {
      exitCode = code;
    },
  };
}

// A reader that goes away (`tsctl ... | head`) ends the program without a word.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCode);
    throw error;
  });

// The first Ctrl-C asks; the second ends.
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.on(name, () => {
    if (interrupt.signal.aborted) process.exit(130);
    interrupt.abort(new Error(name));
  });

const code = await runProgram(process.argv.slice(2), makeCli, terminal());
for (const connection of open) connection.close();
process.exitCode = code === 0 ? exitCode : code;
