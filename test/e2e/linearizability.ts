/**
 * Three real managers with their default timing: users create, update, read and remove the same services
 * at once, each through one manager, while daemons are killed and paused, hosts lose power and networks
 * are cut, also one way. What users were told must have one order, and what watchers hear must be in
 * order, whole and without gaps. SEED=n chooses the faults, CHAOS_SECONDS=n how long they go on.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { seededRandom } from '#lib';
import type { Random } from '#lib';
import { ControlService, GetServiceRequest, ListServicesRequest } from '#proto';
import type { Service } from '#proto';
import { endsLab, Lab } from '#test/_support/lab';
import { LabNemesis } from '#test/_support/lab-nemesis';
import { checkHistory } from '#test/_support/linearizability/checker';
import { ControlClient } from '#test/_support/linearizability/control-client';
import type { RegisterHistory } from '#test/_support/linearizability/control-client';
import { History } from '#test/_support/linearizability/history';
import { selfReapingModel } from '#test/_support/linearizability/register';
import { ManagerLine } from '#test/_support/manager-line';
import { poll } from '#test/_support/poll';
import { WatchFollower } from '#test/_support/watch-follower';

const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1_000_000));
const chaosMs = 1_000 * Number(process.env['CHAOS_SECONDS'] ?? 45);
/** Users of each manager. */
const usersPerManager = 2;
/** Users move on to other services so often: the history of each one stays short enough to judge. */
const epochMs = 6_000;
const callDeadlineMs = 2_500;
/**
 * Users who only read give up early and ask again: one of them has asked just before a leader that
 * was paused goes on, and long after another one has taken over.
 */
const readersPerManager = 2;
const readDeadlineMs = 100;
const project = join(import.meta.dirname, '../..');

let lab: Lab;

test.before('a lab of three managers', async () => {
  lab = await Lab.up('lines', 3, 3);
});

endsLab(test, () => lab);

interface Users {
  readonly history: RegisterHistory;
  readonly names: Set<string>;
  readonly counts: { ok: number; failed: number; unknown: number };
  readonly wrong: unknown[];
  count: number;
}

/** One user with one call at a time, until `isOver`. */
async function use(
  line: ManagerLine,
  kind: 'user' | 'reader',
  random: Random,
  users: Users,
  isOver: () => boolean,
): Promise<void> {
  const id = `${kind}${users.count++}`;
  const startedAt = performance.now();
  let epoch = -1;
  let client: ControlClient | undefined;
  while (!isOver()) {
    const now = Math.floor((performance.now() - startedAt) / epochMs);
    if (now !== epoch) {
      epoch = now;
      const names = ['a', 'b'].map((one) => `svc-${one}${epoch}`);
      for (const name of names) users.names.add(name);
      client = clientOf(line, `${id}.${epoch}`, random, users.history, names);
    }
    await delay(1 + random.below(60));
    try {
      const name = `svc-${random.below(2) === 0 ? 'a' : 'b'}${epoch}`;
      await (kind === 'reader' ? client?.read(name) : client?.act());
    } catch (error) {
      users.wrong.push(error);
    }
    for (const end of ['ok', 'failed', 'unknown'] as const)
      users.counts[end] += client?.counts[end] ?? 0;
    if (client !== undefined) Object.assign(client.counts, { ok: 0, failed: 0, unknown: 0 });
  }
}

function clientOf(
  line: ManagerLine,
  id: string,
  random: Random,
  history: RegisterHistory,
  names: readonly string[],
): ControlClient {
  const context = { caller: { kind: 'local' as const }, address: '', signal: noSignal };
  return new ControlClient({
    id,
    random,
    history,
    names,
    line: (call) => call({ control: line.services }, context),
  });
}

const noSignal = new AbortController().signal;

/** The host of the manager that says it leads. */
async function leaderOf(lines: readonly ManagerLine[]): Promise<string | undefined> {
  const told = await Promise.allSettled(lines.map((line) => line.info()));
  const at = told.findIndex((one) => one.status === 'fulfilled' && one.value.isLeader);
  return lines[at]?.host;
}

/** Reads every service through every manager until each has answered once. */
async function readAll(lines: readonly ManagerLine[], random: Random, users: Users): Promise<void> {
  for (const line of lines) {
    const client = clientOf(line, `last.${line.host}`, random, users.history, [...users.names]);
    for (const name of users.names) {
      const before = client.counts.ok;
      await poll(`${line.host} shows ${name}`, async () => {
        await client.read(name);
        return client.counts.ok > before;
      });
    }
  }
}

/** Every service as it stands. */
async function all(line: ManagerLine): Promise<readonly Service[]> {
  const list = await line.call(ControlService.listServices, ListServicesRequest.create());
  const whole = list.services.map(({ id: ref }) =>
    line.call(ControlService.getService, GetServiceRequest.create({ ref })),
  );
  return (await Promise.all(whole)).flatMap(({ service }) => service ?? []);
}

function keep(history: RegisterHistory): string {
  const file = join(project, `build/linearizability-${seed}.jsonl`);
  mkdirSync(join(project, 'build'), { recursive: true });
  writeFileSync(file, history.operations.map((one) => `${JSON.stringify(one)}\n`).join(''));
  return `node test/_support/linearizability/judge.ts ${file}`;
}

test.serial('what users are told has one order, and watches are whole, under faults', async (t) => {
  t.log(`SEED=${seed} node_modules/.bin/ava --config e2e.config.js test/e2e/linearizability.ts`);
  const random = seededRandom(seed);
  const line = (host: string, ms: number): ManagerLine =>
    new ManagerLine(host, lab.socketOf(host), ms);
  const users: Users = {
    history: new History(() => Math.round(performance.now())),
    names: new Set(),
    counts: { ok: 0, failed: 0, unknown: 0 },
    wrong: [],
    count: 0,
  };
  const probes = lab.hosts.map((host) => line(host, 300));
  const nemesis = new LabNemesis({
    lab,
    random: random.fork('nemesis'),
    leader: () => leaderOf(probes),
    say: (what) => t.log(what),
  });
  let isOver = false;
  const each = (count: number, deadlineMs: number): readonly ManagerLine[] =>
    lab.hosts.flatMap((host) => Array.from({ length: count }, () => line(host, deadlineMs)));
  const lines = each(usersPerManager, callDeadlineMs);
  const readLines = each(readersPerManager, readDeadlineMs);
  const using = [...lines, ...readLines].map((one, i) => {
    const kind = i < lines.length ? 'user' : 'reader';
    return use(one, kind, random.fork(`user/${i}`), users, () => isOver);
  });
  const watchers = new WatchFollower(
    lab.hosts.map((host) => line(host, callDeadlineMs)),
    random,
  );
  await nemesis.run(chaosMs).finally(() => {
    isOver = true;
  });
  await Promise.all(using);
  await Promise.all(lab.hosts.map((host) => lab.fault('heal', host)));
  const calm = lab.hosts.map((host) => line(host, 20_000));
  const [first] = calm as [ManagerLine];
  await readAll(calm, random.fork('last'), users);
  await poll('all watchers have the last state', async () => watchers.haveAll(await all(first)), {
    describe: () => watchers.describe(),
  });
  await watchers.stop();
  for (const one of [...probes, ...lines, ...readLines, ...calm]) one.close();

  const { operations } = users.history;
  const { ok, failed, unknown } = users.counts;
  t.log(`faults: ${nemesis.summary}`);
  t.log(`${operations.length} calls: ${ok} answered, ${failed} failed, ${unknown} unknown`);
  t.log(`watches: ${watchers.summary}`);
  const again = keep(users.history);
  t.deepEqual(users.wrong, [], again);
  t.deepEqual(watchers.wrong, []);
  const verdict = checkHistory(selfReapingModel, operations);
  const why = verdict.kind === 'violation' ? `${verdict.object}: ${verdict.explanation}` : '';
  t.is(verdict.kind, 'linearizable', `${why}\nagain: ${again}`);
  t.true(ok > 500, 'the users did something');
  t.true(watchers.commitCount > 100, 'the watchers heard something');
});
