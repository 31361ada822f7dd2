import { NodeRole } from '#proto';
import type { Cli } from '../cli.ts';
import { forEach } from '../output/inspect.ts';
import { changeNode } from './change.ts';

/** Makes nodes managers or workers and says what happened to each. */
export async function setRole(
  cli: Cli,
  refs: readonly string[],
  word: 'manager' | 'worker',
): Promise<void> {
  const role = word === 'manager' ? NodeRole.MANAGER : NodeRole.WORKER;
  const connection = await cli.connect();
  await forEach(cli, refs, async (ref) => {
    const isChanged = await changeNode(connection, ref, (spec) =>
      spec.role === role ? undefined : { ...spec, role },
    );
    const done = word === 'manager' ? 'promoted to a manager' : 'demoted to a worker';
    cli.terminal.out(isChanged ? `Node ${ref} ${done}.\n` : `Node ${ref} is already a ${word}.\n`);
  });
}
