import { Availability } from '#proto';
import type { Cli } from '../cli.ts';
import { forEach } from '../output/inspect.ts';
import { changeNode } from './change.ts';

const done = {
  [Availability.ACTIVE]: ['takes tasks again', 'already takes tasks'],
  [Availability.PAUSE]: ['is cordoned: it takes no new tasks', 'is already cordoned'],
  [Availability.DRAIN]: ['is draining: its tasks move to other nodes', 'is already draining'],
} as const;

/** Sets the availability of nodes and says what happened to each. */
export async function setAvailability(
  cli: Cli,
  refs: readonly string[],
  availability: Availability,
): Promise<void> {
  const connection = await cli.connect();
  await forEach(cli, refs, async (ref) => {
    const isChanged = await changeNode(connection, ref, (spec) =>
      spec.availability === availability ? undefined : { ...spec, availability },
    );
    cli.terminal.out(`Node ${ref} ${done[availability][isChanged ? 0 : 1]}.\n`);
  });
}
