/** How the tests run: longest files first, with more workers than there are cores, because tests of real programs often wait. */
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

// The program calls itself as it was started, and not as the tests were.
delete process.env['npm_command'];

export default defineConfig({
  test: {
    // A worker loads each module once, and no test file changes a module.
    isolate: false,
    maxWorkers: availableParallelism() + 2,
    testTimeout: 60_000,
    // Real programs on a busy machine can be late. The summary names each test that needed a second attempt.
    retry: process.env['CI'] === undefined ? 0 : 1,
    sequence: { sequencer: LongestFirst },
  },
});
