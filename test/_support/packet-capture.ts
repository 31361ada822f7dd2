/** What goes over the wire of a lab's host, read by tcpdump into a file. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './command.ts';
import { poll } from './poll.ts';

const headerBytes = 24;
const recordBytes = 16;

/** The frames of a capture file (pcap, this machine's byte order); a torn last one is left out. */
function framesOf(file: Buffer): readonly Buffer[] {
  const frames: Buffer[] = [];
  let at = headerBytes;
  while (at + recordBytes <= file.length) {
    const end = at + recordBytes + file.readUInt32LE(at + 8);
    if (end > file.length) break;
    frames.push(file.subarray(at + recordBytes, end));
    at = end;
  }
  return frames;
}

interface Link {
  readonly ifname: string;
  readonly ifalias?: string;
  readonly master?: string;
}

/** The machine's end of a host's cable. */
async function cableOf(lab: string, host: string): Promise<Link> {
  const links = JSON.parse(await run(['ip', '-json', 'link', 'show'])) as readonly Link[];
  const ending = host.replace('host', 'h');
  const link = links.find(
    ({ ifname, ifalias }) => ifalias === `tessera-lab:${lab}` && ifname.endsWith(ending),
  );
  if (link === undefined) throw new Error(`${host} of lab ${lab} has no cable`);
  return link;
}

/** The machine's own place on the wire. */
export const bridgeOf = async (lab: string): Promise<string> =>
  (await cableOf(lab, 'host1')).master ?? '';

/** All frames on the host's cable while `work` goes on. */
export async function captured(
  lab: string,
  host: string,
  work: () => Promise<unknown>,
): Promise<readonly Buffer[]> {
  const link = (await cableOf(lab, host)).ifname;
  const folder = await mkdtemp(join(tmpdir(), 'tessera-capture-'));
  const file = join(folder, 'frames');
  // Not as another user, who could not write there. Frame by frame: otherwise the kernel keeps what came in the last
  // second, and that is gone when tcpdump is told to end.
  const argv = ['-i', link, '-w', file, '-U', '-s', '0', '-B', '16384', '-Z', 'root'];
  argv.push('--immediate-mode');
  const child = spawn('tcpdump', argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  const closed = once(child, 'close');
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  try {
    await poll('tcpdump listens', () => said.includes('listening on'), { describe: () => said });
    await work();
    child.kill('SIGINT');
    await closed;
    return framesOf(await readFile(file));
  } finally {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whether a frame is a VXLAN packet of that number, to whichever port. */
export function isVxlanOf(vni: number, frame: Buffer): boolean {
  const type = frame.length < 42 ? 0 : frame.readUInt16BE(12);
  const protocol = type === 0x0800 ? frame[23] : type === 0x86dd ? frame[20] : 0;
  if (protocol !== 17) return false;
  const vxlan = 14 + (type === 0x86dd ? 40 : ((frame[14] ?? 0) % 16) * 4) + 8;
  return frame.length >= vxlan + 8 && frame[vxlan] === 8 && frame.readUIntBE(vxlan + 4, 3) === vni;
}
