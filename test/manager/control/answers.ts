/** What the answer to a write shows when others write at the same time. */
import test from 'ava';
import {
  ClusterSpec,
  CreateServiceRequest,
  NodeSpec,
  UpdateClusterRequest,
  UpdateNodeRequest,
  UpdateServiceRequest,
  UpdateState,
  UpdateStatus,
} from '#proto';
import type { Cluster, Node, Service } from '#proto';
import type { Commit, Store, WriteTransaction } from '#manager/store/types';
import { aCall, aReadyNode, aSpec, makeTestControl } from '../../_support/control.ts';

const call = aCall();

/** Asks for `write` while the next commit is told, so that it is the very next one. */
function rightAfter(store: Store, write: (tx: WriteTransaction) => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const watching = store.watch(() => {
      watching.cancel();
      store.update(write).then(resolve, reject);
    });
  });
}

const removeWeb = (tx: WriteTransaction): void => {
  tx.remove('service', tx.serviceByName('web')?.id ?? '');
};

const pauseWeb = (tx: WriteTransaction): void => {
  const present = tx.serviceByName('web') as Service;
  const updateStatus = UpdateStatus.create({ state: UpdateState.PAUSED });
  tx.update('service', { ...present, updateStatus });
};

const create = CreateServiceRequest.create({ spec: aSpec() });

test('a created service is answered though the next commit removes it', async (t) => {
  const { control, store } = await makeTestControl();
  const commits: Commit[] = [];
  store.watch((commit) => commits.push(commit));
  const removed = rightAfter(store, removeWeb);
  const { service } = await control.createService(create, call);
  await removed;
  t.is(commits.length, 2);
  t.is(service?.spec?.name, 'web');
  t.is(service?.meta?.version, commits[0]?.version);
  t.true((service?.meta?.createdAtMs ?? 0) > 0);
});

test('a created service is answered though its own commit removes it again', async (t) => {
  const { control, store } = await makeTestControl();
  const commits: Commit[] = [];
  store.watch((commit) => commits.push(commit));
  const [{ service }] = await Promise.all([
    control.createService(create, call),
    store.update(removeWeb),
  ]);
  t.is(commits.length, 1);
  t.is(service?.spec?.name, 'web');
  t.is(service?.meta?.version, commits[0]?.version);
});

test('an updated service is answered as its commit left it, not as a later one did', async (t) => {
  const { control, store } = await makeTestControl();
  const { service: first } = await control.createService(create, call);
  const request = UpdateServiceRequest.create({
    ref: 'web',
    version: first?.meta?.version ?? 0,
    spec: aSpec({ labels: { a: 'b' } }),
  });
  const paused = rightAfter(store, pauseWeb);
  const { service } = await control.updateService(request, call);
  await paused;
  t.deepEqual(service?.spec?.labels, { a: 'b' });
  t.is(service?.updateStatus, undefined);
  t.is(service?.meta?.createdAtMs, first?.meta?.createdAtMs);
  const present = store.view((tx) => tx.serviceByName('web'));
  t.true((service?.meta?.version ?? 0) < (present?.meta?.version ?? 0));
});

test('a version in an answer always goes with what stands at that version', async (t) => {
  const { control, store } = await makeTestControl();
  const { service: first } = await control.createService(create, call);
  const version = first?.meta?.version ?? 0;
  const spec = aSpec({ labels: { a: 'b' } });
  // Both in one commit: without the other's change, an update from this version would undo it.
  const [{ service }] = await Promise.all([
    control.updateService(UpdateServiceRequest.create({ ref: 'web', version, spec }), call),
    store.update(pauseWeb),
  ]);
  t.deepEqual(
    service,
    store.view((tx) => tx.serviceByName('web')),
  );
  t.is(service?.updateStatus?.state, UpdateState.PAUSED);
});

test('an updated node is answered though the next commit removes it', async (t) => {
  const { control, store } = await makeTestControl();
  await store.update((tx) => tx.create('node', aReadyNode('w1', 'host1')));
  const removed = rightAfter(store, (tx) => tx.remove('node', 'w1'));
  const spec = NodeSpec.create({ labels: { zone: 'a' } });
  const { node } = await control.updateNode(UpdateNodeRequest.create({ ref: 'w1', spec }), call);
  await removed;
  t.deepEqual((node as Node).spec?.labels, { zone: 'a' });
});

test('an updated cluster is answered as its commit left it, without secrets', async (t) => {
  const { control, store } = await makeTestControl();
  const present = store.view((tx) => tx.get('cluster', 'cluster')) as Cluster;
  const changed = rightAfter(store, (tx) => {
    const cluster = tx.get('cluster', 'cluster') as Cluster;
    tx.update('cluster', { ...cluster, spec: ClusterSpec.create({ name: 'later' }) });
  });
  const { cluster } = await control.updateCluster(
    UpdateClusterRequest.create({
      version: present.meta?.version ?? 0,
      spec: ClusterSpec.create({ name: 'mine' }),
    }),
    call,
  );
  await changed;
  t.is(cluster?.spec?.name, 'mine');
  t.is(cluster?.rootCa?.keyPem.length, 0);
  t.is(cluster?.rootCa?.joinTokens, undefined);
});
