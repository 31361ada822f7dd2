/** The mesh's host: `nft`, `conntrack` and `ss`. */
import { ClusterError } from '#lib';
import type { Logger } from '#lib';
import { runCommand } from '../containerd/command-node.ts';
import { Shell } from '../containerd/shell-node.ts';
import { deletingScript, goneFlows, listingScript } from './gone-flows.ts';
import { parseElements, parseStructure } from './listing.ts';
import type { MeshHost } from './mesh-host.ts';
import { asLine, lineLengthMax, NftConversation } from './nft-conversation-node.ts';
import { parseListeners } from './port-clashes.ts';
import { families, meshTable } from './structure.ts';
import type { Family } from './structure.ts';
import { endingLines } from './unled-flows.ts';

/** Loading or reading a table of tens of thousands of elements takes seconds. */
const nftDeadlineMs = 60_000;

/** `prefix`: a command that runs the tools elsewhere, as `ip netns exec NAME`. `log`: for what slows this host. */
export function nftHost(prefix: readonly string[] = [], log?: Logger): MeshHost {
  const shell = new Shell(prefix);
  const conversation = new NftConversation(prefix, (err) =>
    log?.warn('nft does not talk on this host: each change of the mesh starts one', { err }),
  );
  return {
    async apply(text) {
      const line = asLine(text);
      const said =
        line.length > lineLengthMax ? undefined : await conversation.say(line, nftDeadlineMs);
      if (said !== undefined) {
        if (said !== '') throw failure('nft -i', said);
        return;
      }
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
    async forget(addresses, flows, isLeft) {
      for (const family of families) {
        const own = addresses.filter((address) => familyOf(address) === family);
        if (own.length === 0) continue;
        // Each call of `conntrack` walks the whole machine's table, 10 ms when it is empty: one walk finds
        // those that there are, and most have none any more.
        const listed = await shell.run(['sh', '-s'], {
          stdin: listingScript(family, own),
          deadlineMs: nftDeadlineMs,
        });
        if (!listed.stderr.includes('flow entries')) throw failure('conntrack', listed.stderr);
        for (const gone of goneFlows(listed.stdout, own, flows)) {
          if (!isLeft(gone.address)) continue;
          const stdin = deletingScript(family, gone);
          const deleting = await shell.run(['sh', '-s'], { stdin, deadlineMs: nftDeadlineMs });
          const { exitCode, stderr } = deleting;
          if (exitCode !== 0 && !stderr.includes('0 flow entries'))
            throw failure('conntrack', stderr);
        }
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

const familyOf = (address: string): Family => (address.includes(':') ? 6 : 4);

function failure(what: string, stderr: string): ClusterError {
  const said = stderr
    .trim()
    .replaceAll(/\s*\n\s*/g, '; ')
    .slice(0, 500);
  return new ClusterError('RUNTIME_ERROR', `${what}: ${said}`);
}
