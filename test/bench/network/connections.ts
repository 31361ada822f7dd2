/** Short TCP connections: a server at one place, a client at another. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { run } from '#test/_support/command';
import type { ConnectorReport } from './connector.ts';
import type { Place } from './place.ts';

const script = (name: string): readonly string[] => [
  process.execPath,
  join(import.meta.dirname, name),
];

/** Connections that are under way at once. */
const atOnce = 16;

/** Answers connections at a place until it is closed. */
export class Acceptor {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(place: Place, port: number): Promise<Acceptor> {
    const [file, ...args] = [...place.enter, ...script('acceptor.ts'), String(port)];
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const [said] = (await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'exit').then(() => ['']),
    ])) as [Buffer | string];
    if (!String(said).includes('listening')) throw new Error(`no server at ${place.name}`);
    return new Acceptor(child);
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.stdin?.end();
    await ended;
  }
}

export async function connections(
  client: Place,
  target: string,
  port: number,
  seconds: number,
): Promise<ConnectorReport> {
  const numbers = [port, atOnce, seconds].map(String);
  const shown = await run([...client.enter, ...script('connector.ts'), target, ...numbers]);
  return JSON.parse(shown) as ConnectorReport;
}
