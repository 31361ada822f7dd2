/** Watches over gRPC, through managers that pass them on to the leader, and after it has gone. */
import test from 'ava';
import { ControlService, NodeRole, WatchEventKind, WatchRequest } from '#proto';
import type { WatchResponse } from '#proto';
import { awaitReady, cluster, createService, info } from '../_support/daemon-cluster.ts';
import { poll } from '../_support/poll.ts';
import type { TestDaemon } from '../_support/test-daemon.ts';

const { MANAGER } = NodeRole;

/** What one stream brings until it ends. */
class Heard {
  /** Of the last message that was the end of its commit. */
  version = 0;
  readonly messages: WatchResponse[] = [];
  readonly ended: Promise<unknown>;

  constructor(daemon: TestDaemon, fromVersion: number) {
    this.ended = this.#listen(daemon, fromVersion).then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  get services(): readonly string[] {
    return this.messages.flatMap(({ events }) =>
      events.flatMap(({ kind, object }) =>
        object?.kind === 'service' && kind === WatchEventKind.CREATE
          ? [object.service.spec?.name ?? '']
          : [],
      ),
    );
  }

  async #listen(daemon: TestDaemon, fromVersion: number): Promise<void> {
    const request = WatchRequest.create({ fromVersion });
    for await (const message of daemon.stream(ControlService.watch, request)) {
      this.messages.push(message);
      if (!message.hasMore) this.version = message.version;
    }
  }
}

test('a watch that loses the leader goes on at another manager, without a gap', async (t) => {
  const [one, two, three] = await cluster(t, [MANAGER, MANAGER]);
  if (two === undefined || three === undefined) return t.fail();
  await awaitReady(one, 3);
  const first = new Heard(two, 0);
  await createService(one, 'before');
  await poll('the first service is heard of', () => first.services.includes('before'));
  const all = [one, two, three];
  const isLeader = await Promise.all(all.map(async (daemon) => (await info(daemon)).isLeader));
  const leader = all[isLeader.indexOf(true)] ?? one;
  const [left, other] = all.filter((daemon) => daemon !== leader);
  if (left === undefined || other === undefined) return t.fail();
  await leader.stop();
  t.truthy(await first.ended, 'a stream over the manager that went does not just stop');
  await poll('others lead', () =>
    createService(left, 'missed').then(
      () => true,
      () => false,
    ),
  );
  const second = new Heard(other, first.version);
  await poll('it is there', () => second.version > 0);
  await createService(left, 'after');
  await poll('the last service is heard of', () => second.services.includes('after'));
  t.deepEqual(second.services, ['missed', 'after']);
  t.true(second.messages.every(({ isSnapshot }) => !isSnapshot));
  // Codes survive the way through another manager.
  const unknown = await new Heard(other, 1_000_000).ended;
  t.like(unknown, { code: 'VERSION_UNKNOWN' });
  const known = await new Heard(left, 1_000_000).ended;
  t.like(known, { code: 'VERSION_UNKNOWN' });
});
