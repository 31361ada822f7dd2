/** The mesh's host: `nft`, `conntrack` and `ss`. */
import { ClusterError } from '#lib';
import { runCommand } from '../containerd/command-node.ts';
import { Shell } from '../containerd/shell-node.ts';
import { parseElements, parseStructure } from './listing.ts';
import type { MeshHost } from './mesh-host.ts';
import { parseListeners } from './port-clashes.ts';
import { meshTable } from './structure.ts';
import { endingLines } from './unled-flows.ts';

/** Loading or reading a table of tens of thousands of elements takes seconds. */
const nftDeadlineMs = 60_000;

/** `prefix`: a command that runs the tools elsewhere, as `ip netns exec NAME`. */
export function nftHost(prefix: readonly string[] = []): MeshHost {
  const shell = new Shell(prefix);
  return {
    async apply(text) {
      const argv = ['nft', '-f', '-'];
      const { stderr, exitCode } = await shell.run(argv, {
        stdin: text,
        deadlineMs: nftDeadlineMs,
      });
      if (exitCode !== 0) throw failure('nft -f -', stderr);
    },
    async list() {
      const { stdout, stderr, exitCode } = await runCommand(
        [...prefix, 'nft', '-j', 'list', 'table', 'inet', meshTable],
        { deadlineMs: nftDeadlineMs },
      );
      if (exitCode === 0) return { ...parseStructure(stdout), elements: parseElements(stdout) };
      if (/No such file or directory/.test(stderr)) return undefined;
      throw failure('nft -j list table', stderr);
    },
    async forget(addresses) {
      for (const address of await withConnections(shell, addresses)) {
        // It prints each, which may be tens of thousands.
        const stdin = `conntrack -D -f ${familyOf(address)} --reply-src ${address} >/dev/null\n`;
        const { exitCode, stderr } = await shell.run(['sh', '-s'], {
          stdin,
          deadlineMs: nftDeadlineMs,
        });
        // Exit code 1 says that there were none.
        if (exitCode !== 0 && !stderr.includes('0 flow entries'))
          throw failure('conntrack', stderr);
      }
    },
    async forgetUnled(ports) {
      const [only] = ports.length === 1 ? ports : [];
      const filter = only === undefined ? [] : ['--orig-port-dst', String(only.port)];
      const list = ['conntrack', '-L', '-p', 'udp', ...filter];
      const listed = await shell.run(list, { deadlineMs: nftDeadlineMs });
      if (listed.exitCode !== 0) throw failure('conntrack -L', listed.stderr);
      const lines = endingLines(listed.stdout, ports);
      if (lines.length === 0) return;
      // It opens its input by name, which not every kind of input allows: cat makes a pipe of it. What
      // has ended by itself since is no error there.
      const { exitCode, stderr } = await shell.run(['sh', '-c', 'cat | conntrack --load-file -'], {
        stdin: `${lines.join('\n')}\n`,
        deadlineMs: nftDeadlineMs,
      });
      if (exitCode !== 0) throw failure('conntrack --load-file', stderr);
    },
    async listeners() {
      const argv = ['ss', '-H', '-l', '-n', '-t', '-u'];
      const { stdout, stderr, exitCode } = await shell.run(argv);
      if (exitCode !== 0) throw failure('ss', stderr);
      return parseListeners(stdout);
    },
  };
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (address.includes(':') ? 'ipv6' : 'ipv4');

/**
 * Those of the addresses that connections come from or answer from. Each call of `conntrack` walks the
 * whole machine's table, 10 ms when it is empty: one walk for all, and most have none any more.
 */
async function withConnections(
  shell: Shell,
  addresses: readonly string[],
): Promise<readonly string[]> {
  if (addresses.length < 2) return addresses;
  const found = new Set<string>();
  for (const family of ['ipv4', 'ipv6'] as const) {
    const patterns = addresses
      .filter((address) => familyOf(address) === family)
      .map((address) => `src=${address} `);
    if (patterns.length === 0) continue;
    const stdin = `conntrack -L -f ${family} | grep -o -F '${patterns.join('\n')}' | sort -u\n`;
    const { stdout, stderr } = await shell.run(['sh', '-s'], {
      stdin,
      deadlineMs: nftDeadlineMs,
    });
    if (!stderr.includes('flow entries')) throw failure('conntrack', stderr);
    for (const line of stdout.split('\n')) if (line !== '') found.add(line.slice(4).trim());
  }
  return addresses.filter((address) => found.has(address));
}

function failure(what: string, stderr: string): ClusterError {
  const said = stderr
    .trim()
    .replaceAll(/\s*\n\s*/g, '; ')
    .slice(0, 500);
  return new ClusterError('RUNTIME_ERROR', `${what}: ${said}`);
}
