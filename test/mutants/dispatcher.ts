/** Bugs of the leader's side of agents: how many are told in one turn of the event loop. */
import { ava } from './mutant.ts';
import type { Mutant } from './mutant.ts';

const turns = ava('test/manager/dispatcher/turns.ts');

export const dispatcherMutants: readonly Mutant[] = [
  {
    name: 'all-agents-are-told-at-once',
    breaks: 'assignments go to so many agents between two turns of the event loop',
    edits: [
      {
        file: 'manager/dispatcher/dispatcher.ts',
        find: 'this.#dirty.values().take(toldPerTurn)',
        replace: 'this.#dirty.values().take(toldPerTurn * 100)',
      },
    ],
    suite: turns,
  },
  {
    name: 'all-reports-are-answered-at-once',
    breaks: 'so many agents hear between two turns that their reports are durable',
    edits: [
      {
        file: 'manager/dispatcher/status-collector.ts',
        find: 'new TurnQueue(clock, toldPerTurn, (source, sequence)',
        replace: 'new TurnQueue(clock, toldPerTurn * 100, (source, sequence)',
      },
    ],
    suite: turns,
  },
  {
    name: 'the-last-agents-are-not-told',
    breaks: 'agents that are left for a later turn are told in it',
    edits: [
      {
        file: 'manager/dispatcher/dispatcher.ts',
        find: 'if (this.#dirty.size > 0) this.#flush.within(0);',
        replace: 'if (this.#dirty.size > 1_000) this.#flush.within(0);',
      },
    ],
    suite: turns,
  },
];
