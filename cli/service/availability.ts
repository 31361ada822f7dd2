import { Availability } from '#proto';
import type { Cli } from '../cli.ts';
import { forEach } from '../output/inspect.ts';
import { changeNode } from './change.ts';

const done = {
  [Availability.ACTIVE]: ['takes tasks again', 'already takes tasks'],
  [Availability.PAUSE]: ['is cordoned: it takes no new tasks', 'is already cordoned'],
  [Availability.DRAIN]: ['is draining: its tasks move to other nodes', 'is already draining'],
} as const;

const ignoring = [
  'is draining: its tasks leave at once, whatever their disruption budgets',
  'is already draining, whatever the disruption budgets',
] as const;

/**
 * Sets the availability of nodes and says what happened to each. `ignoresBudgets`: of a drain; one that is under way
 * goes on without budgets.
 */
export async function setAvailability(
  cli: Cli,
  refs: readonly string[],
  availability: Availability,
  ignoresBudgets = false,
): Promise<void> {
  const connection = await cli.connect();
  await forEach(cli, refs, async (ref) => {
    const isChanged = await changeNode(connection, ref, (spec) =>
      spec.availability === availability && (spec.drainIgnoresBudgets || !ignoresBudgets)
        ? undefined
        : { ...spec, availability, drainIgnoresBudgets: ignoresBudgets },
    );
    const words = ignoresBudgets ? ignoring : done[availability];
    cli.terminal.out(`Node ${ref} ${words[isChanged ? 0 : 1]}.\n`);
  });
}
