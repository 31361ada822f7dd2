/** A thread that runs ranges of seeds of the world it is told, one after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import type { SeedRange } from './sim-runner.ts';
import { runSeeds } from './sim-runner.ts';
import { worlds } from './worlds.ts';

const { worldName } = workerData as { readonly worldName: string };
const world = await worlds[worldName]?.();
if (world === undefined || parentPort === null) throw new Error(`no world ${worldName}`);
const port = parentPort;
port.on('message', (range: SeedRange) => {
  void runSeeds(world, range).then((report) => port.postMessage(report));
});
