/** TCP throughput by Debian's iperf3. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { attempt } from '#test/_support/command';
import { poll } from '#test/_support/poll';
import type { Place } from './place.ts';

const program = '/usr/bin/iperf3';
export const iperfIsInstalled = (): boolean => existsSync(program);

interface Report {
  readonly end?: { readonly sum_received?: { readonly bits_per_second?: number } };
}

/** Gbit/s that `server` received from `client`, which calls it by `target`. */
export async function throughput(
  client: Place,
  server: Place,
  target: string,
  seconds: number,
): Promise<number> {
  const [file, ...args] = [...server.enter, program, '-s', '-1'];
  const serving = spawn(file, args, { stdio: 'ignore' });
  const ended = once(serving, 'exit');
  try {
    // The first half second is the connection's own start.
    const times = ['-t', String(seconds), '-O', '0.5'];
    const argv = [...client.enter, program, '-J', '-c', target, ...times];
    return await poll(
      `iperf3 from ${client.name} to ${target}`,
      async () => {
        const { code, stdout } = await attempt(argv);
        if (code !== 0) return undefined;
        const bits = (JSON.parse(stdout) as Report).end?.sum_received?.bits_per_second ?? 0;
        return bits > 0 ? bits / 1e9 : undefined;
      },
      { deadlineMs: 30_000 },
    );
  } finally {
    // It ends by itself after one measurement.
    if (serving.exitCode === null) serving.kill();
    await ended;
  }
}
