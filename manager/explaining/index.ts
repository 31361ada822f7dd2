/**
 * What the scheduler would say if it were asked: why tasks wait, or stand where they stand. Reads an image of the store,
 * with the scheduler's own code, and writes nothing. Owns no field of any object.
 */
export { explainService } from './explain-service.ts';
export { explainTask } from './explain-task.ts';
export { Scene } from './scene.ts';
