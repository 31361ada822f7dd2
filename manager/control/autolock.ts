import { UnlockKeyResponse } from '#proto';
import { rotatedLock, unlockKeyText } from '../keys/cluster-lock.ts';
import { newUnlockKey } from '../keys/unlock-key.ts';
import { clusterOf } from './cluster.ts';
import type { ControlHandlers, ControlOptions } from './options.ts';

type AutolockHandlers = Pick<ControlHandlers, 'getUnlockKey' | 'rotateUnlockKey'>;

/** The unlock key, for those who may use the control API; it is part of no other answer. */
export function autolockHandlers(options: ControlOptions): AutolockHandlers {
  const { store, log, random } = options;
  return {
    async getUnlockKey(_request, context) {
      await store.readBarrier(context.signal);
      const unlockKey = store.view((tx) => unlockKeyText(clusterOf(tx)));
      return UnlockKeyResponse.create({ unlockKey });
    },

    async rotateUnlockKey() {
      const freshKey = newUnlockKey(random);
      const { value } = await store.update((tx) => {
        const present = clusterOf(tx);
        const next = { ...present, lock: rotatedLock(present, freshKey) };
        tx.update('cluster', next);
        return unlockKeyText(next);
      });
      log.info('unlock key rotated');
      return UnlockKeyResponse.create({ unlockKey: value });
    },
  };
}
