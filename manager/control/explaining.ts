import { ExplainPlacementResponse } from '#proto';
import type { ExplainPlacementRequest } from '#proto';
import { Scene, explainService, explainTask } from '../explaining/index.ts';
import type { ControlHandlers, ControlOptions } from './options.ts';
import { findScope } from './refs.ts';

/** Why tasks wait, or stand where they stand. Reads only. */
export function explainingHandlers({
  store,
  clock,
  images,
}: ControlOptions): Pick<ControlHandlers, 'explainPlacement'> {
  return {
    async explainPlacement({ ref }: ExplainPlacementRequest, { signal }) {
      await store.readBarrier(signal);
      const image = store.image();
      // A wrong name is told before the whole cluster is read.
      const { service, task } = findScope(image, ref);
      const scene = await Scene.of({ image, images }, clock, signal);
      if (task === undefined && service !== undefined) return explainService(scene, service);
      if (task === undefined) return ExplainPlacementResponse.create();
      return ExplainPlacementResponse.create({
        serviceId: task.serviceId,
        serviceName: task.serviceName,
        explanations: [await explainTask(scene, task)],
      });
    },
  };
}
