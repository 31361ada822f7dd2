import { ClusterError, messageOf } from '#lib';
import { runCommand } from '../containerd/command-node.ts';
import { Shell } from '../containerd/shell-node.ts';
import type { ChangeLines } from './entries.ts';
import type { OverlayHost } from './overlay-host.ts';
import { parseReading, readScript } from './read-back.ts';

/** What is said of a failure at most, characters. */
const complaintLengthMax = 500;

/**
 * The kernel of this network namespace, through `ip`, `bridge` and `nft`: one script per change.
 * `enter`: a command that runs what follows it in another namespace.
 */
export function kernelHost(enter: readonly string[] = []): OverlayHost {
  const shell = new Shell(enter);
  return {
    async read() {
      const { stdout } = await runCommand([...enter, 'sh', '-s'], { stdin: readScript });
      try {
        return parseReading(stdout);
      } catch (error) {
        const text = `reading the networks of this host back: ${messageOf(error)}`;
        throw new ClusterError('RUNTIME_ERROR', text, { cause: error });
      }
    },

    async apply(lines) {
      const script = applyScript(lines);
      // What goes with its device needs no line.
      if (script === '') return '';
      const { stdout, stderr } = await shell.run(['sh', '-s'], { stdin: script });
      const said = `${stdout}${stderr}`.trim().replaceAll(/\s*\n\s*/g, '; ');
      return said.slice(0, complaintLengthMax);
    },
  };
}

function applyScript({ ip, shell, bridge, nft }: ChangeLines): string {
  const section = (tool: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : [`${tool} <<'END'`, ...lines, 'END'];
  return [
    ...section('ip -force -batch -', ip),
    ...shell,
    ...section('bridge -force -batch -', bridge),
    ...section('nft -f -', nft),
    '',
  ].join('\n');
}
