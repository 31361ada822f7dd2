import test from 'ava';
import { ControlService, GetClusterStatusResponse, ManagerReport, ManagerState } from '#proto';
import { FakeDaemon, tsctl } from '#test/_support/fake-cli';

const row = (hostname: string, more: Partial<ManagerReport>): ManagerReport =>
  ManagerReport.create({
    hostname,
    nodeId: `${hostname}-id`,
    address: `${hostname}:7377`,
    state: ManagerState.FOLLOWER,
    term: 4,
    commitIndex: 120,
    appliedIndex: 118,
    lagEntries: 2,
    logBytes: 16_000,
    snapshotBytes: 0,
    diskFreeBytes: 4.5e9,
    fsyncMedianMs: 0.812,
    version: '0.1.0',
    ...more,
  });

const status = (reached: number): GetClusterStatusResponse =>
  GetClusterStatusResponse.create({
    clusterId: 'cluster1',
    answeredBy: 'host1-id',
    leaderNodeId: reached >= 2 ? 'host1-id' : '',
    voters: 3,
    votersReached: reached,
    quorum: 2,
    managers: [
      row('host1', { state: reached >= 2 ? ManagerState.LEADER : ManagerState.FOLLOWER }),
      row('host2', reached >= 2 ? {} : { state: 0, problems: ['does not answer: cut'] }),
      row('host3', reached === 3 ? {} : { state: 0, problems: ['does not answer: cut'] }),
    ],
  });

const answering = (reached: number): FakeDaemon =>
  new FakeDaemon().on(ControlService.getClusterStatus, () => status(reached));

test('the status of the managers is a table with what the quorum tolerates above it', async (t) => {
  const { code, out } = await tsctl(answering(3), ['cluster', 'status']);
  t.is(code, 0);
  t.deepEqual(out.split('\n'), [
    'Cluster:   cluster1 (as seen from host1)',
    'Quorum:    3 of 3 managers with a vote can be reached, 2 are needed: tolerates the loss of 1',
    'Leader:    host1',
    '',
    'NODE    ADDRESS      STATE      TERM   COMMIT   APPLIED   LAG   LOG    SNAPSHOT   DISK FREE   FSYNC    VERSION   HEALTH',
    'host1   host1:7377   Leader     4      120      118       2     16kB   0B         4.5GB       0.81ms   0.1.0     healthy',
    'host2   host2:7377   Follower   4      120      118       2     16kB   0B         4.5GB       0.81ms   0.1.0     healthy',
    'host3   host3:7377   Follower   4      120      118       2     16kB   0B         4.5GB       0.81ms   0.1.0     healthy',
    '',
  ]);
});

test('with no spare manager it says so; without a quorum it ends with 1', async (t) => {
  const two = await tsctl(answering(2), ['cluster', 'status']);
  t.is(two.code, 0);
  t.regex(two.out, /2 of 3 .* 2 are needed: not one more may be lost/);
  t.regex(two.out, /host3 .*Unreachable .*does not answer: cut/);
  const one = await tsctl(answering(1), ['cluster', 'status']);
  t.is(one.code, 1);
  t.regex(one.out, /LOST: 1 of 3 .*: nothing can be changed/);
  t.regex(one.out, /Leader: {4}none/);
  const json = await tsctl(answering(1), ['cluster', 'status', '--format', 'json']);
  t.is(json.code, 1);
  t.is(JSON.parse(json.out).votersReached, 1);
  const names = await tsctl(answering(3), ['cluster', 'status', '--format', 'name']);
  t.is(names.out, 'host1 leader\nhost2 follower\nhost3 follower\n');
});
