import test from 'ava';
import { seededRandom } from '#lib';
import { systemClock } from '#lib/clock-node';
import { SimulatedRuntime } from '#agent';
import { runtimeContract } from '#test/_support/runtime-contract';

runtimeContract(test, async () => {
  const runtime = new SimulatedRuntime({ clock: systemClock(), random: seededRandom(7) });
  const signal = new AbortController().signal;
  await runtime.images.pull('web:1', undefined, () => undefined, signal);
  return { runtime, image: 'web:1', networkNamespacePath: '' };
});
