import type { DiskOperation, MemoryDisk } from 'raft-ts';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { copyOf, foundOn, optionsAfter, play, statesOf } from '#test/_support/log-script';
import { DurableLog, memoryDisk } from 'raft-ts';
import { seededRandom } from '#lib';
import { setImmediate as untilSettled } from 'node:timers/promises';

interface Chance {
  below(bound: number): number;
}

const never = new Promise<never>(() => {});
const nothing: Chance = { below: () => 0 };
const everything: Chance = { below: (bound) => bound - 1 };
const tornAndSeeded = 3;

interface Call {
  readonly operation: DiskOperation;
  readonly path: string;
}

/** The calls that the whole script makes. */
async function callsOf(isSealed: boolean): Promise<readonly Call[]> {
  const calls: Call[] = [];
  const before = async (operation: DiskOperation, path: string): Promise<void> => {
    calls.push({ operation, path });
  };
  await play(memoryDisk({ before }), isSealed, { done: 0, step: '' });
  return calls;
}

/** Power is cut before call `at`; 0 is the first. */
async function cutAt(
  at: number,
  isSealed: boolean,
  keptNames: 'earlier' | 'any',
): Promise<{ readonly disk: MemoryDisk; readonly done: number; readonly step: string }> {
  let calls = 0;
  const disk = memoryDisk({ keptNames, before: () => (calls++ >= at ? never : Promise.resolve()) });
  const progress = { done: -1, step: 'open' };
  void play(disk, isSealed, progress);
  // All that a disk in memory does is done in microtasks, encryption included.
  await untilSettled();
  return { disk, ...progress };
}

/** Nothing but the state after the last whole step, or after the step that was cut short. */
function judge(
  t: ExecutionContext,
  found: string,
  states: readonly string[],
  done: number,
  at: string,
): void {
  const allowed = [states[Math.max(done, 0)], states[done + 1]];
  if (!allowed.includes(found)) t.fail(`${at}: found ${found}, not one of ${allowed.join(' | ')}`);
}

for (const isSealed of [false, true]) {
  const kind = isSealed ? 'an encrypted log' : 'a log';
  test(`${kind} loses nothing when power is cut between any two calls of the disk`, async (t) => {
    const states = await statesOf(isSealed);
    const calls = await callsOf(isSealed);
    let cuts = 0;
    for (let at = 0; at <= calls.length; at++) {
      for (let outcome = 0; outcome < 2 + tornAndSeeded; outcome++) {
        const seed = at * 100 + outcome;
        const chance = [nothing, everything][outcome] ?? seededRandom(seed);
        const { disk, done, step } = await cutAt(
          at,
          isSealed,
          outcome % 2 === 0 ? 'any' : 'earlier',
        );
        disk.crash(chance);
        const name = `cut before call ${at} of '${step}', outcome ${outcome}`;
        const files = disk.files();
        judge(t, await foundOn(copyOf(files), optionsAfter(isSealed)), states, done, name);
        judge(t, await afterSecondCut(files, isSealed, seed), states, done, `${name}, twice`);
        if (outcome === 2) await goesOn(t, files, isSealed, name);
        cuts++;
      }
    }
    t.true(calls.length > 90 && cuts > 450, `${calls.length} calls, ${cuts} cuts`);
    t.log(`${calls.length} calls of the disk, ${cuts} cuts`);
  });
}

/** Power is cut again while the log is being opened. */
async function afterSecondCut(
  files: ReadonlyMap<string, Uint8Array>,
  isSealed: boolean,
  seed: number,
): Promise<string> {
  const random = seededRandom(seed + 1);
  const at = random.below(12);
  let calls = 0;
  let isCut = false;
  const before = (): Promise<void> => (isCut || calls++ < at ? Promise.resolve() : never);
  const disk = memoryDisk({ before });
  for (const [path, bytes] of files) disk.overwrite(path, bytes);
  void DurableLog.open(disk, optionsAfter(isSealed));
  await untilSettled();
  isCut = true;
  disk.crash(random);
  return foundOn(disk, optionsAfter(isSealed));
}

/** What was recovered takes writes, and finds them again. */
async function goesOn(
  t: ExecutionContext,
  files: ReadonlyMap<string, Uint8Array>,
  isSealed: boolean,
  name: string,
): Promise<void> {
  const disk = copyOf(files);
  const { log, recovered } = await DurableLog.open(disk, optionsAfter(isSealed));
  const index = recovered.base.index + recovered.entries.length + 1;
  const { term } = recovered.hardState;
  const data = new TextEncoder().encode('after the crash');
  const hardState = { term: term + 1, vote: 1, commit: recovered.hardState.commit };
  const entries = [{ index, term: term + 1, kind: 'data', data } as const];
  await log.append({ hardState, entries, snapshot: null, messages: [] });
  await log.close();
  const again = await DurableLog.open(disk, optionsAfter(isSealed));
  await again.log.close();
  const last = again.recovered.entries.at(-1);
  if (last?.index !== index || new TextDecoder().decode(last.data) !== 'after the crash') {
    t.fail(`${name}: a write after the crash is not found`);
  }
}

test('old segments and snapshots go only when the new snapshot is durable', async (t) => {
  for (const isSealed of [false, true]) {
    let durable = '';
    const renamed: string[] = [];
    const removed: string[] = [];
    const before = async (operation: DiskOperation, path: string): Promise<void> => {
      if (operation === 'rename') renamed.push(path);
      if (operation === 'sync' && path === 'snap') durable = renamed.at(-1) ?? '';
      if (operation !== 'remove' || path.endsWith('.tmp')) return;
      removed.push(path);
      t.is(durable, renamed.at(-1) ?? 'none', `${path} is removed before a snapshot is durable`);
    };
    await play(memoryDisk({ before }), isSealed, { done: 0, step: '' });
    t.true(removed.some((path) => path.startsWith('wal/')));
    t.true(removed.some((path) => path.startsWith('snap/')));
  }
});

for (const code of ['ENOSPC', 'EIO', 'EROFS']) {
  test(`${code} at any call of the disk costs no acknowledged write`, async (t) => {
    for (const isSealed of [false, true]) {
      const states = await statesOf(isSealed);
      const calls = await callsOf(isSealed);
      for (let at = 0; at < calls.length; at++) {
        let count = 0;
        let isHealed = false;
        const before = async (): Promise<void> => {
          // From that call on, as a full or broken disk does, until a person has helped.
          if (!isHealed && count++ >= at) throw Object.assign(new Error(code), { code });
        };
        const disk = memoryDisk({ before });
        const progress = { done: -1, step: 'open' };
        const name = `${code} at call ${at}, ${calls[at]?.operation} ${calls[at]?.path}`;
        const error = await t.throwsAsync(play(disk, isSealed, progress), undefined, name);
        t.is((error as NodeJS.ErrnoException).code, code, name);
        isHealed = true;
        const found = await foundOn(copyOf(disk.files()), optionsAfter(isSealed));
        judge(t, found, states, progress.done, `${name} of '${progress.step}'`);
        disk.crash(seededRandom(at));
        judge(
          t,
          await foundOn(disk, optionsAfter(isSealed)),
          states,
          progress.done,
          `${name}, cut`,
        );
      }
    }
  });
}

test('after a write that failed the log takes no other', async (t) => {
  let isFailing = false;
  const before = async (operation: DiskOperation): Promise<void> => {
    if (isFailing && operation === 'sync') throw new Error('EIO');
  };
  const disk = memoryDisk({ before });
  const { log } = await DurableLog.open(disk, optionsAfter(true));
  const write = {
    hardState: { term: 1, vote: 1, commit: 0 },
    entries: [],
    snapshot: null,
    messages: [],
  };
  isFailing = true;
  await t.throwsAsync(log.append(write), { message: 'EIO' });
  isFailing = false;
  await t.throwsAsync(log.append(write), { code: 'DISK_FAILED' });
});

test('a group that power was cut from while it was made is made by the next start', async (t) => {
  const members = [{ id: 7, role: 'voter' as const, context: 'm7' }];
  const options = { segmentBytesMax: 1 << 20, bootstrap: { members } };
  let isWhole = false;
  for (let at = 0; !isWhole; at++) {
    for (let outcome = 0; outcome < 2 + tornAndSeeded; outcome++) {
      const chance = [nothing, everything][outcome] ?? seededRandom(at * 100 + outcome);
      let calls = 0;
      let isCut = true;
      const before = () => (isCut && calls++ >= at ? never : Promise.resolve());
      const disk = memoryDisk({ keptNames: outcome % 2 === 0 ? 'any' : 'earlier', before });
      const opened = DurableLog.open(disk, options).then(() => true);
      isWhole = await Promise.race([opened, untilSettled(false)]);
      isCut = false;
      disk.crash(chance);
      for (const start of ['next', 'second']) {
        const { recovered } = await DurableLog.open(disk, options);
        const name = `cut before call ${at}, outcome ${outcome}, ${start} start`;
        t.deepEqual(recovered.snapshot.membership, { members }, name);
      }
    }
  }
});
