/** A manager without Raft: one member, nothing on disk. For tests of what is around a manager. */
import { newId } from '#lib';
import { certificateHandlers, ClusterStore, LocalReplicator, makeJoinToken } from '#manager';
import { certificateSigner } from '#manager/ca/certificates-node';
import { controlHandlers } from '#manager/control/index';
import { Dispatcher, dispatcherHandlers } from '#manager/dispatcher/index';
import { ImageIndex } from '#scheduler';
import { WorkRouter } from '#manager/work/index';
import { packBackup } from '#proto/backup-node';
import type { ManagerParameters, ManagerPart } from '#daemon/ports';

export interface LeanManager extends ManagerPart {
  readonly store: ClusterStore;
}

const refuse = (): never => {
  throw new Error('a lean manager has no other members');
};

/** Keeps the manager's store across restarts by directory, as a disk would. */
export class LeanManagers {
  readonly #stores = new Map<string, ClusterStore>();
  readonly made: LeanManager[] = [];

  readonly make = (parameters: ManagerParameters): LeanManager => {
    const store = this.#storeOf(parameters);
    const { nodeId, address, clusterId, first } = parameters;
    const work = new WorkRouter(parameters);
    const images = new ImageIndex();
    const dispatcher = new Dispatcher({ ...parameters, store, work, images });
    const managerAddresses = () => [address];
    const manager: LeanManager = {
      store,
      handlers: {
        control: controlHandlers({
          ...parameters,
          store,
          work,
          images,
          managerStatus: () => [{ raftId: 1, isLeader: true, reachable: true }],
          canRemoveManager: () => 'it is the last manager of the cluster',
          clusterStatus: refuse,
          image: () => store.snapshot(),
          packBackup,
          makeToken: (_role, rootCa) => makeJoinToken(rootCa.digest, parameters.random),
        }),
        dispatcher: dispatcherHandlers({ dispatcher, work, leaderAddress: () => address }),
        certificates: certificateHandlers({
          ...parameters,
          store,
          clusterId,
          signer: certificateSigner,
          managerAddresses,
        }),
        raftTransport: { receive: () => undefined, installSnapshot: refuse },
        raftMembership: { join: refuse, leave: refuse, getManagerReport: refuse },
      },
      isLeader: () => true,
      leader: () => ({ nodeId, address }),
      whyNotLeave: () => 'it is the last manager of the cluster',
      rekey: () => Promise.resolve(),
      forceSole: refuse,
      forced: undefined,
      leaveMembership: () => Promise.resolve(),
      start: async () => {
        if (first !== undefined)
          await store.update((tx) => {
            if (tx.get('cluster', clusterId) !== undefined) return;
            tx.create('cluster', first.cluster);
            tx.create('node', first.node);
          });
        await dispatcher.start();
      },
      stop: () => dispatcher.stop(),
    };
    this.made.push(manager);
    return manager;
  };

  #storeOf(parameters: ManagerParameters): ClusterStore {
    const key = parameters.directory === '' ? newId(parameters.random) : parameters.directory;
    const known = this.#stores.get(key);
    if (known !== undefined) return known;
    const replicator = new LocalReplicator({ clock: parameters.clock });
    const store = new ClusterStore({ ...parameters, replicator });
    replicator.attach(store);
    this.#stores.set(key, store);
    return store;
  }
}
