// Real hosts: one file after the other, in this process, so that a failure leaves its evidence in one place.
// `make test` has two at a time where they do not mind: scripts/e2e-plan.ts.
import { byPlan } from './scripts/e2e-plan.ts';

export default {
  extensions: ['ts'],
  files: ['test/e2e/*.ts'],
  workerThreads: false,
  concurrency: 1,
  sortTestFiles: byPlan,
  failFast: false,
  timeout: '15m',
};
