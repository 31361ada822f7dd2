import test from 'ava';
import { LaterTurns } from '#lib/later-turns-node';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Turns by a clock that goes on only while something is held: a busy machine changes nothing. */
function handTurns(): { readonly turns: LaterTurns; readonly hold: (ms: number) => void } {
  let nowMs = 0;
  return { turns: new LaterTurns(() => nowMs), hold: (ms) => void (nowMs += ms) };
}

/** The turns of the event loop in which each of `count` pieces ran that take `ms` each. */
async function turnsOf(count: number, ms: number): Promise<number[]> {
  const { turns, hold } = handTurns();
  const ranIn: number[] = [];
  let now = 0;
  for (let at = 0; at < count; at++)
    turns.soon(() => {
      ranIn.push(now);
      hold(ms);
    });
  for (; ranIn.length < count; now++) await turn();
  return ranIn;
}

test('short things that wait have one turn together', async (t) => {
  const ranIn = await turnsOf(20, 0);
  t.deepEqual(new Set(ranIn).size, 1);
});

test('what takes long has one turn each, and others have theirs in between', async (t) => {
  const ranIn = await turnsOf(4, 12);
  t.is(new Set(ranIn).size, 4);
});

test('they run in the order in which they came, those that come meanwhile after them', async (t) => {
  const { turns, hold } = handTurns();
  const ran: string[] = [];
  const add = (name: string, next?: string): void =>
    turns.soon(() => {
      ran.push(name);
      hold(7);
      if (next !== undefined) add(next);
    });
  add('a', 'd');
  add('b');
  add('c', 'e');
  while (ran.length < 5) await turn();
  t.deepEqual(ran, ['a', 'b', 'c', 'd', 'e']);
});

test('the promises of one are settled before the next runs', async (t) => {
  const turns = new LaterTurns();
  const ran: string[] = [];
  for (const name of ['a', 'b'])
    turns.soon(() => {
      ran.push(name);
      void Promise.resolve().then(() => ran.push(`then ${name}`));
    });
  while (ran.length < 4) await turn();
  t.deepEqual(ran, ['a', 'then a', 'b', 'then b']);
});
