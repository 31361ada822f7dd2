/** Managers' stores in processes of their own, for one measurement; the first of them leads. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '#test/_support/free-port';
import { diskUnderTest } from '../kv/cluster.ts';
import { tesseradFlags } from '../tesserad-flags.ts';
import type { Measured } from './measure.ts';
import type { MemberQuestion } from './member.ts';

/** The answer, or an error when the process ends instead. */
async function ask<Answer>(child: ChildProcess, question: MemberQuestion): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const onExit = (code: number | null): void => reject(new Error(`a member has ended: ${code}`));
  child.once('exit', onExit);
  child.once('message', (answer: Answer) => resolve(answer));
  child.send(question);
  try {
    return await promise;
  } finally {
    child.off('exit', onExit);
  }
}

/** One shape through this many managers, on the disk. */
export async function measureWithManagers(count: number, shape: string): Promise<Measured> {
  const directory = await mkdtemp(join(diskUnderTest, 'tessera-managers-'));
  const ports = await Promise.all(Array.from({ length: count }, () => freePort()));
  const children = ports.map((_, at) => {
    const args = [String(at + 1), join(directory, String(at + 1)), ...ports.map(String)];
    return fork(join(import.meta.dirname, 'member.ts'), args, { execArgv: [...tesseradFlags()] });
  });
  try {
    await Promise.all(children.map((child) => once(child, 'message')));
    const [leader] = children;
    if (leader === undefined) throw new Error('there is no manager');
    await ask(leader, { kind: 'lead', shape });
    return await ask<Measured>(leader, { kind: 'measure', shape });
  } finally {
    const gone = children
      .filter((child) => child.exitCode === null)
      .map((child) => once(child, 'exit'));
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(gone);
    await rm(directory, { recursive: true });
  }
}
