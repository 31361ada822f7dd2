// Real hosts: one lab at a time, in this process, so that a failure leaves its evidence in one place.
export default {
  extensions: ['ts'],
  files: ['test/e2e/*.ts'],
  workerThreads: false,
  concurrency: 1,
  failFast: false,
  timeout: '15m',
};
