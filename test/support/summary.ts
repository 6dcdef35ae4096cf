/**
 * Prints the last line of a test run: `N passed, N failed`, and skipped tests, which count as failed in CI. Before it
 * are the tests that passed at a second attempt only and, for .ci/run, the durations of the steps and of the slowest test files.
 */
import { readFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { formatDurations, parseSteps } from './durations.ts';

/** A class, because vitest creates reporters with `new`. */
export default class Summary implements Reporter {
  readonly #startedAt = Date.now();

  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: modules.filter(hasFailed).length, other: 0 };
    for (const module of modules) {
      for (const one of module.children.allTests()) counts[stateOf(one)] += 1;
    }
    process.stdout.write(lateTests(modules));
    process.stdout.write(this.#durations(modules));
    const { passed, failed, other: skipped } = counts;
    process.stdout.write(`\n${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}\n`);
  }

  #durations(modules: readonly TestModule[]): string {
    const { CI_STEPS: file, CI_STARTED_MS: startedAt } = process.env;
    if (file === undefined || startedAt === undefined) return '';
    const now = Date.now();
    const steps = [...parseSteps(readFileSync(file, 'utf8')), { name: 'tests', milliseconds: now - this.#startedAt }];
    const files = modules.map((module) => {
      const { collectDuration, duration } = module.diagnostic();
      return { name: module.relativeModuleId, milliseconds: collectDuration + duration };
    });
    return `\n${formatDurations(steps, files, now - Number(startedAt))}`;
  }
}

/** Outside of its tests. */
function hasFailed(module: TestModule): boolean {
  return module.state() === 'failed' && module.errors().length > 0;
}

function stateOf(test: TestCase): 'passed' | 'failed' | 'other' {
  const { state } = test.result();
  return state === 'passed' || state === 'failed' ? state : 'other';
}

function lateTests(modules: readonly TestModule[]): string {
  const late = modules.flatMap((module) =>
    Array.from(module.children.allTests())
      .filter((one) => one.diagnostic()?.flaky === true)
      .map((one) => `  ${module.relativeModuleId} > ${one.fullName}\n`),
  );
  return late.length === 0 ? '' : `\npassed at the second attempt only:\n${late.join('')}`;
}
