// Unit tests, transcripts and simulation. Real hosts have a config of their own: e2e.config.js.
export default {
  extensions: ['ts'],
  files: ['test/**/*.ts', '!test/_support/**', '!test/e2e/**', '!test/bench/**'],
  timeout: '5m',
};
