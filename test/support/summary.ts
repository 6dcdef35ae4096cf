/**
 * Prints the last line of a test run: `N passed, N failed`, and skipped tests, which count as failed in CI. Before it
 * are the tests that passed at a second attempt only and, for .ci/run, the durations of the steps and of the slowest test files.
 */
import { readFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';
import { formatDurations, parseSteps } from './durations.ts';

/** A class, because vitest creates reporters with `new`. */
export default class Summary implements Reporter {
  readonly #startedAt = Date.now();

  onTestRunEnd(modules: readonly TestModule[]): void {
    let passed = 0;
    let failed = 0;
    let skipped = 0;
    const late: string[] = [];
    for (const module of modules) {
      if (module.state() === 'failed' && module.errors().length > 0) failed += 1;
      for (const one of module.children.allTests()) {
        const { state } = one.result();
        if (state === 'passed') passed += 1;
        else if (state === 'failed') failed += 1;
        else skipped += 1;
        if (one.diagnostic()?.flaky === true) late.push(`${module.relativeModuleId} > ${one.fullName}`);
      }
    }
    if (late.length > 0) process.stdout.write(`\npassed at the second attempt only:\n  ${late.join('\n  ')}\n`);
    process.stdout.write(this.#durations(modules));
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
