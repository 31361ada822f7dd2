/** tesserad: options, the parts for this machine, signals. */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { ClusterError, messageOf } from '#lib';
import { systemClock } from '#lib/clock-node';
import { pinoLogger } from '#lib/log-node';
import { prometheusMetrics } from '#lib/metrics-node';
import { systemRandom } from '#lib/random-node';
import { nodeManager } from '#manager/manager-node';
import { agentMaker } from './agent-part-node.ts';
import { containerdHost } from './containerd-host-node.ts';
import { helpText, parseConfig, parseFlags, resolveOptions } from './options.ts';
import type { Given, Options } from './options.ts';
import { run } from './run-node.ts';
import type { Running } from './run-node.ts';
import { simulatedHost } from './simulated-host.ts';
import { version } from './version.ts';

/** After a signal the process ends within this time, whatever hangs; containers run on. */
const stopDeadlineMs = 5_000;
const usageError = 2;

async function readConfig(path: string | undefined): Promise<Given> {
  if (path === undefined) return {};
  let content: unknown;
  try {
    content = parse(await readFile(path, 'utf8'));
  } catch (error) {
    const [line] = messageOf(error).split('\n');
    throw new ClusterError('INVALID_ARGUMENT', `--config ${path}: ${line}`, { cause: error });
  }
  return parseConfig(content, path);
}

function fail(error: unknown, code: number): never {
  process.stderr.write(`tesserad: ${messageOf(error)}\n`);
  process.exit(code);
}

async function readOptions(argv: readonly string[]): Promise<Options> {
  const invocation = parseFlags(argv);
  if (invocation.kind === 'run')
    return resolveOptions(invocation.given, await readConfig(invocation.configFile));
  process.stdout.write(invocation.kind === 'help' ? helpText() : `tesserad ${version}\n`);
  process.exit(0);
}

const options = await readOptions(process.argv.slice(2)).catch((error: unknown) =>
  fail(error, usageError),
);
const log = pinoLogger(options.logLevel);
const metrics = prometheusMetrics();
const basics = { clock: systemClock(), random: systemRandom(), log, metrics };

process.on('uncaughtException', (error) => {
  log.error('uncaught error', { err: error });
  process.exit(1);
});
process.on('unhandledRejection', (error) => {
  log.error('unhandled rejection', { err: error });
  process.exit(1);
});

let running: Running;
try {
  const makeHost = options.runtime === 'simulated' ? simulatedHost() : containerdHost(options);
  const makeAgent = agentMaker(makeHost);
  running = await run({ ...basics, options, makeAgent, makeManager: nodeManager });
} catch (error) {
  fail(error, 1);
}

for (const name of ['SIGTERM', 'SIGINT'] as const)
  process.once(name, () => {
    log.info('tesserad stopping', { signal: name });
    setTimeout(() => process.exit(0), stopDeadlineMs).unref();
    running.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error('stopped with an error', { err: error });
        process.exit(1);
      },
    );
  });
