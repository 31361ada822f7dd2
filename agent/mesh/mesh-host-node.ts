/** The mesh's host: `nft`, `conntrack` and `ss`. */
import { ClusterError } from '#lib';
import { runCommand } from '../containerd/command-node.ts';
import { parseElements, parseStructure } from './listing.ts';
import type { MeshHost } from './mesh-host.ts';
import { parseListeners } from './port-clashes.ts';
import { meshTable } from './structure.ts';

/** Loading or reading a table of tens of thousands of elements takes seconds. */
const nftDeadlineMs = 60_000;

/** `prefix`: a command that runs the tools elsewhere, as `ip netns exec NAME`. */
export function nftHost(prefix: readonly string[] = []): MeshHost {
  return {
    async apply(text) {
      await mustRun([...prefix, 'nft', '-f', '-'], text);
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
      for (const address of addresses) {
        const family = address.includes(':') ? 'ipv6' : 'ipv4';
        // Exit code 1 says that there were none.
        const argv = [...prefix, 'conntrack', '-D', '-f', family, '--reply-src', address];
        const { exitCode, stderr } = await runCommand(argv);
        if (exitCode !== 0 && !stderr.includes('0 flow entries'))
          throw failure('conntrack', stderr);
      }
    },
    async listeners() {
      return parseListeners(await mustRun([...prefix, 'ss', '-H', '-l', '-n', '-t', '-u'], ''));
    },
  };
}

async function mustRun(argv: readonly string[], stdin: string): Promise<string> {
  const { stdout, stderr, exitCode } = await runCommand(argv, { stdin, deadlineMs: nftDeadlineMs });
  if (exitCode === 0) return stdout;
  throw failure(argv.join(' '), stderr);
}

function failure(what: string, stderr: string): ClusterError {
  const said = stderr
    .trim()
    .replaceAll(/\s*\n\s*/g, '; ')
    .slice(0, 500);
  return new ClusterError('RUNTIME_ERROR', `${what}: ${said}`);
}
