/** Real programs on a real etcd: the leading manager is killed, or stopped beyond its lease. */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { leaseTtlMs } from '#manager/etcd/lease-keeper';
import { ContainerSpec, ControlService, CreateServiceRequest, InfoRequest } from '#proto';
import { InitRequest, JoinRequest, ListServicesRequest, LocalService } from '#proto';
import { ReplicatedMode, ServiceSpec, TaskSpec } from '#proto';
import { DaemonProcess } from '../_support/daemon-process.ts';
import { EtcdCluster } from '../_support/etcd-cluster.ts';
import { poll } from '../_support/poll.ts';

async function cluster(t: ExecutionContext, count: number): Promise<readonly DaemonProcess[]> {
  const etcd = await EtcdCluster.start(t, { size: 3 });
  await etcd.ready();
  const flags = ['--store', `etcd://${etcd.endpoints.join(',')}`];
  const daemons: DaemonProcess[] = [];
  let token = '';
  for (let i = 1; i <= count; i++) {
    const daemon = await DaemonProcess.start(t, `host${i}`, flags);
    const own = { advertiseAddress: daemon.address, listenAddress: daemon.address };
    const first = daemons[0];
    if (first === undefined) {
      const made = await daemon.call(LocalService.init, InitRequest.create(own));
      token = made.tokens?.manager ?? '';
    } else {
      const remoteAddress = first.address;
      await daemon.call(LocalService.join, JoinRequest.create({ token, remoteAddress, ...own }));
    }
    daemons.push(daemon);
  }
  return daemons;
}

async function create(daemon: DaemonProcess, name: string, deadlineMs = 2_000): Promise<string> {
  const task = TaskSpec.create({ containers: [ContainerSpec.create({ image: 'busybox' })] });
  const replicated = ReplicatedMode.create({ replicas: 0 });
  const spec = ServiceSpec.create({ name, task, mode: { kind: 'replicated', replicated } });
  const request = CreateServiceRequest.create({ spec });
  await daemon.call(ControlService.createService, request, deadlineMs);
  return name;
}

/** Until one is accepted; a new name each time. */
function createOnce(daemon: DaemonProcess, prefix: string): Promise<string> {
  let attempt = 0;
  return poll('a write is accepted', () => create(daemon, `${prefix}-${attempt++}`), {
    everyMs: 20,
  });
}

async function names(daemon: DaemonProcess): Promise<readonly string[]> {
  const list = await daemon.call(ControlService.listServices, ListServicesRequest.create());
  return list.services.map((service) => service.spec?.name ?? '').toSorted();
}

/** The one that says of itself that it leads. */
function leaderOf(daemons: readonly DaemonProcess[]): Promise<DaemonProcess> {
  return poll('one leads', async () => {
    for (const daemon of daemons) {
      const { isLeader } = await daemon.call(LocalService.info, InfoRequest.create());
      if (isLeader) return daemon;
    }
    return undefined;
  });
}

test.serial(
  'the leader is killed: writes go on after its lease, and nothing is lost',
  async (t) => {
    t.timeout(240_000);
    const daemons = await cluster(t, 3);
    const written: string[] = [];
    const times: number[] = [];
    for (let round = 0; round < 3; round++) {
      const leader = await leaderOf(daemons);
      written.push(await createOnce(leader, `before${round}`));
      const rest = daemons.filter((daemon) => daemon !== leader);
      const killedAt = performance.now();
      await leader.kill();
      written.push(await createOnce(rest[0] as DaemonProcess, `after${round}`));
      times.push(performance.now() - killedAt);
      await leader.start();
    }
    const median = times.toSorted((a, b) => a - b)[1] as number;
    t.log(`next write after ${times.map((time) => Math.round(time)).join(', ')} ms`);
    t.true(median <= leaseTtlMs + 2_000, `median ${median} ms`);
    for (const daemon of daemons) {
      const present = await poll('it answers', () => names(daemon));
      for (const name of written)
        t.true(present.includes(name), `${name} as seen by ${daemon.name}`);
    }
  },
);

test.serial(
  'a leader that is stopped beyond its lease gets nothing in when it goes on',
  async (t) => {
    t.timeout(240_000);
    const daemons = await cluster(t, 2);
    const leader = await leaderOf(daemons);
    const other = daemons.find((daemon) => daemon !== leader) as DaemonProcess;
    // Writes are under way all the time, also at the moment when it is stopped.
    const acknowledged: string[] = [];
    let isOver = false;
    const hammer = async (lane: number): Promise<void> => {
      for (let i = 0; !isOver; i++) {
        await create(leader, `old-${lane}-${i}`, 30_000).then(
          (name) => acknowledged.push(name),
          () => undefined,
        );
      }
    };
    const lanes = [0, 1, 2, 3].map(hammer);
    await poll('it writes', () => acknowledged.length > 20);
    leader.signal('SIGSTOP');
    const fresh = await createOnce(other, 'new');
    t.true((await leaderOf([other])) === other);
    leader.signal('SIGCONT');
    const seen = acknowledged.length;
    await poll('calls to it are answered again', () => acknowledged.length > seen + 5);
    isOver = true;
    await Promise.all(lanes);
    const { isLeader } = await leader.call(LocalService.info, InfoRequest.create());
    t.false(isLeader);
    const [mine, theirs] = [await names(leader), await names(other)];
    t.deepEqual(mine, theirs);
    for (const name of [fresh, ...acknowledged]) t.true(theirs.includes(name), name);
  },
);
