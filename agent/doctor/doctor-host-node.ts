/** The host of an examination: `ping`, `ip`, `ss`, TCP and DNS. */
import { Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { ClusterError, mapBounded } from '#lib';
import type { Ms } from '#lib';
import { runCommand } from '../containerd/command-node.ts';
import { resolversIn } from '../dns/resolvers.ts';
import { hostHasIpv6 } from '../network/host-ipv6-node.ts';
import type { Connect, DoctorHost, NameAnswer, Ping } from './doctor-host.ts';
import { parseLinks, parseSockets } from './host-listing.ts';

/** Pings and connections at once. */
const widthMax = 128;
const connectWaitMs: Ms = 3_000;
const lookUpWaitMs: Ms = 2_000;
/** Nobody of ours listens there: the answer is that nobody does. */
const closedPort = 1;
const headerBytes = { v4: 28, v6: 48 } as const;
/** Errors that somebody's packet has brought: TCP passed. */
const answers: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'EACCES',
]);
const notFoundMark = 'no ping';

/**
 * One process for each packet; a line of the answer is the number of a packet that came back. Without a
 * ping that knows its options nothing would come back: it is tried first.
 */
const pingScript = `
ping -n -q -c 1 -W 1 -M do -s 56 127.0.0.1 >/dev/null 2>&1 || { echo '${notFoundMark}'; exit 0; }
exec xargs -P ${widthMax} -L 1 sh -c 'n=$1; shift; ping -n -q -c 1 -W 1 -M do "$@" >/dev/null 2>&1 && echo "$n"' ping
`;

/** `enter`: a command that runs the tools in another namespace; names and TCP stay in this one. */
export function probingHost(enter: readonly string[] = []): DoctorHost {
  const tool = async (argv: readonly string[]): Promise<string> => {
    const { stdout, stderr, exitCode } = await runCommand([...enter, ...argv]);
    if (exitCode === 0) return stdout;
    throw new ClusterError('RUNTIME_ERROR', `${argv.join(' ')}: ${stderr.trim().slice(0, 200)}`);
  };
  return {
    async ping(pings, signal) {
      if (pings.length === 0) return [];
      const deadlineMs = 15_000 + Math.ceil(pings.length / widthMax) * 1_500;
      const stdin = pings.map(pingLine).join('\n');
      const argv = [...enter, 'sh', '-c', pingScript];
      const { stdout } = await runCommand(argv, { stdin: `${stdin}\n`, deadlineMs, signal });
      if (stdout.startsWith(notFoundMark))
        throw new ClusterError(
          'FAILED_PRECONDITION',
          "'ping' of iputils does not work on this host: install it (apt install iputils-ping)",
        );
      const answered = new Set(stdout.split('\n'));
      return pings.map((_, i) => answered.has(String(i)));
    },
    connect: (connects, signal) => mapBounded(connects, widthMax, (one) => isAnswered(one, signal)),
    async links() {
      const argv = [
        'sh',
        '-c',
        "ip -json -details link show && echo '::' && ip -json address show",
      ];
      return parseLinks(await tool(argv));
    },
    hasIpv6: hostHasIpv6,
    async sockets() {
      return parseSockets(await tool(['ss', '-H', '-l', '-n', '-p', '-t', '-u']));
    },
    async lookUp(server, name) {
      const resolver = askerOf(server, lookUpWaitMs, 1);
      return answerOf(() => resolver.resolve4(name));
    },
    async answersNames(server) {
      const resolver = askerOf(server, lookUpWaitMs, 2);
      return (await answerOf(() => resolver.resolveNs('.'))) !== undefined;
    },
    async resolvers(except) {
      return resolversIn(await readFile('/etc/resolv.conf', 'utf8').catch(() => ''), except);
    },
  };
}

function pingLine({ from, to, packetBytes }: Ping, index: number): string {
  const size = packetBytes - (to.includes(':') ? headerBytes.v6 : headerBytes.v4);
  return `${index} -s ${size} ${from === undefined ? '' : `-I ${from} `}${to}`;
}

function isAnswered({ from, to }: Connect, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted();
  return new Promise((resolve) => {
    const socket = connect({ host: to, port: closedPort, localAddress: from });
    const done = (isIt: boolean): void => {
      socket.destroy();
      signal.removeEventListener('abort', onAbort);
      resolve(isIt);
    };
    const onAbort = (): void => done(false);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.setTimeout(connectWaitMs, () => done(false));
    socket.once('connect', () => done(true));
    socket.once('error', ({ code }: NodeJS.ErrnoException) => done(answers.has(code ?? '')));
  });
}

function askerOf(server: string, waitMs: Ms, tries: number): Resolver {
  const resolver = new Resolver({ timeout: waitMs, tries });
  resolver.setServers([server.includes(':') ? `[${server}]` : server]);
  return resolver;
}

/** Codes of c-ares that say that nobody answered. */
const silences: ReadonlySet<string> = new Set(['ETIMEOUT', 'ECONNREFUSED', 'ECANCELLED']);

async function answerOf(ask: () => Promise<readonly string[]>): Promise<NameAnswer> {
  try {
    return await ask();
  } catch (error) {
    return silences.has((error as NodeJS.ErrnoException).code ?? '') ? undefined : [];
  }
}
