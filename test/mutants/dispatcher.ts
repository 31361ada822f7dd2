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
        find: 'new TurnQueue(options.clock, toldPerTurn, (session)',
        replace: 'new TurnQueue(options.clock, toldPerTurn * 100, (session)',
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
        file: 'lib/turn-queue.ts',
        find: 'this.#doneThisTurn = 0;\n    this.#run();',
        replace: 'this.#doneThisTurn = 0;',
      },
    ],
    suite: turns,
  },
  {
    name: 'a-turn-goes-on-when-its-time-is-over',
    breaks: 'what takes long for each leaves the rest to later turns',
    edits: [{ file: 'lib/turn-queue.ts', find: ' || now >= this.#turnEndsAt', replace: '' }],
    suite: ava('test/lib/turn-queue.ts'),
  },
  {
    name: 'slices-of-everybody-share-one-turn',
    breaks: 'one turn of the event loop does not take all that waits for a later one',
    edits: [
      {
        file: 'lib/later-turns-node.ts',
        find: 'now - this.#beganAt >= turnMs',
        replace: 'now - this.#beganAt >= turnMs * 100',
      },
    ],
    suite: ava('test/lib/later-turns.ts'),
  },
  {
    name: 'an-agent-is-read-without-end',
    breaks: 'of an agent whose messages wait no more is read',
    edits: [
      {
        file: 'manager/dispatcher/session-link-node.ts',
        find: 'if (reader.bytes < unreadBytesMax) return;',
        replace: 'if (reader.bytes < 1000 * unreadBytesMax) return;',
      },
    ],
    suite: ava('test/manager/dispatcher/session-link.ts'),
  },
];
