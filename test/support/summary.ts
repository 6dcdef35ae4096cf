/** The closing line of a test run: `N passed, N failed`, and what was skipped. In CI a skip counts as failed. */
import type { Reporter, TestModule } from 'vitest/node';

/** A class, because vitest makes its reporters with `new`. */
export default class Summary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    let passed = 0;
    let failed = 0;
    let skipped = 0;
    for (const module of modules) {
      if (module.state() === 'failed' && module.errors().length > 0) failed += 1;
      for (const one of module.children.allTests()) {
        const { state } = one.result();
        if (state === 'passed') passed += 1;
        else if (state === 'failed') failed += 1;
        else skipped += 1;
      }
    }
    process.stdout.write(`\n${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}\n`);
  }
}
