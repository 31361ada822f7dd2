/** Random histories whose verdict is known by how they were made. */
import test from 'ava';
import { seededRandom } from '#lib';
import type { Random } from '#lib';
import { checkHistory } from '../_support/linearizability/checker.ts';
import type { Operation } from '../_support/linearizability/history.ts';
import { registerModel } from '../_support/linearizability/register.ts';
import type { RegisterInput, RegisterOutput } from '../_support/linearizability/register.ts';

type RegisterOperation = Operation<RegisterInput, RegisterOutput>;

const seeds = Array.from({ length: 150 }, (_, i) => i + 1);
const clientCount = 5;

/** One register that does one thing at a time: the simplest there is. */
class PlainRegister {
  value: string | undefined;
  version = 0;
  isLeaving = false;
  #written = 0;

  apply(input: RegisterInput, isVersionTold: boolean): RegisterOutput {
    const refused = (code: 'NOT_FOUND' | 'ALREADY_EXISTS' | 'STALE_VERSION') =>
      ({ kind: 'refused', code }) as const;
    if (input.kind === 'create') {
      if (this.value !== undefined) return refused('ALREADY_EXISTS');
      return this.#write(input.value, isVersionTold);
    }
    if (this.value === undefined) return refused('NOT_FOUND');
    if (input.kind === 'read') {
      if (this.isLeaving) return { kind: 'leaving', value: this.value };
      return { kind: 'value', value: this.value, version: this.version };
    }
    if (input.kind === 'update') {
      if (this.isLeaving) return { kind: 'refused', code: 'FAILED_PRECONDITION' };
      if (input.version !== this.version) return refused('STALE_VERSION');
      return this.#write(input.value, isVersionTold);
    }
    if (input.kind === 'remove') this.isLeaving = true;
    else {
      this.value = undefined;
      this.isLeaving = false;
    }
    return { kind: 'done' };
  }

  #write(value: string, isVersionTold: boolean): RegisterOutput {
    this.value = value;
    this.version = ++this.#written * 10;
    return isVersionTold ? { kind: 'done', version: this.version } : { kind: 'done' };
  }
}

interface Running {
  readonly input: RegisterInput;
  readonly callAt: number;
  /** undefined until it has taken effect. */
  output: RegisterOutput | undefined;
}

/** Calls, effects and ends in a random order; some ends never come, and some effects neither. */
function aHistory(random: Random, length: number): RegisterOperation[] {
  const register = new PlainRegister();
  const clients: (Running | undefined)[] = Array.from({ length: clientCount });
  /** Given up by their clients; they may still take effect. */
  const late: Running[] = [];
  const history: RegisterOperation[] = [];
  let at = 0;
  let made = 0;
  const keep = (one: Running, end: RegisterOperation['end']): void => {
    history.push({ object: 'web', input: one.input, callAt: one.callAt, end });
  };
  const draw = (): RegisterInput => {
    const kind = random.below(10);
    const value = `v${++made}`;
    const version = random.below(4) === 0 ? 10 * random.below(8) : register.version;
    if (register.value === undefined || kind === 0) return { kind: 'create', value };
    if (kind < 4) return { kind: 'update', value, version };
    if (kind === 4) return { kind: 'remove' };
    return { kind: register.isLeaving && kind < 7 ? 'reap' : 'read' };
  };
  const isReapTooEarly = ({ kind }: RegisterInput): boolean =>
    kind === 'reap' && !register.isLeaving;
  const effect = (one: Running): void => {
    if (one.output !== undefined || isReapTooEarly(one.input)) return;
    one.output = register.apply(one.input, random.below(3) > 0);
  };
  while (made < length) {
    const client = random.below(clientCount);
    const own = clients[client];
    const gone = late[random.below(Math.max(1, late.length))];
    if (gone !== undefined && random.below(12) === 0) effect(gone);
    else if (own === undefined)
      clients[client] = { input: draw(), callAt: ++at, output: undefined };
    else if (own.output === undefined && random.below(2) === 0) effect(own);
    else if (random.below(15) === 0) {
      // Its client hears no more of it; a read is then of no interest.
      keep(own, own.input.kind === 'read' ? { kind: 'failed' } : { kind: 'unknown' });
      late.push(own);
      clients[client] = undefined;
    } else if (own.output !== undefined) {
      keep(own, { kind: 'ok', output: own.output, at: ++at });
      clients[client] = undefined;
    }
  }
  for (const own of clients) if (own !== undefined) keep(own, { kind: 'unknown' });
  return history;
}

const endOf = ({ end }: RegisterOperation): number => (end.kind === 'ok' ? end.at : Infinity);

/** An update that was acknowledged before the end of the history, and the version it replaced. */
function anUpdate(random: Random, history: readonly RegisterOperation[]) {
  const updates = history.filter(
    ({ input, end }) => input.kind === 'update' && end.kind === 'ok' && end.output.kind === 'done',
  );
  return updates[random.below(Math.max(1, updates.length))];
}

test('histories of a plain register are accepted', (t) => {
  let unknown = 0;
  for (const seed of seeds) {
    const history = aHistory(seededRandom(seed), 60);
    unknown += history.filter(({ end }) => end.kind === 'unknown').length;
    const verdict = checkHistory(registerModel, history);
    const why = verdict.kind === 'violation' ? verdict.explanation : '';
    t.is(verdict.kind, 'linearizable', `seed ${seed}: ${why}`);
  }
  t.true(unknown > seeds.length, 'most histories have operations of unknown outcome');
});

test('one stale read among them is found', (t) => {
  let planted = 0;
  for (const seed of seeds) {
    const random = seededRandom(seed);
    const history = aHistory(random, 60);
    const update = anUpdate(random, history);
    if (update?.input.kind !== 'update') continue;
    const { version } = update.input;
    const before = history.find(
      ({ end }) =>
        end.kind === 'ok' && end.output.kind === 'value' && end.output.version === version,
    );
    if (before?.end.kind !== 'ok') continue;
    planted++;
    // Called when the update had ended, and told what stood there before it.
    const at = endOf(update);
    const stale: RegisterOperation = {
      object: 'web',
      input: { kind: 'read' },
      callAt: at + 0.1,
      end: { ...before.end, at: at + 0.2 },
    };
    const verdict = checkHistory(registerModel, [...history, stale]);
    t.is(verdict.kind, 'violation', `seed ${seed}`);
  }
  t.true(planted > seeds.length / 2, 'most histories have a value that can be read too late');
});

test('one lost update among them is found', (t) => {
  let planted = 0;
  for (const seed of seeds) {
    const random = seededRandom(seed);
    const history = aHistory(random, 60);
    const update = anUpdate(random, history);
    if (update?.input.kind !== 'update') continue;
    planted++;
    // A second one of the same version at about the same time, acknowledged as well.
    const second: RegisterOperation = {
      object: 'web',
      input: { ...update.input, value: 'lost' },
      callAt: update.callAt + 0.1,
      end: { kind: 'ok', output: { kind: 'done' }, at: endOf(update) + 0.1 },
    };
    const verdict = checkHistory(registerModel, [...history, second]);
    t.is(verdict.kind, 'violation', `seed ${seed}`);
  }
  t.true(planted > seeds.length / 2, 'most histories have an update that can be lost');
});

test('the order in which a history is written down does not matter', (t) => {
  for (const seed of seeds.slice(0, 20)) {
    const history = aHistory(seededRandom(seed), 40);
    t.is(checkHistory(registerModel, history.toReversed()).kind, 'linearizable', `seed ${seed}`);
  }
});
