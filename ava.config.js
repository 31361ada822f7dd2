// Unit tests, transcripts and simulation. Real hosts have a config of their own: e2e.config.js.
export default {
  extensions: ['ts'],
  files: [
    'test/**/*.ts',
    '!test/_support/**',
    '!test/e2e/**',
    '!test/bench/**',
    // Bugs to plant: scripts/mutants.ts.
    '!test/mutants/**',
    // The simulator's worlds and its command line are no tests; test/sim/WORLD.ts runs them.
    '!test/sim/*-*.ts',
    '!test/sim/{run,worlds}.ts',
  ],
  timeout: '5m',
};
